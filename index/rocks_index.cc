#include "index/rocks_index.h"

#include <rocksdb/convenience.h>

#include <filesystem>

#include "engine/base/bytes.h"
#include "engine/base/edge.h"
#include "index/caught_index.h"
#include "index/gop_writer.h"
#include "index/kv.h"
#include "index/manifest_mark.h"
#include "index/rocks_index_impl.h"
#include "index/rocks_options.h"
#include "index/rocks_status.h"
#include "index/row_codec.h"

namespace reel {
namespace {

constexpr int kReadOnlyTriesMax = 5;

void Put(const std::string& key, const Bytes& value, rocksdb::WriteBatch* out) {
  static_cast<void>(out->Put(key, rocksdb::Slice(AsText(value))));
}

// Listed by its length as well, so that a look back finds it (keys.h).
template <class Row>
void PutSpan(Table table, Table spans, const Row& row, const std::string& tail, const Bytes& value,
             rocksdb::WriteBatch* out) {
  Put(SpanKey(table, row.stream, row.begin, tail), value, out);
  Put(SpanClassKey(spans, row.stream, SpanClass(row.end - row.begin), row.begin, tail), {}, out);
}

void PutSmallRows(const IndexBatch& batch, rocksdb::WriteBatch* out) {
  for (const RunRow& row : batch.runs) {
    PutSpan(Table::kRuns, Table::kRunSpans, row, SpanTail(row.run), EncodeRun(row), out);
  }
  for (const GapRow& row : batch.gaps) {
    PutSpan(Table::kGaps, Table::kGapSpans, row, SpanTail(row.cause), EncodeGap(row), out);
  }
  for (const StreamRow& row : batch.streams) Put(StreamKey(row.stream), EncodeStream(row), out);
  for (const VolumeProgress& row : batch.volumes) {
    Put(ProgressKey(row.volume), EncodeProgress(row), out);
  }
}

// RocksDB would make a new database over the remains of one that lost its CURRENT file.
Status CheckRemains(const std::string& path, bool must_exist) {
  std::error_code error;
  const std::filesystem::path directory(path);
  if (std::filesystem::exists(directory / "CURRENT", error)) return CheckManifestMark(path);
  const bool empty =
      !std::filesystem::exists(directory, error) || std::filesystem::is_empty(directory, error);
  if (error) return Status::FromErrno(error.value(), "index " + path);
  if (!empty) return DataLoss("index " + path + " has files but no CURRENT");
  return must_exist ? NotFound("no index in " + path) : OkStatus();
}

}  // namespace

RocksIndexImpl::RocksIndexImpl(const IndexOptions& options, std::unique_ptr<rocksdb::Env> own_env)
    : options_(options),
      log_(std::make_shared<RocksLog>()),
      dead_rows_(std::make_shared<DeadRowFilterFactory>()),
      own_env_(std::move(own_env)),
      catalog_(std::make_shared<Catalog>()) {}

RocksIndexImpl::~RocksIndexImpl() {
  if (syncer_ != nullptr) {
    syncer_.reset();
    MarkManifest();
  }
  if (left_open_) {
    (void)db_.release();
    (void)own_env_.release();
  }
  db_.reset();
  // Without memory the last lines are lost.
  (void)AtEdge([&] {
    log_->Drain(options_.log);
    return OkStatus();
  });
}

Status RocksIndexImpl::Open(const std::string& path) {
  Status status = OpenDatabase(path);
  log_->Drain(options_.log);
  return status;
}

Status RocksIndexImpl::OpenDatabase(const std::string& path) {
  path_ = path;
  RocksTuning tuning;
  tuning.cache_bytes = options_.cache_bytes;
  tuning.env = own_env_ ? own_env_.get() : rocksdb::Env::Default();
  tuning.log = log_;
  tuning.dead_rows = dead_rows_;
  const rocksdb::Options options = MakeRocksOptions(tuning);
  if (options_.read_only) {
    REEL_RETURN_IF_ERROR(OpenReadOnly(options, path));
  } else {
    if (own_env_ == nullptr) REEL_RETURN_IF_ERROR(CheckRemains(path, /*must_exist=*/false));
    rocksdb::DB* db = nullptr;
    REEL_RETURN_IF_ERROR(FromRocks(rocksdb::DB::Open(options, path, &db), "index " + path));
    db_.reset(db);
  }
  REEL_RETURN_IF_ERROR(CheckOrWriteFormat());
  if (!options_.read_only) MarkManifest();
  Catalog catalog;
  REEL_RETURN_IF_ERROR(catalog.Load(db_.get()));
  SetCatalog(std::make_shared<Catalog>(std::move(catalog)));
  if (options_.read_only) return OkStatus();
  // Opening has written what the log held to tables, so all deaths known now are durable.
  dead_rows_->Publish({catalog_, &catalog_->dead()});
  syncer_ = std::make_unique<WalSyncer>([this] { return SyncLog(); }, kWalDelay);
  return OkStatus();
}

// The writer may delete a file between our reading its name and opening it; the next try finds the
// file that took its place.
Status RocksIndexImpl::OpenReadOnly(const rocksdb::Options& options, const std::string& path) {
  Status status;
  for (int i = 0; i < kReadOnlyTriesMax; ++i) {
    status = CheckRemains(path, /*must_exist=*/true);
    if (!status.ok()) continue;
    rocksdb::DB* db = nullptr;
    status = FromRocks(rocksdb::DB::OpenForReadOnly(options, path, &db), "index " + path);
    db_.reset(db);
    if (status.ok()) break;
  }
  return status;
}

Status RocksIndexImpl::CheckOrWriteFormat() {
  REEL_ASSIGN_OR_RETURN(const auto value, Lookup(db_.get(), FormatKey()));
  if (value) return CheckFormat(AsBytes(*value));
  const std::unique_ptr<rocksdb::Iterator> any(db_->NewIterator(MakeReadOptions()));
  any->SeekToFirst();
  REEL_RETURN_IF_ERROR(FromRocks(any->status(), "index"));
  if (any->Valid()) return DataLoss("index without a format row");
  if (options_.read_only) return OkStatus();
  rocksdb::WriteOptions durable = MakeWriteOptions();
  durable.sync = true;
  const Bytes format = EncodeFormat();
  return FromRocks(db_->Put(durable, FormatKey(), rocksdb::Slice(AsText(format))), "index format");
}

RocksIndexImpl::CatalogCopy RocksIndexImpl::catalog() const {
  const std::lock_guard lock(catalog_mutex_);
  return catalog_;
}

void RocksIndexImpl::SetCatalog(CatalogCopy catalog) {
  const std::lock_guard lock(catalog_mutex_);
  catalog_ = std::move(catalog);
}

Status RocksIndexImpl::SyncLog() {
  const CatalogCopy written = catalog();
  // As a write of nothing: SyncWAL on a log that could not be written stops the process (7.8, an
  // assertion), while a write is refused after an error.
  rocksdb::WriteOptions durable = MakeWriteOptions();
  durable.sync = true;
  rocksdb::WriteBatch nothing;
  REEL_RETURN_IF_ERROR(FromRocks(db_->Write(durable, &nothing), "index log"));
  dead_rows_->Publish({written, &written->dead()});
  MarkManifest();
  return OkStatus();
}

void RocksIndexImpl::MarkManifest() {
  if (own_env_ != nullptr) return;
  uint64_t version = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kCurrentSuperVersionNumber, &version);
  if (version == marked_version_) return;
  marked_version_ = version;
  // The former mark stays good, only weaker.
  const Status marked = WriteManifestMark(path_, db_.get());
  if (!marked.ok()) log_->AddLine(marked.ToString());
}

