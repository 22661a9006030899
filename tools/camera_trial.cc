#include "tools/camera_trial.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

constexpr Duration kLongGop = std::chrono::seconds(10);
constexpr Duration kLate = std::chrono::seconds(2);
constexpr Duration kClockOff = std::chrono::seconds(5);
constexpr Duration kSilence = std::chrono::seconds(5);
constexpr double kDriftPpm = 100;

double SecondsOf(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string Percent(uint64_t part, uint64_t whole) {
  std::array<char, 24> text{};
  std::snprintf(
      text.data(), text.size(), "%.2g %%",
      100 * static_cast<double>(part) / static_cast<double>(std::max<uint64_t>(whole, 1)));
  return text.data();
}

// What does not depend on how long was looked.
void JudgeLink(const CameraVisit& visit, const TrialReport& report,
               std::vector<std::string>* findings) {
  const server::TrackCounters& packets = visit.packets;
  if (packets.lost > 0) {
    findings->push_back("lost " + Percent(packets.lost, packets.lost + packets.packets) + " of " +
                        Count(packets.lost + packets.packets, "packet") +
                        ": look at the network, or take it by TCP");
  }
  if (packets.malformed > 0) {
    findings->push_back(Count(packets.malformed, "packet") +
                        " of no use: the camera breaks the rules of its format");
  }
  if (report.late > kLate) {
    findings->push_back("pictures come up to " + FormatDuration(report.late) +
                        " late: the link or the camera does not keep up");
  }
  if (report.longest_silence > kSilence) {
    findings->push_back("nothing came for " + FormatDuration(report.longest_silence));
  }
}

void JudgeClock(const CameraVisit& visit, std::vector<std::string>* findings) {
  if (!visit.clock_offset) return;
  const Duration offset = *visit.clock_offset;
  if (offset > kClockOff || offset < -kClockOff) {
    findings->push_back("its clock is " + FormatDuration(std::max(offset, -offset)) +
                        (offset > Duration{0} ? " ahead" : " behind") +
                        ": give it a time server; footage is filed under the node's clock");
  } else if (visit.clock_drift_ppm && std::abs(*visit.clock_drift_ppm) > kDriftPpm) {
    findings->push_back("its clock is drifting by " +
                        std::to_string(static_cast<int>(*visit.clock_drift_ppm)) +
                        " ppm: give it a time server");
  }
}

}  // namespace

void CameraTrial::OnTracks(const std::vector<TrackInfo>& tracks) {
  tracks_ = tracks;
  clocks_.clear();
  has_video_ = false;
  for (const TrackInfo& track : tracks_) {
    clocks_.emplace_back(track.timescale);
    has_video_ |= track.kind == TrackKind::kVideo;
  }
}

void CameraTrial::OnUnit(const server::ReceivedUnit& unit, MonoTime mono, WallTime wall) {
  if (unit.track_change != nullptr) tracks_[unit.track.value] = *unit.track_change;
  bytes_ += unit.bytes.size();
  if (!first_) first_ = mono;
  last_ = mono;
  server::ArrivalClock& clock = clocks_[unit.track.value];
  (void)clock.Place(unit.dts, wall);
  late_ = std::max(late_, clock.lateness());
  const bool picture = tracks_[unit.track.value].kind == TrackKind::kVideo;
  if (has_video_ && !picture) return;
  if (last_picture_) longest_silence_ = std::max(longest_silence_, mono - *last_picture_);
  if (!first_picture_) first_picture_ = mono;
  last_picture_ = mono;
  pictures_ += picture ? 1 : 0;
  if (!picture || (unit.flags & kUnitClean) == 0) return;
  ++keys_;
  if (!first_key_) first_key_ = mono;
  if (last_key_) longest_gop_ = std::max(longest_gop_, mono - *last_key_);
  last_key_ = mono;
}

TrialReport CameraTrial::Judge(const CameraVisit& visit) const {
  TrialReport report;
  report.tracks = tracks_;
  report.bytes = bytes_;
  report.pictures = pictures_;
  report.late = late_;
  report.longest_silence = longest_silence_;
  if (first_) report.length = *last_ - *first_;
  if (report.length > Duration{0}) {
    report.bits_per_second = static_cast<double>(bytes_) * 8 / SecondsOf(report.length);
  }
  if (pictures_ > 1 && *last_picture_ > *first_picture_) {
    report.frames_per_second =
        static_cast<double>(pictures_ - 1) / SecondsOf(*last_picture_ - *first_picture_);
  }
  if (keys_ > 1) {
    report.key_distance = (*last_key_ - *first_key_) / static_cast<int64_t>(keys_ - 1);
    report.key_distance_max = longest_gop_;
  }
  std::vector<std::string>& findings = report.findings;
  report.fit = first_.has_value() && (!has_video_ || keys_ > 0) && visit.ended_early.empty();
  if (!visit.ended_early.empty()) findings.push_back("ended early: " + visit.ended_early);
  if (!first_) {
    findings.emplace_back("it sends nothing: look whether it takes so many viewers at once");
    return report;
  }
  if (has_video_ && keys_ == 0) {
    findings.push_back("no key picture in " + FormatDuration(report.length) +
                       ": nothing can be shown before there is one; have the camera send them more "
                       "often, or look longer with --for");
  }
  if (!has_video_) findings.emplace_back("it sends no video, only sound or data");
  JudgeLink(visit, report, &findings);
  const Duration open = last_key_ ? *last_picture_ - *last_key_ : Duration{0};
  if (const Duration longest = std::max(longest_gop_, open); longest > kLongGop) {
    report.key_distance_max = longest;
    findings.push_back("key pictures are " + FormatDuration(longest) +
                       " apart: a loss costs as much; 1 to 4 s are usual");
  }
  JudgeClock(visit, &findings);
  return report;
}

}  // namespace reel
