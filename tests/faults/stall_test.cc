// A disk that hangs: memory stays within its bounds, live streams shed whole GOPs and say so, bulk
// ones wait, and with another volume recording moves there.
#include <gtest/gtest.h>

#include "tests/faults/synthetic.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StallTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (!world_) return;
    EXPECT_LE(most_of_one_bytes_, world_->options().stream_buffer_bytes);
    EXPECT_LE(most_of_all_bytes_, world_->options().buffer_bytes);
  }

  struct Recorded {
    StreamId stream;
    std::unique_ptr<RunWriter> run;
    std::unique_ptr<SyntheticSource> source;
    std::set<uint64_t> accepted;
    uint64_t sent = 0;
    uint64_t shed = 0;
  };

  void Start(const WorldOptions& options, size_t streams) {
    world_ = std::make_unique<SimWorld>(options);
    ASSERT_TRUE(world_->Init().ok());
    Open(*index_);
    for (size_t i = 0; i < streams; ++i) {
      const auto stream = store_->CreateStream("camera" + std::to_string(i));
      ASSERT_TRUE(stream.ok());
      RunOptions run_options;
      run_options.tracks = SyntheticTracks();
      auto run = store_->BeginRun(stream->id, run_options);
      ASSERT_TRUE(run.ok());
      Recorded& recorded = recorded_.emplace_back();
      recorded.stream = stream->id;
      recorded.run = std::move(*run);
      recorded.source = std::make_unique<SyntheticSource>(i, world_->clock().WallNow(), 24'000);
    }
  }
  void Open(Index& index) {
    auto opened = world_->Open(index);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = std::move(*opened);
  }
  Status Append(Recorded& to, AppendMode mode) {
    const uint64_t number = to.sent++;
    const Status status = to.run->Append({number}, to.source->Make(number), mode);
    if (status.ok()) to.accepted.insert(number);
    to.shed += status.code() == Code::kResourceExhausted ? 1U : 0U;
    return status;
  }
  // One unit of each stream, and the time until the next.
  void Live(size_t units) {
    for (size_t i = 0; i < units; ++i) {
      for (Recorded& recorded : recorded_) {
        const Status status = Append(recorded, AppendMode::kLive);
        EXPECT_TRUE(status.ok() || status.code() == Code::kResourceExhausted) << status.ToString();
        most_of_one_bytes_ = std::max(
            most_of_one_bytes_, store_->FindStream(ToString(recorded.stream))->buffered_bytes);
      }
      most_of_all_bytes_ = std::max(most_of_all_bytes_, store_->counters().buffer_bytes_in_use);
      world_->clock().Advance(kUnitInterval);
      store_->RunOnce(milliseconds(1));
    }
  }
  // Of the files that are there: a simulated disk has no thread to leave blocked in making others.
  void Hang(size_t disk, Duration stall) {
    FaultRule rule;
    rule.call = SeamCall::kWrite;
    rule.fault = Fault::Stall(stall);
    rule.times = kForEver;
    const auto names = world_->disk(disk).List();
    ASSERT_TRUE(names.ok());
    for (const std::string& name : *names) {
      rule.file = name;
      world_->disk(disk).faults().Add(rule);
    }
  }
  void Release(size_t disk) {
    world_->disk(disk).faults().Clear();
    world_->disk(disk).ReleaseStalled();
  }
  void ExpectAll(const std::string& when) {
    for (const Recorded& recorded : recorded_) {
      const ReadBack back = ReadStream(*store_, recorded.stream);
      EXPECT_TRUE(back.problems.empty()) << when << ": " << back.problems.front();
      EXPECT_EQ(back.damaged, 0U) << when;
      const auto at = back.units.find(recorded.source->seed());
      ASSERT_NE(at, back.units.end()) << when;
      EXPECT_TRUE(at->second == recorded.accepted)
          << when << ": there are " << at->second.size() << " units, accepted were "
          << recorded.accepted.size();
    }
  }
  void Reopen(Index& index) {
    for (Recorded& recorded : recorded_) recorded.run.reset();
    store_.reset();
    Open(index);
    ASSERT_TRUE(store_->WaitIdle(seconds(60)).ok());
  }

  std::unique_ptr<SimWorld> world_;
  std::unique_ptr<MemoryIndex> index_ = std::make_unique<MemoryIndex>();
  MemoryIndex fresh_;
  std::unique_ptr<Store> store_;
  std::vector<Recorded> recorded_;
  uint64_t most_of_one_bytes_ = 0;
  uint64_t most_of_all_bytes_ = 0;
};

