#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "bench/pacer.h"
#include "bench/seek_peers.h"
#include "bench/verify.h"
#include "engine/base/aligned.h"
#include "engine/io/unique_fd.h"

namespace reel::bench {
namespace {

constexpr uint32_t kStreams = 1000;
constexpr uint32_t kFiles = 32;
constexpr int64_t kGopNs = 2'000'000'000;
constexpr uint64_t kSeeksPerDrop = 100;  // as many seeks as there are between two drops of Reel's
constexpr uint64_t kWarmUpFinds = 10'000;
constexpr size_t kBlock = 4096;

Status FromSqlite(sqlite3* db, int code) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return OkStatus();
  return Internal(std::string("SQLite: ") + sqlite3_errmsg(db));
}

struct CloseDb {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Db = std::unique_ptr<sqlite3, CloseDb>;
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

Status Execute(sqlite3* db, const char* sql) {
  return FromSqlite(db, sqlite3_exec(db, sql, nullptr, nullptr, nullptr));
}

Result<Statement> Prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  REEL_RETURN_IF_ERROR(FromSqlite(db, sqlite3_prepare_v2(db, sql, -1, &statement, nullptr)));
  return Statement(statement);
}

struct Place {
  uint32_t file = 0;
  uint64_t offset_bytes = 0;
  uint32_t length_bytes = 0;
};

class SqlitePeer final : public SeekPeer {
 public:
  SqlitePeer(std::string directory, const Trace& trace, uint64_t keyframes)
      : directory_(std::move(directory)),
        trace_(trace),
        gops_(keyframes / kStreams / kGopsPerMinute * kGopsPerMinute) {}

  Status Make() {
    std::filesystem::create_directories(directory_);
    for (uint32_t file = 0; file < kFiles; ++file) REEL_RETURN_IF_ERROR(WriteFile(file));
    sqlite3* db = nullptr;
    const int opened = sqlite3_open(DbPath().c_str(), &db);
    db_.reset(db);
    REEL_RETURN_IF_ERROR(FromSqlite(db, opened));
    REEL_RETURN_IF_ERROR(Fill());
    REEL_ASSIGN_OR_RETURN(find_, Prepare(db,
                                         "SELECT file, place, length FROM keyframes WHERE "
                                         "stream = ? AND time <= ? ORDER BY time DESC LIMIT 1"));
    Rng rng(41);
    for (uint64_t n = 0; n < kWarmUpFinds; ++n) REEL_RETURN_IF_ERROR(Find(Pick(&rng)).status());
    return OkStatus();
  }

  Status Seek(Rng* rng, Histogram* latency) override {
    if (seeks_++ % kSeeksPerDrop == 0) DropPages();
    const Target target = Pick(rng);
    const MonoTime begin = MonoNow();
    REEL_ASSIGN_OR_RETURN(const Place place, Find(target));
    const size_t skipped = place.offset_bytes % kBlock;
    const size_t wanted = RoundUp(skipped + place.length_bytes, kBlock);
    if (picture_.span().size() < wanted) picture_ = AlignedBytes(wanted);
    const ssize_t got = pread(files_[place.file].get(), picture_.span().data(), wanted,
                              static_cast<off_t>(place.offset_bytes - skipped));
    latency->Record(MonoNow() - begin);
    if (got < static_cast<ssize_t>(skipped + place.length_bytes))
      return Status::FromErrno(got < 0 ? errno : EIO, "read a minute file");
    const uint64_t unit = target.gop % kGopsPerMinute * trace_.shape().gop_units;
    const uint32_t file = FileOf(target.stream, target.gop);
    const bool same = SameBytes(ByteSpan(picture_.span()).subspan(skipped, place.length_bytes),
                                trace_.Unit(file, unit, {}).bytes);
    return same ? OkStatus() : DataLoss("SQLite led to another picture");
  }

 private:
  struct Target {
    uint32_t stream = 0;
    uint64_t gop = 0;
    int64_t time_ns = 0;
  };

  std::string DbPath() const { return directory_ + "/keyframes.db"; }
  static uint32_t FileOf(uint32_t stream, uint64_t gop) {
    return static_cast<uint32_t>((stream + gop / kGopsPerMinute) % kFiles);
  }

