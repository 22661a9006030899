// GopJoiner: makes one row of what different segments tell of one GOP. A segment tells only what
// stands in it: a GOP that crosses from one into the next, and units that were sent and stored
// twice, come together here, whatever the order in which segments are read.
//
// Thread rule: one thread. Ownership: the index outlives it. Cost: a lookup for
// every 64 rows of a stream that the index has, and one for each row that begins no GOP.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "reel/index.h"

namespace reel {

// All pieces of two rows of one run, of which `first` begins no later; each byte once. If there are
// more than kMaxPieces, the row that reaches further.
GopRow Join(const GopRow& first, const GopRow& second);

class GopJoiner {
 public:
  explicit GopJoiner(Index& index) : index_(index) {}

  // Rows with the same key may be added over and over, each saying more.
  Status Add(std::vector<GopRow> rows);
  // What is to be written.
  std::vector<GopRow> Take();

 private:
  using Key = std::tuple<RunId, UnitNumber, WallTime>;
  static Key KeyOf(const GopRow& row) { return {row.run, row.first_unit, row.begin}; }

  Status AddOne(const GopRow& row);
  GopRow* FindBeginning(const GopRow& row);
  Result<GopRow*> LoadSame(const GopRow& row);
  Status LookAhead(const GopRow& row);
  Result<GopRow*> LoadBeginning(const GopRow& row);

  Index& index_;
  std::map<Key, GopRow> rows_;
  // All that the index has of one stream between two times, both included.
  struct Ahead {
    StreamId stream;
    WallTime from = kWallMax;
    WallTime to = kWallMin;
    std::vector<GopRow> rows;  // by begin
  };
  Ahead ahead_;
};

}  // namespace reel
