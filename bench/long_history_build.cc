// LongHistory::Build: sorted tables, made from the first key to the last.
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include "bench/long_history.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "index/coverage.h"
#include "index/gop_codec.h"
#include "index/keys.h"
#include "index/rocks_options.h"
#include "index/rocks_status.h"
#include "index/row_codec.h"

namespace reel::bench {
namespace {

constexpr uint64_t kTableBytes = uint64_t{64} << 20;  // as the index cuts its own
constexpr Bucket kBuckets[] = {Bucket::kHour, Bucket::kDay};

// Tables that follow one another, cut where one is large enough.
class Tables {
 public:
  // Files are called `prefix` and a number.
  Tables(rocksdb::Options options, std::string prefix)
      : options_(std::move(options)), prefix_(std::move(prefix)) {}

  // REQUIRES: keys rise since the last Cut.
  Status Put(const std::string& key, const Bytes& value) {
    if (!open_) {
      open_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options_);
      paths_.push_back(prefix_ + std::to_string(paths_.size()) + ".sst");
      REEL_RETURN_IF_ERROR(FromRocks(open_->Open(paths_.back()), "a table of a history"));
    }
    const rocksdb::Slice bytes(AsText(value));
    REEL_RETURN_IF_ERROR(FromRocks(open_->Put(key, bytes), "a table of a history"));
    return open_->FileSize() < kTableBytes ? OkStatus() : Cut();
  }

  Status Cut() {
    if (!open_) return OkStatus();
    const rocksdb::Status finished = open_->Finish();
    open_.reset();
    return FromRocks(finished, "a table of a history");
  }

  const std::vector<std::string>& paths() const { return paths_; }

 private:
  const rocksdb::Options options_;
  const std::string prefix_;
  std::unique_ptr<rocksdb::SstFileWriter> open_;
  std::vector<std::string> paths_;
};

// What AddRow adds for each of them, at once: they follow one another without a gap, in one bucket,
// in serials that rise.
void AddMinute(const std::vector<GopRow>& rows, const GopRow* next, BucketTotals* totals) {
  const WallTime end = next != nullptr ? next->begin : rows.back().end;
  totals->covered += end - rows.front().begin;
  totals->gops += static_cast<int64_t>(rows.size());
  for (const GopRow& row : rows) totals->bytes += row.pieces.front().length_bytes;
  totals->Cover(rows.front().pieces);
  totals->Cover(rows.back().pieces);
  if (next != nullptr) totals->Cover(next->pieces);
}

Status PutStream(const LongHistory& history, uint32_t stream, Tables* tables,
                 std::map<BucketId, BucketTotals>* buckets) {
  std::vector<GopRow> next = history.Minute(stream, 0);
  for (uint64_t minute = 0; minute < history.minutes(); ++minute) {
    const std::vector<GopRow> rows = std::move(next);
    next.clear();
    if (minute + 1 < history.minutes()) next = history.Minute(stream, minute + 1);
    const GopRow& first = rows.front();
    const MinuteId id{first.stream, first.run, MinuteOf(first.begin)};
    REEL_RETURN_IF_ERROR(tables->Put(MinuteKey(id), EncodeMinute(id, rows)));
    for (const Bucket bucket : kBuckets) {
      AddMinute(rows, next.empty() ? nullptr : &next.front(),
                &(*buckets)[{first.stream, bucket, BucketOf(first.begin, bucket)}]);
    }
  }
  return OkStatus();
}

// Streams that follow one another in the index's order, on a thread of their own.
struct Part {
  std::vector<uint32_t> streams;
  Tables tables;
  std::map<BucketId, BucketTotals> buckets;
  Status status;

  void Put(const LongHistory& history) {
    for (const uint32_t number : streams) {
      if (status.ok()) status = PutStream(history, number, &tables, &buckets);
    }
    if (status.ok()) status = tables.Cut();
  }
};

Status PutBuckets(const std::vector<Part>& parts, Tables* tables) {
  for (const Bucket table : kBuckets) {
    for (const Part& part : parts) {
      for (const auto& [id, totals] : part.buckets) {
        if (id.bucket != table) continue;
        REEL_RETURN_IF_ERROR(tables->Put(BucketKey(id), EncodeBucket(totals)));
      }
    }
    REEL_RETURN_IF_ERROR(tables->Cut());
  }
  return OkStatus();
}

// Paths of the tables.
Result<std::vector<std::string>> PutAll(const LongHistory& history, const rocksdb::Options& options,
                                        const std::string& directory) {
  std::map<StreamId, uint32_t> streams;  // in the index's order
  for (uint32_t i = 0; i < history.streams(); ++i) streams[history.stream(i)] = i;
  const size_t each = streams.size() / std::max(1U, std::thread::hardware_concurrency()) + 1;
  std::vector<Part> parts;
  for (const auto& [id, number] : streams) {
    if (parts.empty() || parts.back().streams.size() == each) {
      const std::string prefix = directory + "/" + std::to_string(parts.size()) + "-";
      parts.push_back({{}, Tables(options, prefix), {}, {}});
    }
    parts.back().streams.push_back(number);
  }
  std::vector<std::thread> threads;
  threads.reserve(parts.size());
  for (Part& part : parts) threads.emplace_back([&] { part.Put(history); });
  for (std::thread& thread : threads) thread.join();
  Tables totals(options, directory + "/totals-");
  REEL_RETURN_IF_ERROR(PutBuckets(parts, &totals));
  std::vector<std::string> paths = totals.paths();
  for (const Part& part : parts) {
    REEL_RETURN_IF_ERROR(part.status);
    paths.insert(paths.end(), part.tables.paths().begin(), part.tables.paths().end());
  }
  return paths;
}

Status TakeOver(const rocksdb::Options& options, const std::string& path,
                const std::vector<std::string>& tables) {
  rocksdb::DB* opened = nullptr;
  REEL_RETURN_IF_ERROR(FromRocks(rocksdb::DB::Open(options, path, &opened), "index " + path));
  const std::unique_ptr<rocksdb::DB> db(opened);
  const Bytes format = EncodeFormat();
  rocksdb::WriteOptions durable = MakeWriteOptions();
  durable.sync = true;
  const rocksdb::Slice value(AsText(format));
  REEL_RETURN_IF_ERROR(FromRocks(db->Put(durable, FormatKey(), value), "index format"));
  rocksdb::IngestExternalFileOptions as_they_are;
  as_they_are.move_files = true;
  return FromRocks(db->IngestExternalFile(tables, as_they_are), "index " + path);
}

}  // namespace

Status LongHistory::Build(const std::string& index_path) const {
  REEL_CHECK(begin_ == MinuteBegin(MinuteOf(begin_)), "a row is a minute");
  const std::string directory = index_path + ".tables";
  std::filesystem::create_directories(index_path);
  std::filesystem::create_directories(directory);
  RocksTuning tuning;
  tuning.env = rocksdb::Env::Default();
  const rocksdb::Options options = MakeRocksOptions(tuning);
  const Result<std::vector<std::string>> tables = PutAll(*this, options, directory);
  Status status = tables.ok() ? TakeOver(options, index_path, *tables) : tables.status();
  std::filesystem::remove_all(directory);
  return status;
}

}  // namespace reel::bench