  // A minute of a camera, whose number is the file's.
  Status WriteFile(uint32_t file) {
    const std::string path = directory_ + "/minute-" + std::to_string(file);
    const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd.valid()) return Status::FromErrno(errno, "create " + path);
    uint64_t end = 0;
    const uint32_t gop_units = trace_.shape().gop_units;
    for (uint64_t number = 0; number < kGopsPerMinute * gop_units; ++number) {
      const ByteSpan bytes = trace_.Unit(file, number, {}).bytes;
      if (number % gop_units == 0)
        places_.push_back({file, end, static_cast<uint32_t>(bytes.size())});
      if (write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
        return Status::FromErrno(errno, "write " + path);
      end += bytes.size();
    }
    if (fdatasync(fd.get()) != 0) return Status::FromErrno(errno, "sync " + path);
    files_.emplace_back(open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
    return files_.back().valid() ? OkStatus() : Status::FromErrno(errno, "open " + path);
  }

  Status Fill() {
    REEL_RETURN_IF_ERROR(Execute(
        db_.get(),
        "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "PRAGMA cache_size = -32768;"  // 32 MiB, as the index has
        "CREATE TABLE keyframes (stream INTEGER, time INTEGER, file INTEGER, place INTEGER, "
        "length INTEGER, PRIMARY KEY (stream, time)) WITHOUT ROWID; BEGIN"));
    REEL_ASSIGN_OR_RETURN(const Statement insert,
                          Prepare(db_.get(), "INSERT INTO keyframes VALUES (?, ?, ?, ?, ?)"));
    for (uint32_t stream = 0; stream < kStreams; ++stream) {
      for (uint64_t gop = 0; gop < gops_; ++gop) {
        const Place& place = places_[FileOf(stream, gop) * kGopsPerMinute + gop % kGopsPerMinute];
        sqlite3_bind_int(insert.get(), 1, static_cast<int>(stream));
        sqlite3_bind_int64(insert.get(), 2, static_cast<int64_t>(gop) * kGopNs);
        sqlite3_bind_int(insert.get(), 3, static_cast<int>(place.file));
        sqlite3_bind_int64(insert.get(), 4, static_cast<int64_t>(place.offset_bytes));
        sqlite3_bind_int(insert.get(), 5, static_cast<int>(place.length_bytes));
        REEL_RETURN_IF_ERROR(FromSqlite(db_.get(), sqlite3_step(insert.get())));
        sqlite3_reset(insert.get());
      }
    }
    REEL_RETURN_IF_ERROR(Execute(db_.get(), "COMMIT"));
    const UniqueFd fd(open(DbPath().c_str(), O_RDONLY | O_CLOEXEC));
    return fdatasync(fd.get()) == 0 ? OkStatus() : Status::FromErrno(errno, "sync " + DbPath());
  }

  Target Pick(Rng* rng) const {
    Target target;
    target.stream = static_cast<uint32_t>(rng->Below(kStreams));
    target.gop = rng->Below(gops_);
    target.time_ns = static_cast<int64_t>(target.gop) * kGopNs + kGopNs / 2;
    return target;
  }

  Result<Place> Find(const Target& target) {
    sqlite3_bind_int(find_.get(), 1, static_cast<int>(target.stream));
    sqlite3_bind_int64(find_.get(), 2, target.time_ns);
    const int stepped = sqlite3_step(find_.get());
    Place place;
    if (stepped == SQLITE_ROW) {
      place.file = static_cast<uint32_t>(sqlite3_column_int(find_.get(), 0));
      place.offset_bytes = static_cast<uint64_t>(sqlite3_column_int64(find_.get(), 1));
      place.length_bytes = static_cast<uint32_t>(sqlite3_column_int(find_.get(), 2));
    }
    sqlite3_reset(find_.get());
    if (stepped == SQLITE_ROW) return place;
    return stepped == SQLITE_DONE ? DataLoss("SQLite finds no keyframe")
                                  : FromSqlite(db_.get(), stepped);
  }

  // What the kernel keeps of the index.
  void DropPages() const {
    const UniqueFd fd(open(DbPath().c_str(), O_RDONLY | O_CLOEXEC));
    (void)posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  }

  const std::string directory_;
  const Trace& trace_;
  const uint64_t gops_;  // of each stream
  std::vector<UniqueFd> files_;
  std::vector<Place> places_;  // of the files' key pictures, in their order
  Db db_;
  Statement find_;  // goes before the database
  AlignedBytes picture_;
  uint64_t seeks_ = 0;
};

}  // namespace

Result<std::unique_ptr<SeekPeer>> NewSqlitePeer(const std::string& directory, const Trace& trace,
                                                uint64_t keyframes) {
  auto peer = std::make_unique<SqlitePeer>(directory, trace, keyframes);
  REEL_RETURN_IF_ERROR(peer->Make());
  return std::unique_ptr<SeekPeer>(std::move(peer));
}

}  // namespace reel::bench
