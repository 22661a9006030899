// What GOPs add to the buckets of time they cover, and the row kept per bucket.
//
// A bucket's row is exact while the dead among the serials it rests on are those it has counted.
// The ranges hold every serial that can change it: of the GOPs that begin in or reach into it, and
// of those that follow them in their runs. So one look at the dead set tells whether the row still
// holds, whether nothing of it lives, or whether it must be computed anew from the keyframes.
//
// Thread rule: functions of their arguments.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "index/dead_segments.h"
#include "index/keys.h"

namespace reel {

// The row without its pieces in dead segments (index.h, Gops); nullopt when none is left.
std::optional<GopRow> Living(GopRow row, const DeadSegments& dead);

struct BucketTotals {
  Duration covered{0};
  int64_t bytes = 0;
  int64_t gops = 0;
  std::vector<SerialRange> serials;  // one per volume, ascending
  // How many of `serials` were dead when the totals were computed, without them; nullopt when the
  // totals are not to be used.
  std::optional<uint64_t> dead = 0;
  // Counts the writes, so that rows that look alike but stand for different keyframes differ.
  uint64_t edits = 0;

  uint64_t CountDead(const DeadSegments& segments) const;
  uint64_t CountSerials() const;
  void Cover(const SerialRange& range);
  void Cover(const std::vector<Piece>& pieces);
  void Add(const BucketTotals& change);  // totals and serials
};

using BucketChanges = std::map<BucketId, BucketTotals>;

// Adds (sign 1) or takes away (-1) what `row` counts for, in hours and days. `next` follows it in
// its run, or is null; both as Living returns them.
void AddRow(const GopRow& row, const GopRow* next, int sign, BucketChanges* changes);

Bytes EncodeBucket(const BucketTotals& totals);
Result<BucketTotals> DecodeBucket(ByteSpan bytes);

}  // namespace reel
