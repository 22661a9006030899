// OpenSegment: who gets which bytes, and when what is durable.
#include "engine/segment/open_segment.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/testing/sim_clock.h"
#include "tests/segment/chunk_maker.h"

namespace reel {
namespace {

using made::Life;
using made::RunNo;

constexpr uint64_t kSegmentBytes = 1U << 20;

OpenSegment Make(uint32_t granule_bytes = 4096, uint64_t segment_bytes = kSegmentBytes) {
  return OpenSegment(Life(segment_bytes, granule_bytes), nullptr);
}

TEST(OpenSegmentTest, AGopFillsItsExtentInOnePiece) {
  OpenSegment segment = Make();
  const auto first = segment.Take(RunNo(1), true, 8192, 40960);
  const auto other = segment.Take(RunNo(2), true, 8192, 40960);
  const auto second = segment.Take(RunNo(1), false, 8192, 0);
  ASSERT_TRUE(first && other && second);
  EXPECT_EQ(first->extent_bytes, 40960U);
  EXPECT_EQ(second->offset_bytes, first->offset_bytes + 8192);
  EXPECT_EQ(second->extent_base_bytes, first->offset_bytes);
  EXPECT_EQ(other->offset_bytes, first->offset_bytes + 40960);
}

TEST(OpenSegmentTest, WhatAGopLeavesOverIsGivenToPackedChunks) {
  OpenSegment segment = Make();
  const auto first = segment.Take(RunNo(1), true, 8192, 40960);
  ASSERT_TRUE(segment.Take(RunNo(2), true, 8192, 40960));  // so that the first is not at the front
  ASSERT_TRUE(segment.Take(RunNo(1), true, 8192, 40960));  // next GOP: a new extent
  const auto packed = segment.Take(RunNo(3), true, 4096, 0);
  EXPECT_EQ(packed->offset_bytes, first->offset_bytes + 8192);
}

TEST(OpenSegmentTest, TheEndOfTheLastExtentIsFrontAgain) {
  OpenSegment segment = Make();
  const auto first = segment.Take(RunNo(1), true, 8192, 40960);
  const auto next = segment.Take(RunNo(1), true, 8192, 40960);
  EXPECT_EQ(next->offset_bytes, first->offset_bytes + 8192);
}

TEST(OpenSegmentTest, WithoutNewExtentsOpenOnesAreStillFilled) {
  OpenSegment segment = Make();
  ASSERT_TRUE(segment.Take(RunNo(1), true, 8192, 40960));
  segment.StopNewExtents();
  EXPECT_TRUE(segment.Take(RunNo(1), false, 8192, 0));
  EXPECT_FALSE(segment.Take(RunNo(2), true, 40960, 40960));
  segment.Close();
  EXPECT_FALSE(segment.Take(RunNo(1), false, 8192, 0));
}

// It stands whole in the segment that takes new extents; what is packed may fill a hole.
TEST(OpenSegmentTest, WithoutNewExtentsNoGopIsTorn) {
  OpenSegment segment = Make();
  ASSERT_TRUE(segment.Take(RunNo(1), true, 8192, 40960));
  ASSERT_TRUE(segment.Take(RunNo(2), true, 8192, 40960));
  EXPECT_TRUE(segment.GoesOn(RunNo(1), 32768));
  EXPECT_FALSE(segment.GoesOn(RunNo(1), 36864));
  EXPECT_FALSE(segment.GoesOn(RunNo(3), 4096));
  segment.StopNewExtents();
  // Its own rest is 32768 bytes of room for others now, which is less than it needs.
  EXPECT_FALSE(segment.Take(RunNo(1), true, 8192, 40960));
  EXPECT_TRUE(segment.Take(RunNo(3), true, 8192, 8192));
  EXPECT_TRUE(segment.Take(RunNo(4), true, 8192, 24576));
}

TEST(OpenSegmentTest, AGroupStandsInWholeGranules) {
  OpenSegment segment = Make(16384);
  const std::vector<uint32_t> sizes = {4096, 8192, 12288};
  const auto first = segment.TakeGroup(sizes);
  const auto second = segment.TakeGroup(sizes);
  ASSERT_TRUE(first && second);
  EXPECT_EQ((*first)[1].offset_bytes, (*first)[0].offset_bytes + 4096);
  EXPECT_EQ((*second)[0].offset_bytes % 16384, 0U);
  EXPECT_EQ((*second)[0].offset_bytes, (*first)[0].offset_bytes + 32768);
}

// O1 and O2 under a random workload, until nothing fits any more; O5 at its end.
TEST(OpenSegmentTest, NoByteIsGivenTwice) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Rng rng(seed);
    OpenSegment segment = Make();
    const SegmentGeometry geometry{kSegmentBytes, 4096};
    std::set<uint64_t> blocks;
    uint32_t seq = 0;
    for (int refused = 0; refused < 20;) {
      const auto chunk = static_cast<uint32_t>(4096 * (1 + rng.Below(6)));
      const auto extent = static_cast<uint32_t>(rng.Chance(1, 2) ? 0 : 4096 * rng.Below(20));
      const auto run = static_cast<uint8_t>(rng.Below(6));
      const auto place = segment.Take(RunNo(run), rng.Chance(1, 3), chunk, extent);
      if (!place) {
        ++refused;
        continue;
      }
      ASSERT_EQ(place->seq.value, ++seq);
      ASSERT_GE(place->offset_bytes, place->extent_base_bytes);
      ASSERT_LE(place->offset_bytes + chunk, place->extent_base_bytes + place->extent_bytes);
      ASSERT_GE(place->offset_bytes, geometry.data_begin_bytes());
      ASSERT_LE(place->offset_bytes + chunk, geometry.footer_offset_bytes());
      for (uint64_t at = 0; at < chunk; at += 4096)
        ASSERT_TRUE(blocks.insert(place->offset_bytes + at).second) << "seed " << seed;
    }
    ASSERT_GT(seq, 20U) << "seed " << seed;
  }
}

