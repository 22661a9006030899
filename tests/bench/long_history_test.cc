// A history built as tables gives the answers of one that was written row by row.
#include "bench/long_history.h"

#include <gtest/gtest.h>

#include "index/rocks_index.h"
#include "tests/io/temp_directory.h"

namespace reel::bench {
namespace {

constexpr WallRange kAll{kWallMin, kWallMax};

class LongHistoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HistoryShape shape;
    shape.keyframes = 9000;  // over two hours' edges
    shape.streams = 3;
    shape.end = {1'700'000'040'000'000'000};  // a whole minute
    history_ = std::make_unique<LongHistory>(shape);
    ASSERT_TRUE(history_->Build(directory_.path() + "/index").ok());
    built_ = *OpenRocksIndex(directory_.path() + "/index", {});
    written_ = *OpenInMemoryIndex({});
    ASSERT_TRUE(history_->Write(*written_).ok());
  }

  const TempDirectory directory_;
  std::unique_ptr<LongHistory> history_;
  std::unique_ptr<RocksIndex> built_;
  std::unique_ptr<RocksIndex> written_;
};

TEST_F(LongHistoryTest, HasTheKeyframesAskedFor) {
  EXPECT_EQ(history_->keyframes(), 3U * 101 * 30);
  uint64_t gops = 0;
  for (uint32_t stream = 0; stream < history_->streams(); ++stream) {
    for (const CoverageRow& day : *built_->Coverage(history_->stream(stream), kAll, Bucket::kDay))
      gops += day.gops;
  }
  EXPECT_EQ(gops, history_->keyframes());
}

TEST_F(LongHistoryTest, BuiltGivesTheAnswersOfWritten) {
  for (uint32_t stream = 0; stream < history_->streams(); ++stream) {
    const StreamId id = history_->stream(stream);
    for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
      const WallTime from = direction == Direction::kForward ? kWallMin : kWallMax;
      const auto built = built_->Gops(id, from, direction, 4096);
      const auto written = written_->Gops(id, from, direction, 4096);
      ASSERT_EQ(built->size(), 101U * 30);
      EXPECT_EQ(*built, *written);
    }
    for (const Bucket bucket : {Bucket::kHour, Bucket::kDay})
      EXPECT_EQ(*built_->Coverage(id, kAll, bucket), *written_->Coverage(id, kAll, bucket));
  }
}

TEST_F(LongHistoryTest, BuiltTakesWhatIsRecordedLater) {
  GopRow later = history_->Minute(1, history_->minutes() - 1).back();
  later.begin = later.begin + std::chrono::minutes(1);
  later.end = later.end + std::chrono::minutes(1);
  later.first_unit = later.end_unit();
  later.pieces.front().first_unit = later.first_unit;
  IndexBatch batch;
  batch.gops = {later};
  ASSERT_TRUE(built_->Write(batch).ok());
  EXPECT_EQ(built_->Gops(later.stream, kWallMax, Direction::kBackward, 1)->front(), later);
  const auto hours = built_->Coverage(later.stream, kAll, Bucket::kHour);
  ASSERT_TRUE(written_->Write(batch).ok());
  EXPECT_EQ(*hours, *written_->Coverage(later.stream, kAll, Bucket::kHour));
}

}  // namespace
}  // namespace reel::bench
