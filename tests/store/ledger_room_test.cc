// Footage that fills the buffers to the last block leaves the ledger its room.
#include <gtest/gtest.h>

#include "engine/testing/memory_index.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

TEST(LedgerRoomTest, EveryRecycledSegmentHasItsReceiptWhileTheBuffersAreFull) {
  WorldOptions options;
  options.buffer_bytes = options.stream_buffer_bytes = 1U << 20;
  SimWorld world(options);
  ASSERT_TRUE(world.Init().ok());
  MemoryIndex index;
  auto store = world.Open(index);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  const auto stream = (*store)->CreateStream("gate");
  ASSERT_TRUE(stream.ok());
  RunOptions run_options;
  TrackInfo track;
  track.id = TrackId{1};
  run_options.tracks = {track};
  auto run = (*store)->BeginRun(stream->id, run_options);
  ASSERT_TRUE(run.ok());
  // No turn is taken but those a writer takes that has no room: the buffers are full throughout.
  const Bytes bytes(20'000, std::byte{7});
  constexpr uint64_t kUnits = 400;  // 8 MB through a volume of 1.5 MiB
  for (uint64_t number = 0; number < kUnits; ++number) {
    UnitView unit;
    unit.track = TrackId{1};
    unit.flags = number % 10 == 0 ? uint8_t{kUnitClean} : uint8_t{0};
    unit.wall = world.clock().WallNow() + std::chrono::milliseconds(40 * number);
    unit.bytes = bytes;
    ASSERT_TRUE((*run)->Append(UnitNumber{number}, unit, AppendMode::kBulk).ok());
  }
  EXPECT_GT((*store)->counters().segments_recycled, 10U);
  for (const std::string& line : world.log) EXPECT_EQ(line.find("no receipt"), std::string::npos);
}

}  // namespace
}  // namespace reel
