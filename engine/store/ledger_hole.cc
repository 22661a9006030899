#include "engine/store/ledger_hole.h"

namespace reel {

size_t RecordsBeforeHole(const std::vector<LedgerChunk>& chunks, ChunkSeq durable) {
  size_t records = 0;
  ChunkSeq before;
  for (const LedgerChunk& chunk : chunks) {
    const bool any_missing = chunk.seq.value > before.value + 1;
    if (any_missing && chunk.seq.value - 1 > durable.value) break;
    records = chunk.end;
    before = chunk.seq;
  }
  return records;
}

}  // namespace reel
