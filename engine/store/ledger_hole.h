// Where a ledger segment has its first hole: a chunk that a power cut kept from the disk while a
// later one came through. Chunks become durable in order (FORMAT), so nothing behind a hole was
// ever acknowledged.
//
// Thread rule: any.
#pragma once

#include <vector>

#include "engine/format/ledger_record.h"
#include "reel/types.h"

namespace reel {

using LedgerRecords = std::vector<format::LedgerRecord>;

struct LedgerChunk {
  ChunkSeq seq;
  size_t end = 0;  // records of it and the chunks before it
};

// `chunks` by rising seq, the unreadable ones too: they were there. A chunk that is missing at or
// below `durable`, which is known to have been durable, was lost, and what stands behind it may
// have been acknowledged.
size_t RecordsBeforeHole(const std::vector<LedgerChunk>& chunks, ChunkSeq durable);

}  // namespace reel
