// What the index costs, counted and not timed: bytes per keyframe on disk, rows touched per lookup.
#include <gtest/gtest.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <cstdio>
#include <random>

#include "index/gop_codec.h"
#include "index/rocks_index.h"
#include "tests/index/index_rows.h"

namespace reel {
namespace {

constexpr uint64_t kGranule = 4096;
constexpr uint64_t kSegmentBytes = uint64_t{1} << 30;

// Streams of 4 Mbit/s in 2 s GOPs of 50 units, staggered over the two seconds, one piece per GOP,
// in segments filled front to back: what `gop` placement writes.
class Recorder {
 public:
  // Wall times of units wander by up to `jitter` around 40 ms steps.
  Recorder(uint8_t streams, Duration jitter) : streams_(streams), jitter_(jitter) {}

  // GOP number `round` of every stream.
  IndexBatch Round(int64_t round) {
    IndexBatch batch;
    for (uint8_t s = 0; s < streams_; ++s) batch.gops.push_back(Gop(s, round));
    return batch;
  }

 private:
  GopRow Gop(uint8_t stream, int64_t round) {
    const Duration stagger = 2 * kSecond * stream / streams_;
    const WallTime begin = kHourBegin + stagger + round * 2 * kSecond;
    const auto first_unit = static_cast<uint64_t>(round) * 50;
    GopRow row = MakeGop(StreamOf(static_cast<uint8_t>(stream + 1)), RunOf(1), begin + Jitter(), {},
                         first_unit, 50, {0});
    row.end = begin + std::chrono::milliseconds{1960} + Jitter();
    row.lead_bytes = static_cast<uint32_t>(kGranule * (58 + Below(10)));  // 256 KiB key picture
    Piece& piece = row.pieces[0];
    piece.length_bytes = static_cast<uint32_t>(kGranule * (230 + Below(30)));  // 1 MB
    if (offset_ + piece.length_bytes > kSegmentBytes) {
      offset_ = kGranule;
      ++serial_;
    }
    piece.serial = {serial_};
    piece.offset_bytes = offset_;
    offset_ += piece.length_bytes;
    return row;
  }
  Duration Jitter() {
    const auto span = static_cast<uint64_t>(jitter_.count());
    return span == 0 ? Duration{0} : Duration{static_cast<int64_t>(Below(2 * span))} - jitter_;
  }
  uint64_t Below(uint64_t limit) { return random_() % limit; }

  const uint8_t streams_;
  const Duration jitter_;
  uint64_t serial_ = 1;
  uint64_t offset_ = kGranule;
  std::mt19937_64 random_{5};
};

uint64_t TableBytes(const std::string& path) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".sst") bytes += entry.file_size();
  }
  return bytes;
}

double BytesPerKeyframe(Duration jitter) {
  constexpr uint8_t kStreams = 200;
  constexpr int64_t kRounds = 1800;  // an hour
  const TempDirectory directory;
  auto index = *OpenRocksIndex(directory.index(), {});
  Recorder recorder(kStreams, jitter);
  IndexBatch batch;
  for (int64_t round = 0; round < kRounds; ++round) {
    const IndexBatch one = recorder.Round(round);
    batch.gops.insert(batch.gops.end(), one.gops.begin(), one.gops.end());
    if (round % 30 != 29) continue;
    EXPECT_TRUE(index->Write(batch).ok());
    batch.gops.clear();
  }
  EXPECT_TRUE(index->Compact().ok());
  return static_cast<double>(TableBytes(directory.index())) / (kStreams * kRounds);
}

TEST(IndexCost, AKeyframeTakesNineBytes) {
  const double steady = BytesPerKeyframe(Duration{0});
  const double wandering = BytesPerKeyframe(std::chrono::milliseconds{1});
  std::printf("bytes per keyframe, all tables: %.2f, with 1 ms of jitter in ns: %.2f\n", steady,
              wandering);
  EXPECT_LE(steady, 9.0);
  EXPECT_LE(wandering, 16.0);
}

