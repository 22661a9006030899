#include <rocksdb/snapshot.h>

#include <algorithm>
#include <map>

#include "engine/base/bytes.h"
#include "index/gop_codec.h"
#include "index/kv.h"
#include "index/rocks_index_impl.h"
#include "index/rocks_options.h"

namespace reel {
namespace {

// Adds up one bucket from GOPs given in order of (minute, run). Keeps one GOP per run, the one
// whose follower it waits for.
class BucketSum {
 public:
  explicit BucketSum(const BucketId& id) : id_(id) {}

  void Add(GopRow row) {
    auto& last = last_of_run_[row.run];
    if (last) AddLast(*last, &row);
    last = std::move(row);
  }

  BucketTotals Finish(const DeadSegments& dead) {
    for (const auto& [run, last] : last_of_run_) AddLast(*last, nullptr);
    totals_.dead = totals_.CountDead(dead);
    return std::move(totals_);
  }

 private:
  void AddLast(const GopRow& row, const GopRow* next) {
    BucketChanges changes;
    AddRow(row, next, 1, &changes);
    const auto found = changes.find(id_);
    if (found != changes.end()) totals_.Add(found->second);
  }

  const BucketId id_;
  BucketTotals totals_;
  std::map<RunId, std::optional<GopRow>> last_of_run_;
};

std::optional<CoverageRow> Shown(const BucketId& id, const BucketTotals& totals) {
  if (totals.gops == 0 && totals.bytes == 0 && totals.covered.count() == 0) return std::nullopt;
  return CoverageRow{BucketBegin(id.number, id.bucket), totals.covered,
                     static_cast<uint64_t>(totals.bytes), static_cast<uint32_t>(totals.gops)};
}

}  // namespace

Result<BucketTotals> RocksIndexImpl::Recompute(const BucketId& id, const DeadSegments& dead,
                                               const rocksdb::Snapshot* snapshot) {
  // A GOP that begins up to kCoverMax before reaches in; one that begins up to kJoinMax after ends
  // the cover of the last one.
  const WallTime begin = BucketBegin(id.number, id.bucket) - kCoverMax;
  const WallTime end = BucketBegin(id.number + 1, id.bucket) + kJoinMax;
  Walk walk(db_.get(), MinuteKeyFirst(id.stream, MinuteOf(begin)),
            PrefixEnd(MinuteKeyFirst(id.stream, MinuteOf(end))), snapshot);
  BucketSum sum(id);
  for (walk.ToFirst(); walk.valid(); walk.Next()) {
    const auto minute = ParseMinuteKey(walk.key());
    if (!minute) return DataLoss("malformed index key " + KeyForHumans(walk.key()));
    auto rows = DecodeMinute(*minute, walk.value());
    if (!rows.ok()) return rows.status().WithContext("index row " + KeyForHumans(walk.key()));
    for (GopRow& row : *rows) {
      if (auto living = Living(std::move(row), dead)) sum.Add(*std::move(living));
    }
  }
  REEL_RETURN_IF_ERROR(walk.status());
  return sum.Finish(dead);
}

void RocksIndexImpl::Repair(const std::string& key, const Bytes& expected,
                            const BucketTotals& totals) {
  if (options_.read_only) return;
  const std::lock_guard lock(write_mutex_);
  const auto now = Lookup(db_.get(), key);
  if (!now.ok() || !*now || AsText(expected) != **now) return;
  const Bytes value = EncodeBucket(totals);
  rocksdb::WriteBatch batch;
  static_cast<void>(batch.Put(key, rocksdb::Slice(AsText(value))));
  // A repair that fails costs the next reader the same work; a write that follows reports the
  // error.
  static_cast<void>(Commit(&batch));
}

Result<std::vector<CoverageRow>> RocksIndexImpl::Coverage(StreamId stream, WallRange range,
                                                          Bucket bucket) {
  std::vector<CoverageRow> out;
  if (range.empty()) return out;
  const CatalogCopy catalog = this->catalog();
  const DeadSegments& dead = catalog->dead();
  rocksdb::ManagedSnapshot snapshot(db_.get());
  const BucketId first{stream, bucket, BucketOf(range.begin, bucket)};
  const BucketId last{stream, bucket, BucketOf(range.end - Duration{1}, bucket)};
  Walk walk(db_.get(), BucketKey(first), PrefixEnd(BucketKey(last)), snapshot.snapshot());
  for (walk.ToFirst(); walk.valid(); walk.Next()) {
    const std::string key(walk.key());
    const auto id = ParseBucketKey(key);
    auto totals = DecodeBucket(walk.value());
    if (!id) return DataLoss("malformed index key " + KeyForHumans(key));
    if (!totals.ok()) return totals.status().WithContext("index row " + KeyForHumans(key));
    const uint64_t dead_count = totals->CountDead(dead);
    if (dead_count == totals->CountSerials()) continue;
    if (totals->dead != dead_count) {  // I2
      const Bytes expected(walk.value().begin(), walk.value().end());
      const uint64_t edits = totals->edits;
      REEL_ASSIGN_OR_RETURN(*totals, Recompute(*id, dead, snapshot.snapshot()));
      totals->edits = edits;
      Repair(key, expected, *totals);
    }
    if (auto row = Shown(*id, *totals)) out.push_back(*row);
  }
  REEL_RETURN_IF_ERROR(walk.status());
  return out;
}

}  // namespace reel
