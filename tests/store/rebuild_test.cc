// The index read again out of the segments, beside recording.
#include <gtest/gtest.h>

#include "engine/testing/memory_index.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// One that loses everything while it is in use.
class LosingIndex final : public Index {
 public:
  void Lose() { index_ = std::make_unique<MemoryIndex>(); }

  Status Write(const IndexBatch& batch) override { return index_->Write(batch); }
  Status Sync() override { return index_->Sync(); }
  Result<std::vector<GopRow>> Gops(StreamId stream, WallTime from, Direction direction,
                                   size_t limit) override {
    return index_->Gops(stream, from, direction, limit);
  }
  Result<std::vector<RunRow>> Runs(StreamId stream, WallRange range, size_t limit) override {
    return index_->Runs(stream, range, limit);
  }
  Result<std::vector<GapRow>> Gaps(StreamId stream, WallRange range, size_t limit) override {
    return index_->Gaps(stream, range, limit);
  }
  Result<std::vector<CoverageRow>> Coverage(StreamId stream, WallRange range,
                                            Bucket bucket) override {
    return index_->Coverage(stream, range, bucket);
  }
  Result<std::vector<StreamRow>> Streams() override { return index_->Streams(); }
  Result<std::vector<SegmentRow>> Segments(VolumeNo volume) override {
    return index_->Segments(volume);
  }
  Result<std::optional<VolumeProgress>> Progress(VolumeNo volume) override {
    return index_->Progress(volume);
  }

 private:
  std::unique_ptr<MemoryIndex> index_ = std::make_unique<MemoryIndex>();
};

class RebuildTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world_ = std::make_unique<SimWorld>(WorldOptions{});
    ASSERT_TRUE(world_->Init().ok());
    auto store = world_->Open(index_);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
    stream_ = store_->CreateStream("gate")->id;
    RunOptions options;
    TrackInfo track;
    track.id = TrackId{1};
    options.tracks = {track};
    run_ = *store_->BeginRun(stream_, options);
  }
  void Record(uint64_t units) {
    const Bytes bytes(4000, std::byte{7});
    for (uint64_t i = 0; i < units; ++i, ++next_) {
      UnitView unit;
      unit.track = TrackId{1};
      unit.flags = next_ % 10 == 0 ? uint8_t{kUnitClean} : uint8_t{0};
      unit.wall = WallTime{} + milliseconds(40 * next_);
      unit.bytes = bytes;
      ASSERT_TRUE(run_->Append(UnitNumber{next_}, unit, AppendMode::kBulk).ok());
    }
    const Status durable = run_->WaitDurable(UnitNumber{next_}, seconds(60));
    ASSERT_TRUE(durable.ok()) << durable.ToString();
  }
  size_t GopsInIndex() { return index_.Gops(stream_, kWallMin, Direction::kForward, 1000)->size(); }

  std::unique_ptr<SimWorld> world_;
  LosingIndex index_;
  std::unique_ptr<Store> store_;
  StreamId stream_;
  std::unique_ptr<RunWriter> run_;
  uint64_t next_ = 0;
};

TEST_F(RebuildTest, RecordingGoesOn) {
  Record(40);
  ASSERT_TRUE(store_->WaitIdle(seconds(60)).ok());
  store_->RebuildIndex();
  ASSERT_TRUE(store_->WaitIdle(seconds(60)).ok());
  EXPECT_EQ(GopsInIndex(), 4U);
  Record(100);  // more than a segment
  EXPECT_EQ(store_->counters().units_durable, 140U) << "footage alone: not what the ledger holds";
  EXPECT_TRUE(store_->RecordGap({stream_, {1}, {2}, GapCause::kSourceLost, 0}).ok());
  ASSERT_TRUE(store_->WaitIdle(seconds(60)).ok());
  EXPECT_EQ(GopsInIndex(), 14U);
}

// What stood in open segments is sealed, and read from there.
TEST_F(RebuildTest, AnEmptyIndexIsFilledWithWhatIsOpenToo) {
  Record(40);
  ASSERT_TRUE(store_->WaitIdle(seconds(60)).ok());
  index_.Lose();
  ASSERT_EQ(GopsInIndex(), 0U);
  store_->RebuildIndex();
  ASSERT_TRUE(store_->WaitIdle(seconds(60)).ok());
  EXPECT_EQ(GopsInIndex(), 4U);
  Record(10);
  ASSERT_TRUE(store_->WaitIdle(seconds(60)).ok());
  EXPECT_EQ(GopsInIndex(), 5U);
}

}  // namespace
}  // namespace reel
