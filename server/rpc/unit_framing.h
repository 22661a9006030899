// UnitFraming: makes of what a client sends for a track the units that the store takes: NAL units
// behind 4-byte lengths, flags as the bytes say, parameter sets kept track of.
//
// Thread rule: one thread at a time. Bounds: a unit, kMaxUnitBytes.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/av/video_track.h"
#include "engine/media/nal.h"
#include "reel/unit.h"

namespace reel::server {

class UnitFraming {
 public:
  // InvalidArgument: parameter sets that are no NAL units.
  static Result<UnitFraming> Make(std::vector<TrackInfo> tracks);

  // As they are now, with the parameter sets seen so far.
  const std::vector<TrackInfo>& tracks() const { return tracks_; }

  struct Framed {
    UnitView unit;  // its bytes: the caller's, or `owned`
    Bytes owned;
    bool tracks_changed = false;  // tell the store of tracks() first
  };
  // `unit.flags` of video come from the bytes, but for kUnitLossBefore. InvalidArgument: no such
  // track, empty, too long, no NAL units in that framing; nothing has changed then.
  Result<Framed> Frame(UnitView unit, NalFraming framing);

 private:
  UnitFraming() = default;

  std::vector<TrackInfo> tracks_;
  std::map<TrackId, VideoTrack> video_;
};

}  // namespace reel::server
