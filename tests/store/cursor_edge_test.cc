// Cursors where footage is being recycled.
#include "engine/store/cursor.h"
#include "tests/store/read_fixture.h"

namespace reel {
namespace {

class CursorEdgeTest : public ReadTest {};

// Not even for one in the middle of a GOP, which has been read by then.
TEST_F(CursorEdgeTest, NoSegmentIsKeptForAReaderThatWaits) {
  StoreGops('A', 0, At(10), 2);
  const auto cursor = OpenCursor(footage_, kStream, {}).value();
  EXPECT_EQ(Story(*cursor, 7), "run A, tracks 640, A0-4, ");
  Recycle(1, /*tell=*/false);
  EXPECT_EQ(Story(*cursor), "A5-24, gap expired 1000ms 25, end");
}

TEST_F(CursorEdgeTest, WhatIsRecycledBeforeAReaderGetsThereHasExpired) {
  StoreGops('A', 0, At(10), 2);
  Store({.first = 50, .begin = At(12), .clean = true, .volume = 2});
  CursorOptions options;
  options.range.begin = At(10.5);
  const auto cursor = OpenCursor(footage_, kStream, options).value();
  EXPECT_EQ(Story(*cursor, 7), "run A, tracks 640, A0-4, ");
  Recycle(1);
  EXPECT_EQ(Story(*cursor), "A5-24, gap expired 1040ms 25, A50-54, end");
}

TEST_F(CursorEdgeTest, WhatExpiresBehindWhatHasExpiredIsNotUnknown) {
  StoreGops('A', 0, At(10), 2);
  Store({.first = 50, .begin = At(12), .clean = true, .volume = 2});
  CursorOptions options;
  options.range.begin = At(10.5);
  const auto cursor = OpenCursor(footage_, kStream, options).value();
  IndexBatch batch;
  batch.segments.emplace_back();
  batch.segments[0].volume = {1};
  batch.segments[0].serial = volume().serial();
  batch.segments[0].state = SegmentState::kFree;
  Recycle(1, /*tell=*/false);
  EXPECT_EQ(Story(*cursor, 2), "run A, gap expired 960ms 25, ");
  TestVolume::MustBeOk(index_.Write(batch));
  EXPECT_EQ(Story(*cursor), "gap expired 0ms 25, tracks 640, A50-54, end");
}

}  // namespace
}  // namespace reel