TEST_F(StallTest, LiveStreamsShedWholeGopsAndSayHowMuch) {
  WorldOptions options;
  options.segments = 100;
  options.segment_bytes = 1U << 20;
  options.stream_buffer_bytes = 512U << 10;
  Start(options, 2);
  Live(20);
  Hang(1, Duration::zero());
  Live(200);
  Release(1);
  Live(40);
  for (Recorded& recorded : recorded_) {
    ASSERT_GT(recorded.shed, 0U);
    // Of each GOP a first part, whole or empty: what follows a unit that was shed is shed as well.
    for (uint64_t gop = 0; gop < recorded.sent; gop += kUnitsPerGop) {
      bool open = true;
      for (uint64_t n = gop; n < gop + kUnitsPerGop; ++n) {
        const bool there = recorded.accepted.contains(n);
        EXPECT_TRUE(open || !there) << "unit " << n << " follows one that was shed";
        open = there;
      }
    }
    EXPECT_TRUE(recorded.run->WaitDurable({recorded.sent}, seconds(10)).ok());
    const auto timeline = store_->GetTimeline(recorded.stream, {kWallMin, kWallMax}, Bucket::kHour);
    ASSERT_TRUE(timeline.ok());
    uint64_t units_lost = 0;
    for (const GapRow& gap : timeline->gaps) {
      if (gap.cause == GapCause::kOverload) units_lost += gap.units_lost;
    }
    EXPECT_EQ(units_lost, recorded.shed);
  }
  EXPECT_EQ(store_->counters().units_shed, recorded_[0].shed + recorded_[1].shed);
  ExpectAll("after the stall");
  Reopen(fresh_);
  ExpectAll("opened again");
}

TEST_F(StallTest, ManyStreamsStayWithinTheBoundOfAll) {
  WorldOptions options;
  options.segments = 400;
  options.buffer_bytes = 2U << 20;
  Start(options, 12);
  Hang(1, Duration::zero());
  Live(60);
  EXPECT_GT(store_->counters().units_shed, 0U);
  Release(1);
  Live(10);
  for (Recorded& recorded : recorded_) {
    EXPECT_TRUE(recorded.run->WaitDurable({recorded.sent}, seconds(10)).ok());
  }
  ExpectAll("after the stall");
}

TEST_F(StallTest, BulkStreamsWaitAndLoseNothing) {
  WorldOptions options;
  options.segments = 400;
  options.stream_buffer_bytes = 512U << 10;
  Start(options, 1);
  Hang(1, milliseconds(1500));
  const MonoTime begin = world_->clock().MonoNow();
  for (int i = 0; i < 120; ++i) {
    ASSERT_TRUE(Append(recorded_[0], AppendMode::kBulk).ok());
    ASSERT_LE(store_->FindStream(ToString(recorded_[0].stream))->buffered_bytes,
              options.stream_buffer_bytes);
  }
  EXPECT_GE(world_->clock().MonoNow() - begin, milliseconds(1500)) << "it must have waited";
  EXPECT_EQ(store_->counters().units_shed, 0U);
  Release(1);
  ASSERT_TRUE(recorded_[0].run->WaitDurable({120}, seconds(30)).ok());
  ExpectAll("after the stall");
}

TEST_F(StallTest, RecordingMovesToTheOtherVolumeAfterTwoSeconds) {
  for (const size_t hanging : {size_t{1}, size_t{2}}) {
    recorded_.clear();
    store_.reset();
    index_ = std::make_unique<MemoryIndex>();
    WorldOptions options;
    options.seed = hanging;
    options.volumes = 2;
    options.segments = 200;
    options.stream_buffer_bytes = 4U << 20;
    Start(options, 2);
    Live(15);
    Hang(hanging, Duration::zero());
    Live(75);  // 3 s
    for (Recorded& recorded : recorded_) {
      EXPECT_EQ(recorded.shed, 0U);
      EXPECT_NE(store_->FindStream(ToString(recorded.stream))->volume.value, hanging);
      EXPECT_TRUE(recorded.run->WaitDurable({recorded.sent}, seconds(5)).ok());
    }
    ExpectAll("while it hangs");
    // What hung comes through after all: it is there twice, and read once.
    Release(hanging);
    Live(20);
    for (Recorded& recorded : recorded_) {
      EXPECT_TRUE(recorded.run->WaitDurable({recorded.sent}, seconds(5)).ok());
    }
    store_->RunOnce(milliseconds(50));
    ExpectAll("after the stall");
    MemoryIndex fresh;
    Reopen(fresh);
    ExpectAll("opened again with volume " + std::to_string(hanging) + " once hung");
    store_.reset();
  }
}

