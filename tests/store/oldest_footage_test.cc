// Readers at the oldest footage of a small volume while recording goes on.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/testing/memory_index.h"
#include "engine/testing/sim_clock.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

class OldestFootageTest : public ::testing::Test {
 protected:
  static constexpr size_t kReaders = 16;

  void SetUp() override {
    WorldOptions options;
    options.segments = 8;
    world_ = std::make_unique<SimWorld>(options);
    ASSERT_TRUE(world_->Init().ok());
    auto store = world_->Open(index_);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
    const auto stream = store_->CreateStream("gate");
    ASSERT_TRUE(stream.ok());
    stream_ = stream->id;
    RunOptions run_options;
    TrackInfo track;
    track.id = TrackId{1};
    run_options.tracks = {track};
    auto run = store_->BeginRun(stream_, run_options);
    ASSERT_TRUE(run.ok());
    run_ = std::move(*run);
    world_->on_read = [this] { WhileReading(); };
  }

  static Bytes ContentOf(uint64_t number) {
    Bytes bytes(number % 10 == 0 ? 7000 : 1200);
    Rng(number).Fill(bytes);
    return bytes;
  }

  // 25 pictures a second, a clean point each 10.
  void Record(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      const Bytes bytes = ContentOf(recorded_);
      UnitView unit;
      unit.track = TrackId{1};
      unit.flags = recorded_ % 10 == 0 ? uint8_t{kUnitClean} : uint8_t{0};
      unit.wall = world_->clock().WallNow();
      unit.bytes = bytes;
      ASSERT_TRUE(run_->Append({recorded_++}, unit, AppendMode::kLive).ok());
      world_->clock().Advance(std::chrono::milliseconds(40));
      store_->RunOnce(std::chrono::milliseconds(1));
    }
  }

  // While a reader's first read is under way the next one reads, and so on; while that of the last
  // one is, recording goes on.
  void WhileReading() {
    if (reading_ == 0 || !std::exchange(first_read_, false)) return;
    if (reading_ < kReaders) return ReadOldest();
    world_->on_read = nullptr;  // what the store reads itself
    Record(10);
    world_->on_read = [this] { WhileReading(); };
  }

  void ReadOldest() {
    ++reading_;
    first_read_ = true;
    auto cursor = store_->Read(stream_, {});
    ASSERT_TRUE(cursor.ok());
    bool expired = false;
    for (int units = 0; units < 5;) {
      const Result<Item> item = (*cursor)->Next();
      ASSERT_TRUE(item.ok()) << item.status().ToString();
      ASSERT_NE(item->kind, ItemKind::kEnd);
      ASSERT_NE(item->kind, ItemKind::kDamage) << item->status.ToString();
      if (item->kind == ItemKind::kGap) {
        EXPECT_EQ(item->gap.cause, GapCause::kExpired);
        expired = true;
      }
      if (item->kind != ItemKind::kUnit) continue;
      EXPECT_EQ(item->unit.bytes, ContentOf(item->unit.number.value));
      ++units;
    }
    read_past_the_edge_ += expired ? 1 : 0;
    --reading_;
  }

  void ExpectNothingPassedOver() {
    EXPECT_EQ(store_->counters().units_shed, 0U);
    for (const std::string& line : world_->log)
      EXPECT_EQ(line.find("makes room before"), std::string::npos) << line;
  }

  std::unique_ptr<SimWorld> world_;
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<RunWriter> run_;
  StreamId stream_;
  uint64_t recorded_ = 0;
  size_t reading_ = 0;
  bool first_read_ = false;
  size_t read_past_the_edge_ = 0;
};

TEST_F(OldestFootageTest, WhatIsLeftIsTheNewest) {
  Record(100);
  while (recorded_ < 2000 && !HasFatalFailure()) {
    ReadOldest();
    if (reading_ == 0 && !first_read_) continue;
    Record(10);  // nobody had to read: all was in memory
    first_read_ = false;
  }
  ASSERT_GT(store_->counters().segments_recycled, 10U);
  EXPECT_GT(read_past_the_edge_, 0U);
  ExpectNothingPassedOver();

  auto cursor = store_->Read(stream_, {});
  ASSERT_TRUE(cursor.ok());
  std::vector<uint64_t> left;
  for (;;) {
    const Result<Item> item = (*cursor)->Next();
    ASSERT_TRUE(item.ok());
    if (item->kind == ItemKind::kEnd) break;
    if (item->kind == ItemKind::kUnit) left.push_back(item->unit.number.value);
  }
  ASSERT_GT(left.size(), 100U);
  EXPECT_EQ(left.back(), recorded_ - 1);
  EXPECT_EQ(left.back() - left.front() + 1, left.size()) << "from " << left.front();
}

// Verifying reads a segment for as long as its pace makes it, and lets it go when it is wanted.
TEST_F(OldestFootageTest, VerifyLetsGoWhatIsWanted) {
  Record(1000);
  const uint64_t before = store_->counters().segments_recycled;
  ASSERT_GT(before, 0U);
  Store::VerifyOptions options;
  options.problem = [](const std::string& text) { ADD_FAILURE() << text; };
  options.pace = [this](uint64_t) {
    Record(10);
    return true;
  };
  ASSERT_TRUE(store_->Verify(options).ok());
  EXPECT_GT(store_->counters().segments_recycled, before);
  ExpectNothingPassedOver();
}

}  // namespace
}  // namespace reel
