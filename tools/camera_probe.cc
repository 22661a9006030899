#include "tools/camera_probe.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "engine/media/video_format.h"
#include "server/rtsp/sdp.h"
#include "server/rtsp/text.h"

namespace reel {
namespace {

// a=framerate (RFC 8866 6.13) of each m= section, in their order.
std::vector<std::optional<double>> StatedRates(std::string_view sdp) {
  std::vector<std::optional<double>> rates;
  constexpr std::string_view kRate = "a=framerate:";
  while (!sdp.empty()) {
    const std::string_view line = server::Trim(server::TakeUntil(&sdp, '\n'));
    if (line.starts_with("m=")) rates.emplace_back();
    if (!line.starts_with(kRate) || rates.empty()) continue;
    const std::string_view text = server::Trim(line.substr(kRate.size()));
    double rate = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
    if (error == std::errc() && rate > 0 && rate < 1000) rates.back() = rate;
  }
  return rates;
}

// By its parameter sets.
std::optional<double> RateOf(const TrackInfo& info) {
  if (info.kind != TrackKind::kVideo) return std::nullopt;
  const Result<VideoFormat> format = DescribeVideo(info.codec, info.config);
  if (!format.ok() || !format->frame_duration) return std::nullopt;
  return static_cast<double>(format->frame_duration->time_scale) /
         static_cast<double>(format->frame_duration->units_in_tick);
}

}  // namespace

Result<std::vector<ProbedTrack>> ReadDescription(const std::string& sdp) {
  REEL_ASSIGN_OR_RETURN(const server::Sdp read, server::ParseSdp(sdp));
  const std::vector<std::optional<double>> rates = StatedRates(sdp);
  std::vector<ProbedTrack> tracks;
  for (size_t i = 0; i < read.media.size(); ++i) {
    ProbedTrack track;
    track.kind = read.media[i].kind;
    track.encoding = read.media[i].encoding;
    Result<server::TrackPlan> plan = server::PlanTrack(read.media[i]);
    if (plan.ok()) {
      track.frames_per_second = RateOf(plan->info);
      track.info = std::move(plan->info);
    } else {
      track.why_not = plan.status().message();
    }
    if (i < rates.size() && rates[i]) track.frames_per_second = rates[i];
    tracks.push_back(std::move(track));
  }
  return tracks;
}

const char* LoginName(const std::optional<server::Challenge::Scheme>& scheme) {
  if (!scheme) return "none";
  switch (*scheme) {
    case server::Challenge::Scheme::kBasic:
      return "basic";
    case server::Challenge::Scheme::kDigestMd5:
      return "digest-md5";
    case server::Challenge::Scheme::kDigestSha256:
      break;
  }
  return "digest-sha256";
}

}  // namespace reel
