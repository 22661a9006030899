// What the units of a video track say about themselves and their track: flags and parameter sets.
//
// Thread rule: one thread at a time.
#pragma once

#include <optional>

#include "engine/media/clean_point.h"
#include "engine/media/nal.h"
#include "engine/media/parameter_set_tracker.h"
#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

class VideoTrack {
 public:
  // `info` with `parameter_sets` held apart from the units (4-byte lengths; may be empty).
  VideoTrack(TrackInfo info, ByteSpan parameter_sets);

  const TrackInfo& info() const { return info_; }
  // What a frame lasts by the parameter sets, in the track's timescale; nullopt if they do not say,
  // or say what no camera does (over 240 or under 1 frame per second).
  std::optional<int64_t> frame_duration() const { return frame_duration_; }

  // Parameter sets held apart from the units have changed.
  void Replace(ByteSpan parameter_sets);

  // Takes the next unit, behind 4-byte lengths. Bytes that do not say anything give no flags; the
  // unit is kept whatever it says. REQUIRES: `unit` splits into NAL units.
  PictureInfo Observe(ByteSpan unit);

  // info(), if it has changed since the last call or construction.
  std::optional<TrackInfo> TakeChange();

 private:
  void Update();

  TrackInfo info_;
  ParameterSetTracker tracker_;
  uint64_t generation_seen_ = 0;
  std::optional<int64_t> frame_duration_;
  bool changed_ = false;
};

}  // namespace reel
