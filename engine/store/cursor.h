// Cursors over Footage, as reel/store.h promises them.
//
//   kForward     GOPs in order of their beginning; where runs overlap in time it goes to and fro
//                between them and says so. Begins at the clean point from which range.begin can be
//                decoded, if it lies in footage, so the first units may be older than the range;
//                ends before the first unit at or behind range.end. A unit is given once, whatever
//                stands twice on disk. With `follow` and a bounded range it ends when footage at
//                range.end or behind appears.
//   kCleanPoints clean points whose time is in the range, each at least min_interval behind the one
//                before; reads nothing but them.
//   kReverse     GOPs from the latest back, each whole up to range.end, down to the one that holds
//                range.begin. An item says what is missing between two GOPs before the earlier one.
//
// Items. kRunBegin comes before the first unit of each run and wherever another run was between;
// then, and whenever they change, kTracks, with no tracks where they are not known: their chunk is
// gone. kGap comes where a unit number is missing in a run, and between runs further apart than
// kFootageTolerance. An error of Next is the index's; Next may be called again.
//
// Thread rule: Next from one thread at a time. Ownership: the footage outlives the cursor.
// Bounds: memory is that of StretchReader, 64 index rows (4096 if that many begin at one instant)
// and what the present gap has causes; at most 64 runs are remembered. No lock or lease is held
// between two calls.
#pragma once

#include <memory>

#include "engine/store/footage.h"
#include "reel/store.h"

namespace reel {

// InvalidArgument: `follow` with another mode than kForward; a negative interval.
Result<std::unique_ptr<Cursor>> OpenCursor(Footage& footage, StreamId stream,
                                           const CursorOptions& options);

}  // namespace reel
