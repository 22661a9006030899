// Stretch: footage of one run without a hole, where a row of the index and a chunk in memory look
// alike. Seek and cursors order, join and skip stretches; StretchReader opens them.
//
// Thread rule: plain values and functions over Footage, from any thread.
#pragma once

#include <optional>
#include <vector>

#include "engine/store/footage.h"
#include "reel/store.h"

namespace reel {

struct Stretch {
  WallTime begin;  // of its first unit
  WallTime end;    // of its last unit
  RunId run;
  UnitNumber first_unit;
  UnitNumber end_unit;  // one past the last
  bool clean = false;   // starts at a clean point
  bool durable = true;
  uint32_t lead_bytes = 0;    // as in GopRow
  std::vector<Piece> pieces;  // none: it is in memory

  bool in_memory() const { return pieces.empty(); }
  // In the order things are read.
  bool operator<(const Stretch& other) const;
  // Whether `next` goes on where this ends, or within it.
  bool ContinuesIn(const Stretch& next) const;
  // Whether `part`, a row as well, was sent again from the middle of this one.
  bool IsBeginningOf(const Stretch& part) const;
  // Both become one: where a piece of this one has been recycled, `part` may have its units.
  void Absorb(const Stretch& part);
};

// Time up to this far behind the last unit of a stretch still belongs to it: the last picture
// stands until the next one comes, and half a second without one is nobody's gap.
inline constexpr Duration kFootageTolerance = std::chrono::milliseconds(500);

Stretch StretchOf(const GopRow& row);

// What `stream` has in memory, in order.
std::vector<Stretch> LiveStretches(Footage& footage, StreamId stream);

// The chunk in memory that holds the unit.
std::optional<LiveChunk> FindLive(Footage& footage, StreamId stream, RunId run, UnitNumber unit);

// The row that holds the unit, of which it is known that it was captured at `wall`. Looks at the
// last 4096 rows that begin at or before then.
Result<std::optional<Stretch>> FindRow(Footage& footage, StreamId stream, RunId run,
                                       UnitNumber unit, WallTime wall);

}  // namespace reel
