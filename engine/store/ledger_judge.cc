#include "engine/store/ledger_judge.h"

#include <utility>

namespace reel {

size_t RecordsBeforeHole(const std::vector<LedgerText::Chunk>& chunks, ChunkSeq durable) {
  size_t records = 0;
  ChunkSeq before;
  for (const LedgerText::Chunk& chunk : chunks) {
    const bool any_missing = chunk.seq.value > before.value + 1;
    if (any_missing && chunk.seq.value - 1 > durable.value) break;
    records = chunk.end;
    before = chunk.seq;
  }
  return records;
}

bool LedgerJudge::SaysMore(const std::vector<format::LedgerRecord>& records, Ledger* said) const {
  bool more = false;
  for (const format::LedgerRecord& record : records) {
    const bool spent =
        std::holds_alternative<format::RetiredRecord>(record) && said->receipts() >= receipts_max_;
    more |= said->Apply(record) && !spent;
  }
  return more;
}

void LedgerJudge::Add(SegmentSerial serial, LedgerText text) {
  const bool says_more = SaysMore(text.records, &all_);
  if (!says_more) redundant_.insert(serial);
  if (newest_) {
    SaysMore(text.records, &older_);
    ++older_count_;
  } else if (says_more) {
    newest_ = serial;
    text.records.erase(text.records.begin() + static_cast<ptrdiff_t>(text.before_hole),
                       text.records.end());
    newest_records_ = std::move(text.records);
  }
}

std::set<SegmentSerial> LedgerJudge::Redundant() {
  // Then the newest alone: the others may have been found redundant because of it.
  if (older_count_ > 0 && !SaysMore(newest_records_, &older_)) return {*newest_};
  return std::move(redundant_);
}

}  // namespace reel
