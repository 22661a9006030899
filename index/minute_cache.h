// MinuteCache: the minute rows the writer had in hand last, so that a GOP that grows chunk by chunk
// is not read and decoded anew each time. Measured: it halves the cost of a write.
//
// Only the writer changes minutes, so what is kept is what the database holds; a batch takes the
// minutes it touches out and puts them back once it is committed, so a failed one leaves nothing.
// The compaction filter may meanwhile drop dead rows kept here, which nobody sees either way.
//
// Two generations: what was not used while one filled up is forgotten. Bound: kRowsMax rows each,
// about 24 MB in all. Thread rule: the writer's.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "index/keys.h"

namespace reel {

class MinuteCache {
 public:
  static constexpr size_t kRowsMax = size_t{64} << 10;

  // The minute's rows, none if the database has none; nullopt if it must be asked.
  std::optional<std::vector<GopRow>> Take(const MinuteId& id);
  void Put(const MinuteId& id, std::vector<GopRow> rows);

 private:
  using Generation = std::map<MinuteId, std::vector<GopRow>>;

  Generation young_;
  Generation old_;
  size_t young_rows_ = 0;  // and one for each minute, so that empty ones count
};

}  // namespace reel
