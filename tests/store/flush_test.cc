// When what was accepted is durable, on simulated time.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::milliseconds;

constexpr Duration kInterval = milliseconds(250);

class FlushTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WorldOptions options;
    options.segment_bytes = 32U << 20;
    options.buffer_bytes = 64U << 20;
    world_ = std::make_unique<SimWorld>(options);
    ASSERT_TRUE(world_->Init().ok());
    Store::Options store = world_->OptionsFor(&index_);
    store.flush_interval = kInterval;
    auto opened = Store::Open(store);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = std::move(*opened);
  }
  std::unique_ptr<RunWriter> Begin(int number) {
    TrackInfo track;
    track.id = {1};
    track.config = Bytes(30, std::byte{7});
    RunOptions options;
    options.tracks = {track};
    const auto stream = store_->CreateStream("camera" + std::to_string(number));
    return *store_->BeginRun(stream->id, options);
  }
  void Pass() {
    world_->clock().Advance(milliseconds(1));
    store_->RunOnce(Duration{0});
  }

  std::unique_ptr<SimWorld> world_;
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
};

// Streams are staggered, so that among many some have just missed their flush: they too are durable
// when the interval is over, not only on their way.
TEST_F(FlushTest, WhatWasAcceptedIsDurableWhenTheIntervalIsOver) {
  constexpr int kStreams = 48;
  constexpr int kRounds = 12;
  std::vector<std::unique_ptr<RunWriter>> runs;
  for (int i = 0; i < kStreams; ++i) runs.push_back(Begin(i));
  const Bytes bytes(40'000, std::byte{5});  // more than what is held back for its smallness
  for (uint64_t round = 0; round < kRounds; ++round) {
    const WallTime now = world_->clock().WallNow();
    const uint8_t flags = round == 0 ? kUnitClean : 0;
    const UnitView unit{TrackId{1}, flags, 0, 0, now, bytes};
    for (const auto& run : runs) ASSERT_TRUE(run->Append({round}, unit, AppendMode::kLive).ok());
    for (Duration passed{0}; passed < kInterval; passed += milliseconds(1)) Pass();
    for (int i = 0; i < kStreams; ++i) {
      EXPECT_EQ(runs[static_cast<size_t>(i)]->watermarks().durable.value, round + 1)
          << "camera " << i << ", round " << round;
    }
    for (int i = 0; i < 17; ++i) Pass();  // the next round begins elsewhere in the interval
  }
}

}  // namespace
}  // namespace reel
