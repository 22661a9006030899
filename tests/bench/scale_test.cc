// A small node for as long as its disks need to be full thrice, and an index that lives as long.
#include <gtest/gtest.h>

#include <filesystem>

#include "bench/scale_index.h"
#include "bench/scale_node.h"

namespace reel::bench {
namespace {

class Scale : public ::testing::Test {
 protected:
  Scale() { std::filesystem::remove_all(path()); }
  void TearDown() override { std::filesystem::remove_all(path()); }
  static std::string path() {
    return std::filesystem::temp_directory_path() / ("reel-scale-" + std::to_string(getpid()));
  }
};

TEST_F(Scale, DisksThatAreFullKeepTheNewestOfEveryStream) {
  ScaleShape shape;
  shape.directory = path();
  shape.cameras = 20;
  shape.volumes = 2;
  shape.segments = 16;
  auto opened = ScaleNode::Open(shape);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  ScaleNode& node = **opened;
  ScaleNode::Ages full;
  for (int round = 0; round < 45; ++round) {
    const Status recorded = node.Record();
    ASSERT_TRUE(recorded.ok()) << recorded.ToString();
    const auto pools = node.CheckPools();
    ASSERT_TRUE(pools.ok()) << pools.status().ToString();
    const auto ages = node.CheckFootage();
    ASSERT_TRUE(ages.ok()) << ages.status().ToString();
    if (node.counters().segments_recycled == 0) full = *ages;
    if (node.counters().segments_recycled != 0) {
      EXPECT_GT(ages->least, full.least / 2) << "round " << round;
    }
  }
  EXPECT_GT(node.counters().segments_recycled, 30U) << "all of the disks, more than once";
  EXPECT_EQ(node.counters().units_shed, 0U);
  EXPECT_TRUE(node.Verify().ok());
  SimLatency latency;
  latency.seek = std::chrono::milliseconds(10);
  const auto recovery = node.Crash(latency);
  ASSERT_TRUE(recovery.ok()) << recovery.status().ToString();
  EXPECT_TRUE(node.CheckFootage().ok());
}

TEST_F(Scale, RowsOfRetiredSegmentsLeaveTheIndex) {
  IndexGrowthShape shape;
  shape.directory = path();
  shape.streams = 100;
  shape.ring_minutes = 10;
  const auto growth = GrowIndex(shape);
  ASSERT_TRUE(growth.ok()) << growth.status().ToString();
  // One segment may have gone for the next one.
  EXPECT_LE(growth->keyframes_written - 3 * growth->keyframes_live, 3000U);
  const auto once = static_cast<double>(growth->bytes_packed.front());
  EXPECT_LT(static_cast<double>(growth->bytes_packed.back()), 1.1 * once);
}

}  // namespace
}  // namespace reel::bench