TEST(OpenSegmentTest, ClosesBeforeItsFooterWouldNotFit) {
  constexpr uint64_t kSmall = 64U << 10;
  OpenSegment small = Make(4096, kSmall);  // 4096 bytes of footer, 13 blocks of data
  OpenSegment large = Make(4096, 8U << 20);
  uint32_t chunks = 0;
  while (small.Take(RunNo(1), true, 4096, 0)) ++chunks;
  EXPECT_EQ(chunks, 13U);
  chunks = 0;
  while (large.Take(RunNo(1), true, 4096, 0)) ++chunks;  // no row has come back yet: the worst case
  EXPECT_EQ(chunks, (32768U - sizeof(format::FooterHead)) / format::DirectoryEncoder::kRowBytesMax);
}

TEST(OpenSegmentTest, DurableIsWhatHadCompletedWhenTheSyncWasSubmitted) {
  OpenSegment segment = Make();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(segment.Take(RunNo(1), true, 4096, 0));
  segment.Completed({2});
  EXPECT_FALSE(segment.WantsSync());  // 1 is missing
  segment.Completed({1});
  ASSERT_TRUE(segment.WantsSync());
  segment.SyncSubmitted();
  segment.Completed({3});
  EXPECT_FALSE(segment.WantsSync());  // one at a time
  EXPECT_EQ(segment.SyncSucceeded().value, 2U);
  EXPECT_TRUE(segment.WantsSync());
  segment.SyncSubmitted();
  segment.SyncFailed();
  EXPECT_EQ(segment.durable().value, 2U);
  EXPECT_FALSE(segment.all_durable());
}

TEST(OpenSegmentDeathTest, AChunkCompletesOnce) {
  OpenSegment segment = Make();
  ASSERT_TRUE(segment.Take(RunNo(1), true, 4096, 0));
  segment.Completed({1});
  EXPECT_DEATH(segment.Completed({1}), "O3");
  EXPECT_DEATH((void)segment.EncodeFooter(), "S2");
}

}  // namespace
}  // namespace reel
