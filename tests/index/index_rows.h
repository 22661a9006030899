// Rows and comparisons the index tests share: made-up footage, seeded random batches, and "these
// two indexes answer alike".
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "reel/index.h"

namespace reel {

inline constexpr VolumeNo kVolume{1};
// 2026-11-22T21:00:00Z, the beginning of an hour.
inline constexpr WallTime kHourBegin{1'795'381'200LL * 1'000'000'000LL};
inline constexpr Duration kSecond = std::chrono::seconds{1};
inline constexpr Duration kMinute = std::chrono::minutes{1};
inline constexpr Duration kHour = std::chrono::hours{1};

template <class Id>
Id IdOf(uint8_t number) {
  Id id;
  id.bytes.fill(number);
  return id;
}
inline StreamId StreamOf(uint8_t number) { return IdOf<StreamId>(number); }
inline RunId RunOf(uint8_t number) { return IdOf<RunId>(number); }

// A clean GOP of `units` units in one piece of 1000 bytes at offset 4096.
GopRow MakeGop(StreamId stream, RunId run, WallTime begin, Duration length, uint64_t first_unit,
               uint32_t units, SegmentSerial serial);
SegmentRow MakeSegment(SegmentSerial serial, SegmentState state, uint32_t file_number = 0);
IndexBatch GopBatch(std::vector<GopRow> rows);
IndexBatch SegmentBatch(std::vector<SegmentRow> rows);

// A directory of its own, gone with the object.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::string index() const { return (path_ / "index").string(); }

 private:
  std::filesystem::path path_;
};

// Random batches around hour and day edges: new and changed rows, several runs in a minute, several
// volumes, retirements. Never brings a dead segment back.
class RandomWriter {
 public:
  explicit RandomWriter(uint64_t seed) : random_(seed) {}
  IndexBatch Next();
  WallTime AnyTime();
  uint64_t Below(uint64_t limit) {
    return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random_);
  }
  StreamId AnyStream() { return StreamOf(static_cast<uint8_t>(1 + Below(2))); }

 private:
  RunId AnyRun() { return RunOf(static_cast<uint8_t>(1 + Below(3))); }
  GopRow AnyGop();
  GopRow FollowerOf(const GopRow& row);
  std::vector<Piece> AnyPieces(UnitNumber first_unit);
  SegmentRow AnySegment();

  std::mt19937_64 random_;
  std::vector<GopRow> written_;
  std::vector<std::pair<VolumeNo, SegmentSerial>> dead_;
  uint64_t serial_ = 1;
};

// Every question over every range that matters, asked of both.
void ExpectSameAnswers(Index& expected, Index& actual, RandomWriter* questions);
// Everything both hold.
void ExpectSameRows(Index& expected, Index& actual);

}  // namespace reel

// Readable failures.
namespace reel {
std::ostream& operator<<(std::ostream& out, const GopRow& row);
std::ostream& operator<<(std::ostream& out, const RunRow& row);
std::ostream& operator<<(std::ostream& out, const GapRow& row);
std::ostream& operator<<(std::ostream& out, const CoverageRow& row);
std::ostream& operator<<(std::ostream& out, const SegmentRow& row);
}  // namespace reel
