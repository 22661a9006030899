// GopWriter: turns a batch of GOP rows into the minute rows they belong to and into what they
// change in the buckets of coverage.
//
// A GOP's cover depends on the one that follows it in its run, at most kJoinMax = one minute later:
// so a change in one minute concerns that minute and the last GOP of the one before, and needs the
// first GOP of the one after. That is all it reads.
//
// Thread rule: used by one thread for one batch.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <map>
#include <vector>

#include "index/coverage.h"
#include "index/dead_segments.h"
#include "index/keys.h"
#include "index/minute_cache.h"

namespace reel {

class GopWriter {
 public:
  // `dead` as it will be when the batch is written. All must outlive this.
  GopWriter(rocksdb::DB* db, MinuteCache* cache, const DeadSegments& dead, rocksdb::WriteBatch* out)
      : db_(db), cache_(cache), dead_(dead), out_(out) {}

  // Call once.
  Status Write(const std::vector<GopRow>& rows);
  // Once `out` is in the database: keeps the minutes at hand for the next batch.
  void Committed();

 private:
  struct Minute {
    std::vector<GopRow> before;
    std::vector<GopRow> after;  // only if changed
    bool changed = false;

    const std::vector<GopRow>& now() const { return changed ? after : before; }
  };

  Result<Minute*> Load(const MinuteId& id);
  Status LoadAll(const std::vector<GopRow>& rows);
  // Compares what the minute's GOPs covered with what they cover now.
  void AddChanges(const Minute& minute, const Minute* next);
  void AddRows(const std::vector<GopRow>& rows, size_t from, const std::vector<GopRow>* next,
               int sign);
  Status WriteBucket(const BucketId& id, const BucketTotals& change);

  rocksdb::DB* const db_;
  MinuteCache* const cache_;
  const DeadSegments& dead_;
  rocksdb::WriteBatch* const out_;
  std::map<MinuteId, Minute> minutes_;  // by stream, run, minute
  BucketChanges changes_;
};

}  // namespace reel
