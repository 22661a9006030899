#include "server/feed/live_times.h"

#include <algorithm>

#include "engine/media/video_format.h"
#include "server/feed/feed_frame.h"

namespace reel::server {
namespace {

constexpr int64_t kJumpSeconds = 10;

}  // namespace

LiveTimes::LiveTimes(const PacketTrack& track)
    : times_(track.times), timescale_(track.info.timescale) {
  Learn(track.info);
}

void LiveTimes::Learn(const TrackInfo& info) {
  if (times_ != PacketTimes::kPtsOnly) return;
  const Result<VideoFormat> format = DescribeVideo(info.codec, info.config);
  if (format.ok() && format->max_reorder_pictures) {
    decode_times_.SetReorder(*format->max_reorder_pictures);
  }
}

void LiveTimes::Complete(LiveUnit* unit, MonoTime now) {
  if (unit->track_change) Learn(*unit->track_change);
  if (!unit->pts) unit->pts = unit->dts;
  if (!unit->pts) {
    const Duration since = last_came_ ? now - *last_came_ : Duration{0};
    const double seconds = std::chrono::duration<double>(since).count();
    unit->pts = last_pts_ + static_cast<int64_t>(seconds * timescale_);
  }
  // Absurd ones must not overflow.
  unit->pts = std::clamp(*unit->pts, -kMaxFeedTime, kMaxFeedTime);
  last_pts_ = *unit->pts;
  last_came_ = now;
  if (times_ == PacketTimes::kPtsOnly) {
    unit->dts = decode_times_.Next(*unit->pts, kJumpSeconds * timescale_);
  } else if (!unit->dts) {
    unit->dts = unit->pts;
  }
}

}  // namespace reel::server
