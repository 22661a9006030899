#include "index/minute_cache.h"

namespace reel {

std::optional<std::vector<GopRow>> MinuteCache::Take(const MinuteId& id) {
  for (Generation* generation : {&young_, &old_}) {
    const auto found = generation->find(id);
    if (found == generation->end()) continue;
    std::vector<GopRow> rows = std::move(found->second);
    generation->erase(found);
    if (generation == &young_) young_rows_ -= rows.size() + 1;
    return rows;
  }
  return std::nullopt;
}

void MinuteCache::Put(const MinuteId& id, std::vector<GopRow> rows) {
  if (young_rows_ >= kRowsMax) {
    old_ = std::move(young_);
    young_.clear();
    young_rows_ = 0;
  }
  young_rows_ += rows.size() + 1;
  young_[id] = std::move(rows);
}

}  // namespace reel
