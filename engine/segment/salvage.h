// Salvage: what a segment without a footer still holds.
//
//   R1  Probe every block outside accepted chunks; accept each chunk whose UID, epoch, offset and
//       checksums match, wherever it stands; order them by seq; compare the chain only between
//       neighbours that are both present.
//   R2  A seq missing at or below any known durable_seq was acknowledged: damage, reported, and
//       nothing behind it is dropped. One missing above it never was: counted, and the chunks
//       behind it are kept.
//   R3  The caller syncs the file before it serves what was accepted, then writes the footer.
//
// Memory: the window grows to one chunk, at most kMaxChunkBytes and a block. One read of the data
// area.
#pragma once

#include <functional>
#include <vector>

#include "engine/format/footer.h"
#include "engine/format/segment_header.h"
#include "reel/disk.h"

namespace reel {

struct SalvageReport {
  std::vector<format::ChunkRow> rows;       // accepted, by seq
  std::vector<ContentId> content_ids;       // one per row
  ChunkSeq durable_seq;                     // highest known to have been acknowledged
  std::vector<ChunkSeq> lost_acknowledged;  // R2 damage; at most kMaxListed, the count is exact
  uint64_t lost_acknowledged_count = 0;
  uint64_t never_acknowledged_count = 0;  // holes above durable_seq
  uint64_t broken_links = 0;              // neighbours whose chain disagrees: damage
  uint64_t unreadable_blocks = 0;         // the device refused to read them

  bool damaged() const {
    return lost_acknowledged_count != 0 || broken_links != 0 || unreadable_blocks != 0;
  }
  static constexpr size_t kMaxListed = 64;
};

// Scans the life that `header` describes. `known_durable_seq` is what others know to be
// acknowledged (index, ledger, copies). Never writes. Errors: only a file that cannot be read at
// all. `between` is called every kSalvageStepBytes or so: a large segment takes seconds, in which
// the caller may have more urgent work.
Result<SalvageReport> Salvage(File& file, const format::SegmentHeader& header,
                              ChunkSeq known_durable_seq,
                              const std::function<void()>& between = {});

inline constexpr uint64_t kSalvageStepBytes = 1U << 20;

}  // namespace reel
