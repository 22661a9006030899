// Seek: from a moment to the clean point where decoding begins, and the picture there.
//
// Rules. `t` lies in footage when it is within a stretch of it, at most kFootageTolerance behind
// its last unit, or between two stretches of a run that continue each other and are at most
// kJoinMax apart.
//   in footage  the last clean point at or before t from which units reach t without a hole
//   in a gap    kAtOrBefore: the next clean point after t; kBackward: the last one before t
// Footage that cannot be decoded, because the beginning of its GOP is gone or has a hole, is
// treated as a gap, except that SeekPoint::in_gap stays false.
// Past the last clean point kAtOrBefore is NotFound, not the last picture there is: who asks for
// 15:00 must not take 14:00 for it unawares. The message names the last time there is; kBackward
// goes there. Units in memory count.
//
// Thread rule: from any thread. Cost: one index lookup when t lies in a stretch, two otherwise;
// more only where clean points are rarer than kSeekRows stretches. Bound: 4096 rows are looked
// through on either side.
#pragma once

#include "engine/store/footage.h"
#include "engine/store/stretch.h"
#include "reel/store.h"

namespace reel {

inline constexpr size_t kSeekRows = 8;

struct FoundPoint {
  SeekPoint point;
  Stretch stretch;  // that begins there
};

// NotFound when there is no footage on that side.
Result<FoundPoint> FindPoint(Footage& footage, StreamId stream, WallTime t, SeekRule rule);
Result<SeekPoint> SeekIn(Footage& footage, StreamId stream, WallTime t, SeekRule rule);

struct Keyframe {
  Unit unit;
  std::vector<TrackInfo> tracks;  // in force there; empty if they are not known
  bool durable = true;
};

// The picture at `point`, with one device read of its chunk's head and first unit, or none when it
// is in memory. Errors: NotFound when it has been recycled; Unavailable when its volume is away;
// DataLoss when it cannot be verified.
Result<Keyframe> ReadKeyframe(Footage& footage, const SeekPoint& point);

}  // namespace reel
