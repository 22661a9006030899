// RunBuffer: what is accepted, what is durable, what is shed (W1 to W4).
#include "engine/store/run_buffer.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

using std::chrono::milliseconds;

class RunBufferTest : public ::testing::Test {
 protected:
  void Make(uint64_t bytes = 1U << 20, Duration flush_interval = milliseconds(250)) {
    RunBuffer::Identity identity;
    identity.stream.bytes.fill(1);
    identity.run.bytes.fill(2);
    identity.retention_class = kDefaultClass;
    RunBuffer::Limits limits;
    limits.bytes = bytes;
    limits.flush_interval = flush_interval;
    limits.flush_phase = milliseconds(30);
    run_ = std::make_shared<RunBuffer>(identity, limits, *pool_);
    TrackInfo track;
    track.id = {1};
    track.config = Bytes(20, std::byte{3});
    ASSERT_TRUE(run_->SetTracks({track}).ok());
  }
  void TearDown() override {
    collected_.clear();
    if (run_) run_->Abandon();
  }
  Status Append(uint64_t number, uint8_t flags = 0, size_t bytes = 1000,
                AppendMode mode = AppendMode::kLive) {
    data_.assign(bytes, static_cast<std::byte>(number));
    UnitView unit;
    unit.track = {1};
    unit.flags = flags;
    unit.wall = {static_cast<int64_t>(number) * 40'000'000};
    unit.bytes = data_;
    return run_->Append({number}, unit, mode, now_, &full_);
  }
  std::vector<StreamChunkPtr> Collect() {
    std::vector<ChunkPtr> out;
    run_->Collect(now_, 1000, &out);
    std::vector<StreamChunkPtr> chunks;
    for (const ChunkPtr& chunk : out)
      chunks.push_back(std::static_pointer_cast<StreamChunk>(chunk));
    collected_.insert(collected_.end(), chunks.begin(), chunks.end());
    return chunks;
  }
  void MarkDurable(const StreamChunk& chunk) {
    run_->MarkWritten(chunk);
    run_->MarkDurable(chunk);
  }
  std::vector<StreamChunkPtr> FlushAndCollect() {
    run_->Flush();
    return Collect();
  }

  std::unique_ptr<BufferPool> pool_ = *BufferPool::Create(8U << 20);
  std::shared_ptr<RunBuffer> run_;
  std::vector<StreamChunkPtr> collected_;
  Bytes data_;
  MonoTime now_{1'000'000'000};
  bool full_ = false;
};

TEST_F(RunBufferTest, ChunksHoldConsecutiveUnitsAndACleanPointOnlyAtTheirStart) {
  Make();
  for (const uint64_t n : {0U, 1U, 2U}) ASSERT_TRUE(Append(n, n == 0 ? kUnitClean : 0).ok());
  ASSERT_TRUE(Append(3, kUnitClean).ok());  // clean point
  ASSERT_TRUE(Append(4).ok());
  ASSERT_TRUE(Append(7).ok());  // hole
  const auto chunks = FlushAndCollect();
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0]->row.unit_count, 3U);
  EXPECT_EQ(chunks[1]->row.first_unit.value, 3U);
  EXPECT_TRUE(chunks[1]->row.flags & format::kContentClean);
  EXPECT_TRUE(chunks[1]->row.flags & format::kContentConfig);
  EXPECT_EQ(chunks[2]->row.first_unit.value, 7U);
  EXPECT_TRUE(chunks[2]->row.flags & format::kContentConfig);  // behind a hole
}

// Else nobody could tell what describes the units up to the next clean point.
TEST_F(RunBufferTest, TracksThatChangeBetweenCleanPointsAreCarriedOnce) {
  Make();
  ASSERT_TRUE(Append(0, kUnitClean).ok());
  TrackInfo changed;
  changed.id = {1};
  changed.config = Bytes(20, std::byte{4});
  ASSERT_TRUE(run_->SetTracks({changed}).ok());
  ASSERT_TRUE(Append(1).ok());
  run_->Flush();
  ASSERT_TRUE(Append(2).ok());
  const auto chunks = FlushAndCollect();
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_TRUE(chunks[1]->row.flags & format::kContentConfig);
  EXPECT_FALSE(chunks[1]->row.flags & format::kContentClean);
  EXPECT_FALSE(chunks[2]->row.flags & format::kContentConfig);
}