// Table blocks looked at, from the cache or not.
template <class Question>
uint64_t CountBlocks(const Question& question) {
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
  rocksdb::PerfContext& perf = *rocksdb::get_perf_context();
  perf.Reset();
  question();
  const uint64_t blocks = perf.block_cache_hit_count + perf.block_read_count;
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  return blocks;
}

// One stream, a GOP of 20 s after another for `days`, a new segment every hour. From midnight on.
class LongStream {
 public:
  explicit LongStream(int64_t days) : days_(days) {
    for (int64_t day = 0; day < days; ++day) {
      IndexBatch batch;
      for (int64_t i = 0; i < kGopsPerDay; ++i) batch.gops.push_back(Gop(day * kGopsPerDay + i));
      EXPECT_TRUE(index_->Write(batch).ok());
    }
    EXPECT_TRUE(index_->Compact().ok());
  }

  GopRow Gop(int64_t number) const {
    return MakeGop(kStream, RunOf(1), kMidnight + number * 20 * kSecond, 20 * kSecond,
                   static_cast<uint64_t>(number) * 500, 500,
                   {1 + static_cast<uint64_t>(number) / 180});
  }
  void RetireHours(uint64_t hours) {
    IndexBatch batch;
    for (uint64_t serial = 1; serial <= hours; ++serial) {
      batch.segments.push_back(MakeSegment({serial}, SegmentState::kRetired));
    }
    EXPECT_TRUE(index_->Write(batch).ok());
  }
  std::vector<GopRow> One(WallTime from, Direction direction) {
    return *index_->Gops(kStream, from, direction, 1);
  }
  std::vector<CoverageRow> Days() {
    return *index_->Coverage(kStream, {kMidnight, kMidnight + days_ * 24 * kHour}, Bucket::kDay);
  }

  static constexpr StreamId kStream{{1}};
  static constexpr int64_t kGopsPerDay = 24 * 60 * 3;
  static constexpr WallTime kMidnight{kHourBegin.ns + Duration{3 * kHour}.count()};

 private:
  const int64_t days_;
  TempDirectory directory_;
  std::unique_ptr<RocksIndex> index_ = *OpenRocksIndex(directory_.index(), {});
};

TEST(IndexCost, ASeekIntoNinetyDaysReadsAsMuchAsIntoOne) {
  for (const int64_t days : {1, 90}) {
    LongStream stream(days);
    const WallTime middle = stream.Gop(days * LongStream::kGopsPerDay / 2).begin + kSecond;
    for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
      const uint64_t seek =
          CountBlocks([&] { EXPECT_EQ(stream.One(middle, direction).size(), 1U); });
      EXPECT_LE(seek, 3U) << days << " days";
    }
  }
}

TEST(IndexCost, NinetyDaysOfCoverageAreNinetyRows) {
  LongStream stream(90);
  const uint64_t look = CountBlocks([&] { EXPECT_EQ(stream.Days().size(), 90U); });
  EXPECT_LE(look, 10U);
}

TEST(IndexCost, DeadDaysAreSteppedOverByTheDay) {
  LongStream stream(90);
  stream.RetireHours(uint64_t{89} * 24);
  const uint64_t seek = CountBlocks([&] {
    EXPECT_EQ(stream.One(kWallMin, Direction::kForward),
              std::vector{stream.Gop(89 * LongStream::kGopsPerDay)});
  });
  EXPECT_LE(seek, uint64_t{89} * 5);
  const uint64_t nothing = CountBlocks([&] {
    const WallTime end = stream.Gop(89 * LongStream::kGopsPerDay).begin - Duration{1};
    EXPECT_TRUE(stream.One(end, Direction::kBackward).empty());
  });
  EXPECT_LE(nothing, uint64_t{89} * 5);
}

TEST(IndexCost, ABucketIsComputedAnewOnceAfterADeath) {
  LongStream stream(1);
  stream.RetireHours(12);
  const auto half = [&] { EXPECT_EQ(stream.Days().at(0).covered, 12 * kHour); };
  EXPECT_GT(CountBlocks(half), 10U);
  EXPECT_LE(CountBlocks(half), 2U);
}

}  // namespace
}  // namespace reel
