#include "index/gop_writer.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "engine/base/bytes.h"
#include "index/gop_codec.h"
#include "index/kv.h"

namespace reel {
namespace {

static_assert(kJoinMax == std::chrono::minutes{1}, "a GOP joins within its minute or the next");

MinuteId MinuteOfRow(const GopRow& row) { return {row.stream, row.run, MinuteOf(row.begin)}; }

MinuteId Neighbour(MinuteId id, int64_t step) {
  id.minute += step;
  return id;
}

void Upsert(const GopRow& row, std::vector<GopRow>* rows) {
  const auto at =
      std::lower_bound(rows->begin(), rows->end(), row, [](const GopRow& a, const GopRow& b) {
        return std::tie(a.begin, a.first_unit) < std::tie(b.begin, b.first_unit);
      });
  if (at != rows->end() && at->begin == row.begin && at->first_unit == row.first_unit) {
    *at = row;
  } else {
    rows->insert(at, row);
  }
}

}  // namespace

Result<GopWriter::Minute*> GopWriter::Load(const MinuteId& id) {
  const auto [at, is_new] = minutes_.try_emplace(id);
  Minute& minute = at->second;
  if (!is_new) return &minute;
  if (auto cached = cache_->Take(id)) {
    minute.before = *std::move(cached);
    return &minute;
  }
  const std::string key = MinuteKey(id);
  REEL_ASSIGN_OR_RETURN(const auto value, Lookup(db_, key));
  if (!value) return &minute;
  auto rows = DecodeMinute(id, AsBytes(*value));
  if (!rows.ok()) return rows.status().WithContext("index row " + KeyForHumans(key));
  minute.before = *std::move(rows);
  return &minute;
}

Status GopWriter::LoadAll(const std::vector<GopRow>& rows) {
  for (const GopRow& row : rows) {
    REEL_ASSIGN_OR_RETURN(Minute * minute, Load(MinuteOfRow(row)));
    if (!minute->changed) minute->after = minute->before;
    minute->changed = true;
    Upsert(row, &minute->after);
  }
  std::set<MinuteId> changed;
  for (const auto& [id, minute] : minutes_) changed.insert(id);
  for (const MinuteId& id : changed) {
    for (const int64_t step : {-1, 1}) {
      REEL_RETURN_IF_ERROR(Load(Neighbour(id, step)).status());
    }
  }
  return OkStatus();
}

Status GopWriter::Write(const std::vector<GopRow>& rows) {
  REEL_RETURN_IF_ERROR(LoadAll(rows));
  for (const auto& [id, minute] : minutes_) {
    const auto next = minutes_.find(Neighbour(id, 1));
    const bool next_changed = next != minutes_.end() && next->second.changed;
    if (minute.changed || next_changed) {
      AddChanges(minute, next == minutes_.end() ? nullptr : &next->second);
    }
    if (minute.changed) {
      const Bytes value = EncodeMinute(id, minute.after);
      static_cast<void>(out_->Put(MinuteKey(id), rocksdb::Slice(AsText(value))));
    }
  }
  for (const auto& [id, change] : changes_) REEL_RETURN_IF_ERROR(WriteBucket(id, change));
  return OkStatus();
}

void GopWriter::Committed() {
  for (auto& [id, minute] : minutes_) {
    cache_->Put(id, std::move(minute.changed ? minute.after : minute.before));
  }
}

void GopWriter::AddChanges(const Minute& minute, const Minute* next) {
  // Rows in front of the first difference count as before, but for the last living one of them,
  // which may now be followed by another.
  const std::vector<GopRow>& now = minute.now();
  const auto differ =
      std::mismatch(minute.before.begin(), minute.before.end(), now.begin(), now.end());
  auto from = static_cast<size_t>(differ.first - minute.before.begin());
  while (from > 0) {
    --from;
    if (Living(minute.before[from], dead_)) break;
  }
  AddRows(minute.before, from, next == nullptr ? nullptr : &next->before, -1);
  AddRows(now, from, next == nullptr ? nullptr : &next->now(), 1);
}

void GopWriter::AddRows(const std::vector<GopRow>& rows, size_t from,
                        const std::vector<GopRow>* next, int sign) {
  std::optional<GopRow> last;
  for (size_t i = from; i < rows.size(); ++i) {
    auto living = Living(rows[i], dead_);
    if (!living) continue;
    if (last) AddRow(*last, &*living, sign, &changes_);
    last = std::move(living);
  }
  if (!last) return;
  std::optional<GopRow> first_of_next;
  for (size_t i = 0; next != nullptr && i < next->size() && !first_of_next; ++i) {
    first_of_next = Living((*next)[i], dead_);
  }
  AddRow(*last, first_of_next ? &*first_of_next : nullptr, sign, &changes_);
}

Status GopWriter::WriteBucket(const BucketId& id, const BucketTotals& change) {
  const std::string key = BucketKey(id);
  REEL_ASSIGN_OR_RETURN(const auto value, Lookup(db_, key));
  BucketTotals totals;
  if (value) {
    auto decoded = DecodeBucket(AsBytes(*value));
    if (!decoded.ok()) return decoded.status().WithContext("index row " + KeyForHumans(key));
    totals = *std::move(decoded);
  }
  const bool exact = totals.dead && *totals.dead == totals.CountDead(dead_);
  totals.Add(change);
  ++totals.edits;
  if (exact) {
    if (totals.covered.count() < 0 || totals.bytes < 0 || totals.gops < 0) {
      return DataLoss("index row " + KeyForHumans(key) + ": coverage below zero");
    }
    totals.dead = totals.CountDead(dead_);
  } else {
    totals.covered = Duration{0};
    totals.bytes = 0;
    totals.gops = 0;
    totals.dead = std::nullopt;
  }
  const Bytes bytes = EncodeBucket(totals);
  static_cast<void>(out_->Put(key, rocksdb::Slice(AsText(bytes))));
  return OkStatus();
}

}  // namespace reel