TEST_F(RunBufferTest, AResentUnitIsAcknowledgedAndStoredOnce) {
  Make();
  ASSERT_TRUE(Append(0, kUnitClean).ok());
  ASSERT_TRUE(Append(0, kUnitClean).ok());
  EXPECT_EQ(run_->units_accepted(), 1U);
  EXPECT_EQ(run_->units_resent(), 1U);
  EXPECT_EQ(FlushAndCollect()[0]->row.unit_count, 1U);
}

TEST_F(RunBufferTest, DurableStopsAtAHoleAndGoesOnWhenItIsFilledLate) {
  Make();
  for (const uint64_t n : {0U, 1U, 3U}) ASSERT_TRUE(Append(n, n == 0 ? kUnitClean : 0).ok());
  const auto first = FlushAndCollect();
  for (const StreamChunkPtr& chunk : first) run_->MarkWritten(*chunk);
  EXPECT_EQ(run_->watermarks().written.value, 2U);
  EXPECT_EQ(run_->watermarks().durable.value, 0U);
  for (const StreamChunkPtr& chunk : first) run_->MarkDurable(*chunk);
  EXPECT_EQ(run_->watermarks().durable.value, 2U);
  EXPECT_EQ(run_->watermarks().accepted.value, 2U);
  EXPECT_TRUE(run_->IsDurable({4}));  // all that was accepted is
  ASSERT_TRUE(Append(2).ok());
  EXPECT_FALSE(run_->IsDurable({4}));
  EXPECT_EQ(run_->watermarks().accepted.value, 4U);
  for (const StreamChunkPtr& chunk : FlushAndCollect()) MarkDurable(*chunk);
  EXPECT_EQ(run_->watermarks().durable.value, 4U);
}

// Chunks come back from several volumes in any order; more holes than the accepted have.
TEST_F(RunBufferTest, DurableChunksInAnyOrderAreAllRemembered) {
  pool_ = *BufferPool::Create(256U << 20);
  Make(1U << 30);
  constexpr uint64_t kUnits = 2 * IntervalSet::kMaxIntervals + 200;
  for (uint64_t n = 0; n < kUnits; ++n) ASSERT_TRUE(Append(n, kUnitClean, 16).ok()) << n;
  run_->Flush();
  std::vector<ChunkPtr> out;
  run_->Collect(now_, kUnits, &out);
  ASSERT_EQ(out.size(), kUnits);
  for (const size_t begin : {size_t{1}, size_t{0}}) {
    for (size_t i = begin; i < out.size(); i += 2) {
      const auto chunk = std::static_pointer_cast<StreamChunk>(out[i]);
      MarkDurable(*chunk);
      run_->Release(*chunk);
    }
  }
  EXPECT_EQ(run_->watermarks().durable.value, kUnits);
}

TEST_F(RunBufferTest, LiveUnitsAreShedUpToTheNextCleanPointThatFinds) {
  Make(256U << 10);
  uint64_t n = 0;
  while (Append(n, n % 10 == 0 ? kUnitClean : 0, 9000).ok()) ++n;
  ASSERT_LT(n, 100U);
  const uint64_t first_shed = n;
  for (const StreamChunkPtr& chunk : FlushAndCollect()) {  // room again
    MarkDurable(*chunk);
    run_->Release(*chunk);
  }
  ++n;
  while (n % 10 != 0) EXPECT_FALSE(Append(n++, 0, 9000).ok());  // W4: not before a clean point
  EXPECT_TRUE(Append(n, kUnitClean, 9000).ok());
  const std::vector<GapRow> gaps = run_->TakeShed(false);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].units_lost, n - first_shed);
  EXPECT_EQ(gaps[0].begin.ns, static_cast<int64_t>(first_shed) * 40'000'000);
  EXPECT_EQ(gaps[0].end.ns, static_cast<int64_t>(n) * 40'000'000);
  EXPECT_TRUE(run_->TakeShed(true).empty());
  EXPECT_EQ(run_->units_shed(), gaps[0].units_lost);
}

