// Gop: the video of one GOP in memory, its pictures in order of presentation.
//
// Built from what a cursor gives; see reel/pictures.h for what counts as a picture and its time.
// Thread rule: a value. Bounds: PictureStepper::kMaxGopBytes of units.
#pragma once

#include <optional>

#include "reel/pictures.h"

namespace reel {

struct Gop {
  SeekPoint point;  // its clean point
  TrackInfo track;
  std::vector<Unit> units;           // of that track, in decode order
  std::vector<size_t> presentation;  // indices of units that are pictures, in order
  std::vector<WallTime> shown;       // of presentation[i]; never falls
  uint8_t clean_flags = 0;           // UnitFlag of the first unit
  UnitNumber end_unit;               // one past the last seen of the run, whatever its track
  Status damage;                     // what ended it early
  std::optional<SeekPoint> next;     // the clean point that came behind it

  Picture PictureAt(size_t position) const;
  // Of the last picture shown at or before `time`; 0 if all are later.
  size_t PositionAt(WallTime time) const;
  // Whether it is shown before the clean point it comes behind.
  bool IsLeading(size_t position) const;
  bool EndsBefore(const Gop& later) const {
    return point.run == later.point.run && end_unit == later.point.unit;
  }
};

// The GOP that begins at `point`. NotFound: it has gone meanwhile; FailedPrecondition: no video
// there; ResourceExhausted: too large. Damage at its clean point is DataLoss.
Result<Gop> LoadGop(Store& store, const SeekPoint& point);

}  // namespace reel
