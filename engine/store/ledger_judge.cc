#include "engine/store/ledger_judge.h"

#include <utility>

namespace reel {

bool LedgerJudge::SaysMore(const std::vector<format::LedgerRecord>& records, Ledger* said) const {
  bool more = false;
  for (const format::LedgerRecord& record : records) {
    const bool spent =
        std::holds_alternative<format::RetiredRecord>(record) && said->receipts() >= receipts_max_;
    more |= said->Apply(record) && !spent;
  }
  return more;
}

void LedgerJudge::Add(SegmentSerial serial, std::vector<format::LedgerRecord> records) {
  const bool says_more = SaysMore(records, &all_);
  if (!says_more) redundant_.insert(serial);
  if (newest_) {
    SaysMore(records, &older_);
    ++older_count_;
  } else if (says_more) {
    newest_ = serial;
    newest_records_ = std::move(records);
  }
}

std::set<SegmentSerial> LedgerJudge::Redundant() {
  // Then the newest alone: the others may have been found redundant because of it.
  if (older_count_ > 0 && !SaysMore(newest_records_, &older_)) return {*newest_};
  return std::move(redundant_);
}

}  // namespace reel