// At 25 units of up to 36 kB a second half of the buffer is full before two seconds are over.
TEST_F(StallTest, RecordingMovesAtOnceWhenABufferIsHalfFull) {
  WorldOptions options;
  options.volumes = 2;
  options.segments = 200;
  options.stream_buffer_bytes = 320U << 10;
  Start(options, 1);
  Live(15);
  const size_t hanging = store_->FindStream("camera0")->volume.value;
  Hang(hanging, Duration::zero());
  const MonoTime begin = world_->clock().MonoNow();
  while (store_->FindStream("camera0")->volume.value == hanging) {
    Live(1);
    ASSERT_LT(world_->clock().MonoNow() - begin, milliseconds(1900));
  }
  Live(50);
  EXPECT_EQ(recorded_[0].shed, 0U);
  EXPECT_TRUE(recorded_[0].run->WaitDurable({recorded_[0].sent}, seconds(5)).ok());
  ExpectAll("on the other volume");
}

TEST_F(StallTest, AVolumeThatComesBackOnlyAfterItWasGivenUpLosesNothing) {
  WorldOptions options;
  options.volumes = 2;
  options.segments = 400;
  options.stream_buffer_bytes = 4U << 20;
  Start(options, 2);
  Live(15);
  Hang(1, Duration::zero());
  Live(25 * 25);
  Release(1);
  Live(10);
  for (Recorded& recorded : recorded_) {
    EXPECT_TRUE(recorded.run->WaitDurable({recorded.sent}, seconds(5)).ok());
  }
  ExpectAll("given up");
  Reopen(fresh_);
  ExpectAll("opened again");
}

// When the first is given up the other one hangs, so nobody takes over; once it is back it does.
TEST_F(StallTest, StreamsOfAVolumeGivenUpMoveToOneThatRecoversLater) {
  WorldOptions options;
  options.volumes = 2;
  options.segments = 400;
  options.stream_buffer_bytes = 4U << 20;
  options.buffer_bytes = 32U << 20;
  Start(options, 4);
  Live(15);
  Hang(2, Duration::zero());
  Live(75);  // 3 s: all record to the first
  FaultRule broken;
  broken.call = SeamCall::kWrite;
  broken.fault = Fault::Error(EIO);
  broken.times = kForEver;
  world_->disk(1).faults().Add(broken);
  Live(50);
  EXPECT_EQ(store_->Volumes()[0].state, "offline");
  EXPECT_EQ(store_->Volumes()[1].state, "stalled");
  Release(2);
  Live(25);
  for (Recorded& recorded : recorded_) {
    EXPECT_EQ(store_->FindStream(ToString(recorded.stream))->volume.value, 2U);
    EXPECT_TRUE(recorded.run->WaitDurable({recorded.sent}, seconds(5)).ok());
  }
  ExpectAll("on the one that came back");
}

TEST_F(StallTest, AUnitThatNoSegmentHoldsIsRefused) {
  WorldOptions options;
  options.segment_bytes = 64U << 10;
  Start(options, 1);
  const Bytes large(200'000, std::byte{1});
  UnitView unit;
  unit.track = {1};
  unit.flags = kUnitClean;
  unit.wall = world_->clock().WallNow();
  unit.bytes = large;
  EXPECT_EQ(recorded_[0].run->Append({0}, unit, AppendMode::kBulk).code(), Code::kInvalidArgument);
  Live(20);
  EXPECT_TRUE(recorded_[0].run->WaitDurable({20}, seconds(5)).ok());
}

TEST_F(StallTest, ChunksOfManyStreamsFillSmallSegmentsOfLargeGranules) {
  WorldOptions options;
  options.segment_bytes = 256U << 10;
  options.granule_bytes = 16U << 10;
  options.segments = 100;
  options.buffer_bytes = 32U << 20;
  Start(options, 10);
  Hang(1, milliseconds(300));  // so that they queue up
  Live(30);
  Release(1);
  for (Recorded& recorded : recorded_) {
    EXPECT_TRUE(recorded.run->WaitDurable({recorded.sent}, seconds(20)).ok());
  }
  ExpectAll("written");
}

TEST_F(StallTest, AnOrderlyStopLeavesNothingToSalvage) {
  WorldOptions options;
  options.volumes = 2;
  options.segments = 100;
  Start(options, 4);
  Live(50);
  for (Recorded& recorded : recorded_) recorded.run.reset();
  ASSERT_TRUE(store_->Close().ok());
  Reopen(fresh_);
  EXPECT_EQ(store_->counters().segments_salvaged, 0U);
  ExpectAll("opened again");
}

}  // namespace
}  // namespace reel