TEST_F(RunBufferTest, BulkIsToldToWait) {
  Make(256U << 10);
  uint64_t n = 0;
  while (Append(n, n % 10 == 0 ? kUnitClean : 0, 9000, AppendMode::kBulk).ok()) ++n;
  EXPECT_TRUE(full_);
  EXPECT_EQ(run_->units_shed(), 0U);
  for (const StreamChunkPtr& chunk : FlushAndCollect()) {
    MarkDurable(*chunk);
    run_->Release(*chunk);
  }
  EXPECT_TRUE(Append(n, n % 10 == 0 ? kUnitClean : 0, 9000, AppendMode::kBulk).ok());
  EXPECT_FALSE(full_);
}

TEST_F(RunBufferTest, FlushesFallDueAtTheIntervalPlusItsPhase) {
  Make();
  ASSERT_TRUE(Append(0, kUnitClean, 40'000).ok());
  EXPECT_EQ(run_->due().ns, 1'030'000'000);
  now_ = {1'029'999'999};
  EXPECT_TRUE(Collect().empty());
  now_ = {1'030'000'000};
  EXPECT_EQ(Collect().size(), 1U);
  ASSERT_TRUE(Append(1).ok());
  EXPECT_EQ(run_->due().ns, 1'280'000'000);
}

// Four intervals at the most, or until there is enough.
TEST_F(RunBufferTest, ASmallChunkWaitsForMore) {
  Make();
  ASSERT_TRUE(Append(0, kUnitClean).ok());
  for (const int64_t due_ms : {1030, 1280, 1530}) {
    EXPECT_EQ(run_->due().ns, due_ms * 1'000'000);
    now_ = run_->due();
    EXPECT_TRUE(Collect().empty());
  }
  now_ = run_->due();
  EXPECT_EQ(now_.ns, 1'780'000'000);
  EXPECT_EQ(Collect().size(), 1U);
  ASSERT_TRUE(Append(1).ok());
  ASSERT_TRUE(Append(2, 0, 40'000).ok());
  now_ = run_->due();
  EXPECT_EQ(now_.ns, 2'030'000'000);
  EXPECT_EQ(Collect().size(), 1U);
}

// No small chunk waits beyond a second: with an interval of that length it goes out at its end.
TEST_F(RunBufferTest, ASmallChunkWaitsNoLongerThanASecond) {
  Make(1U << 20, std::chrono::seconds(1));
  ASSERT_TRUE(Append(0, kUnitClean).ok());
  now_ = run_->due();
  EXPECT_EQ(now_.ns, 1'030'000'000);
  EXPECT_EQ(Collect().size(), 1U);
}

TEST_F(RunBufferTest, AChunkIsHeldUntilItIsReleased) {
  Make();
  ASSERT_TRUE(Append(0, kUnitClean).ok());
  const auto chunks = FlushAndCollect();
  EXPECT_EQ(run_->Live().size(), 1U);
  EXPECT_FALSE(run_->Live()[0].durable);
  MarkDurable(*chunks[0]);
  EXPECT_TRUE(run_->Live()[0].durable);
  EXPECT_FALSE(run_->idle());
  run_->Release(*chunks[0]);
  EXPECT_TRUE(run_->idle());
  EXPECT_EQ(run_->held_bytes(), 0U);
}

TEST_F(RunBufferTest, WhatComesBackIsCollectedFirst) {
  Make();
  ASSERT_TRUE(Append(0, kUnitClean).ok());
  const auto first = FlushAndCollect();
  ASSERT_TRUE(Append(1).ok());
  run_->Flush();
  run_->TakeBack(first);
  const auto again = Collect();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0], first[0]);
}

TEST_F(RunBufferTest, RefusesWhatItCannotStore) {
  Make();
  EXPECT_EQ(Append(0, 0, 0).code(), Code::kInvalidArgument);
  EXPECT_EQ(Append(0, 0, kMaxUnitBytes + 1).code(), Code::kInvalidArgument);
  run_->End();
  EXPECT_EQ(Append(0, kUnitClean).code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace reel
