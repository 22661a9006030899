// The RocksDB form of Index. Its parts: opening and small tables (rocks_index.cc), GOPs
// (rocks_gops.cc), coverage (rocks_coverage.cc), runs and gaps (rocks_spans.cc); writing is in
// gop_writer.h and catalog.h.
//
// Invariants:
//   I1  every GOP with a living piece has its row in the buckets it begins in (one batch writes
//       both), so a bucket that is missing or all dead holds nothing to read;
//   I2  a bucket's totals are used only while the dead among its serials are those it counted;
//   I3  the catalogue in memory is what the database held after the last batch; it is replaced,
//       never changed, so a reader's copy stays whole.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "index/catalog.h"
#include "index/coverage.h"
#include "index/dead_row_filter.h"
#include "index/minute_cache.h"
#include "index/rocks_index.h"
#include "index/rocks_log.h"
#include "index/wal_syncer.h"

namespace reel {

class Walk;

class RocksIndexImpl final : public RocksIndex {
 public:
  // `own_env` is null for the machine's.
  RocksIndexImpl(const IndexOptions& options, std::unique_ptr<rocksdb::Env> own_env);
  ~RocksIndexImpl() override;
  RocksIndexImpl(const RocksIndexImpl&) = delete;
  RocksIndexImpl& operator=(const RocksIndexImpl&) = delete;

  // Called once, before anything else; after an error only the destructor may be.
  Status Open(const std::string& path);
  // The database is in doubt and must not be closed: the destructor leaves it as it is.
  void LeaveOpen() noexcept { left_open_ = true; }

  Status Write(const IndexBatch& batch) override;
  Status Sync() override;
  Result<std::vector<GopRow>> Gops(StreamId stream, WallTime from, Direction direction,
                                   size_t limit) override;
  Result<std::vector<RunRow>> Runs(StreamId stream, WallRange range, size_t limit) override;
  Result<std::vector<GapRow>> Gaps(StreamId stream, WallRange range, size_t limit) override;
  Result<std::vector<CoverageRow>> Coverage(StreamId stream, WallRange range,
                                            Bucket bucket) override;
  Result<std::vector<StreamRow>> Streams() override;
  Result<std::vector<SegmentRow>> Segments(VolumeNo volume) override;
  Result<std::optional<VolumeProgress>> Progress(VolumeNo volume) override;
  Status Verify() override;
  Status Compact() override;

 private:
  using CatalogCopy = std::shared_ptr<const Catalog>;

  Status OpenDatabase(const std::string& path);
  Status OpenReadOnly(const rocksdb::Options& options, const std::string& path);
  Status CheckOrWriteFormat();
  Status SyncLog();
  // After tables came or went (manifest_mark.h). Called under the syncer's lock or when there is no
  // syncer.
  void MarkManifest();

  Status Commit(rocksdb::WriteBatch* batch);

  CatalogCopy catalog() const;
  void SetCatalog(CatalogCopy catalog);

  Result<std::optional<std::vector<GopRow>>> GopsJustBefore(StreamId stream, WallTime from,
                                                            size_t limit, const DeadSegments& dead);
  // Whether nothing lives in the buckets that hold this minute; then where to go on.
  Result<std::optional<int64_t>> StepOverDead(StreamId stream, int64_t minute, Direction direction,
                                              const DeadSegments& dead);
  Result<bool> IsDeadBucket(const BucketId& id, const DeadSegments& dead);

  // The bucket's totals from its keyframes.
  Result<BucketTotals> Recompute(const BucketId& id, const DeadSegments& dead,
                                 const rocksdb::Snapshot* snapshot);
  // Keeps recomputed totals, unless the row is no longer the one they were computed for.
  void Repair(const std::string& key, const Bytes& expected, const BucketTotals& totals);

  const IndexOptions options_;
  const std::shared_ptr<RocksLog> log_;
  const std::shared_ptr<DeadRowFilterFactory> dead_rows_;
  std::unique_ptr<rocksdb::Env> own_env_;
  std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
  std::atomic<bool> left_open_ = false;
  uint64_t marked_version_ = 0;
  std::unique_ptr<WalSyncer> syncer_;  // null when read-only

  std::mutex write_mutex_;  // one writer and repairs; taken before catalog_mutex_
  MinuteCache minutes_;     // under write_mutex_
  mutable std::mutex catalog_mutex_;
  CatalogCopy catalog_;
};

}  // namespace reel