Status RocksIndexImpl::Sync() {
  if (syncer_ == nullptr) return OkStatus();
  Status status = syncer_->Sync();
  log_->Drain(options_.log);
  return status;
}

Status RocksIndexImpl::Commit(rocksdb::WriteBatch* batch) {
  REEL_RETURN_IF_ERROR(syncer_->error());
  REEL_RETURN_IF_ERROR(FromRocks(db_->Write(MakeWriteOptions(), batch), "index write"));
  syncer_->NoteWrite();
  return OkStatus();
}

Status RocksIndexImpl::Write(const IndexBatch& batch) {
  if (options_.read_only) return FailedPrecondition("the index is open read-only");
  REEL_RETURN_IF_ERROR(CheckIndexBatch(batch));
  {
    const std::lock_guard lock(write_mutex_);
    rocksdb::WriteBatch out;
    CatalogCopy next = catalog();
    if (!batch.segments.empty()) {
      auto changed = std::make_shared<Catalog>(*next);
      for (const SegmentRow& row : batch.segments) {
        REEL_RETURN_IF_ERROR(changed->Write(row, &out));
      }
      next = std::move(changed);
    }
    PutSmallRows(batch, &out);
    GopWriter gops(db_.get(), &minutes_, next->dead(), &out);
    REEL_RETURN_IF_ERROR(gops.Write(batch.gops));
    REEL_RETURN_IF_ERROR(Commit(&out));
    gops.Committed();
    SetCatalog(std::move(next));
  }
  log_->Drain(options_.log);
  return OkStatus();
}

