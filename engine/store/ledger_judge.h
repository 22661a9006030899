// LedgerJudge: which of a volume's ledger segments can go without a copy, because others say all
// that they say. Two things leave such segments: a session's copy makes the older ones redundant;
// and a copy that a crash cut short says nothing that the older ones do not. If it stayed, every
// crash would leave one more, until the ledger held all the room there is and could not be copied
// at all.
//
// Thread rule: one thread. Bound: the records of the segments added, less what is redundant.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "engine/store/ledger.h"

namespace reel {

class LedgerJudge {
 public:
  // Of receipts only the latest are kept (Ledger::Live): beyond these one says nothing.
  explicit LedgerJudge(size_t receipts_max) : receipts_max_(receipts_max) {}

  // From the newest to the oldest, each read whole.
  void Add(SegmentSerial serial, std::vector<format::LedgerRecord> records);

  // Once, after the last Add. Any or all of them may go at once.
  std::set<SegmentSerial> Redundant();

 private:
  // True if a record says what `said` does not.
  bool SaysMore(const std::vector<format::LedgerRecord>& records, Ledger* said) const;

  size_t receipts_max_;
  Ledger all_;    // said by those added so far
  Ledger older_;  // by these but the newest
  size_t older_count_ = 0;
  std::optional<SegmentSerial> newest_;
  std::vector<format::LedgerRecord> newest_records_;
  std::set<SegmentSerial> redundant_;
};

}  // namespace reel
