#include "engine/av/video_track.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/media/video_format.h"

namespace reel {
namespace {

constexpr int64_t kMaxFramesPerSecond = 240;

std::optional<int64_t> FrameDuration(const std::optional<VideoTiming>& timing, uint32_t timescale) {
  if (!timing || timing->time_scale == 0) return std::nullopt;
  const auto scale = static_cast<int64_t>(timescale);
  const auto time_scale = static_cast<int64_t>(timing->time_scale);
  if (timing->units_in_tick > timing->time_scale) return std::nullopt;
  const int64_t duration = (scale * timing->units_in_tick + time_scale / 2) / time_scale;
  if (duration < scale / kMaxFramesPerSecond) return std::nullopt;
  return duration;
}

}  // namespace

VideoTrack::VideoTrack(TrackInfo info, ByteSpan parameter_sets)
    : info_(std::move(info)), tracker_(info_.codec) {
  Replace(parameter_sets);
  changed_ = false;
}

void VideoTrack::Replace(ByteSpan parameter_sets) {
  const Result<NalList> nals = SplitNals(parameter_sets, NalFraming::kLength4);
  REEL_CHECK(nals.ok(), "parameter sets come from ParseDecoderConfig");
  // Sets that cannot be kept are left out, and the unit that needs them is kept all the same.
  (void)tracker_.Observe(*nals);
  Update();
}

PictureInfo VideoTrack::Observe(ByteSpan unit) {
  const Result<NalList> nals = SplitNals(unit, NalFraming::kLength4);
  REEL_CHECK(nals.ok(), "a framed unit splits into its NAL units");
  const PictureInfo picture = ClassifyPicture(info_.codec, *nals);
  if (picture.has_parameter_sets) {
    (void)tracker_.Observe(*nals);
    Update();
  }
  return picture;
}

std::optional<TrackInfo> VideoTrack::TakeChange() {
  if (!std::exchange(changed_, false)) return std::nullopt;
  return info_;
}

void VideoTrack::Update() {
  if (std::exchange(generation_seen_, tracker_.generation()) == tracker_.generation()) return;
  changed_ = true;
  info_.config = tracker_.config();
  const Result<VideoFormat> format = DescribeVideo(info_.codec, info_.config);
  if (!format.ok()) return;
  info_.width = format->width;
  info_.height = format->height;
  frame_duration_ = FrameDuration(format->frame_duration, info_.timescale);
}

}  // namespace reel