Result<std::vector<StreamRow>> RocksIndexImpl::Streams() {
  std::vector<StreamRow> out;
  Walk walk(db_.get(), TablePrefix(Table::kStreams));
  for (walk.ToFirst(); walk.valid(); walk.Next()) {
    auto row = DecodeStream(walk.key(), walk.value());
    if (!row.ok()) return row.status().WithContext("index row " + KeyForHumans(walk.key()));
    out.push_back(*std::move(row));
  }
  REEL_RETURN_IF_ERROR(walk.status());
  return out;
}

Result<std::vector<SegmentRow>> RocksIndexImpl::Segments(VolumeNo volume) {
  std::vector<SegmentRow> out;
  Walk walk(db_.get(), VolumePrefix(Table::kCatalog, volume));
  for (walk.ToFirst(); walk.valid(); walk.Next()) {
    auto row = DecodeSegment(walk.key(), walk.value());
    if (!row.ok()) return row.status().WithContext("index row " + KeyForHumans(walk.key()));
    out.push_back(*row);
  }
  REEL_RETURN_IF_ERROR(walk.status());
  return out;
}

Result<std::optional<VolumeProgress>> RocksIndexImpl::Progress(VolumeNo volume) {
  REEL_ASSIGN_OR_RETURN(const auto value, Lookup(db_.get(), ProgressKey(volume)));
  if (!value) return std::optional<VolumeProgress>{};
  REEL_ASSIGN_OR_RETURN(const VolumeProgress row, DecodeProgress(volume, AsBytes(*value)));
  return std::optional{row};
}

Status RocksIndexImpl::Verify() {
  return FromRocks(db_->VerifyChecksum(MakeScanOptions()), "index check");
}

Status RocksIndexImpl::Compact() {
  if (options_.read_only) return FailedPrecondition("the index is open read-only");
  REEL_RETURN_IF_ERROR(Sync());
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  return FromRocks(db_->CompactRange(options, nullptr, nullptr), "index compaction");
}

Result<std::unique_ptr<RocksIndex>> OpenRocksIndex(const std::string& path,
                                                   const IndexOptions& options) {
  return OpenCaught(std::make_unique<RocksIndexImpl>(options, nullptr), path);
}

Result<std::unique_ptr<RocksIndex>> OpenInMemoryIndex(const IndexOptions& options) {
  std::unique_ptr<rocksdb::Env> env(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  return OpenCaught(std::make_unique<RocksIndexImpl>(options, std::move(env)), "/index");
}

}  // namespace reel
