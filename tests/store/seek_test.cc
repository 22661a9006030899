#include "engine/store/seek.h"

#include "engine/store/stretch.h"
#include "tests/store/read_fixture.h"

namespace reel {
namespace {

using testing::HasSubstr;

// Counts lookups; otherwise the index it stands before.
class CountingIndex : public MemoryIndex {
 public:
  Result<std::vector<GopRow>> Gops(StreamId stream, WallTime from, Direction direction,
                                   size_t limit) override {
    ++lookups;
    return MemoryIndex::Gops(stream, from, direction, limit);
  }
  int lookups = 0;
};

class SeekTest : public ReadTest {
 protected:
  // "A25 @1s" and what is special about it.
  std::string To(WallTime t, SeekRule rule = SeekRule::kAtOrBefore) {
    const Result<SeekPoint> point = SeekIn(footage_, kStream, t, rule);
    if (!point.ok()) return std::string(CodeName(point.status().code()));
    EXPECT_EQ(point->stream, kStream);
    const bool pre_rolls = !point->in_gap && point->begin <= t;
    EXPECT_EQ(point->pre_roll, pre_rolls ? t - point->begin : Duration{0});
    return std::string(1, static_cast<char>(point->run.bytes[0])) +
           std::to_string(point->unit.value) + (point->in_gap ? " gap" : "") +
           (point->durable ? "" : " live");
  }
  std::string Back(WallTime t) { return To(t, SeekRule::kBackward); }
};

constexpr Duration kNs{1};

TEST_F(SeekTest, FindsTheCleanPointAtOrBefore) {
  StoreGops('A', 0, At(10), 5);
  EXPECT_EQ(To(At(12)), "A50");
  EXPECT_EQ(To(At(12) - kNs), "A25");
  EXPECT_EQ(To(At(12) + kNs), "A50");
  EXPECT_EQ(To(At(12.5)), "A50");
  EXPECT_EQ(Back(At(12.5)), "A50");
  EXPECT_EQ(To(At(10)), "A0");
}

TEST_F(SeekTest, AGapLeadsForwardOrBack) {
  StoreGops('A', 0, At(10), 2);
  StoreGops('B', 0, At(20), 2);
  EXPECT_EQ(To(At(15)), "B0 gap");
  EXPECT_EQ(Back(At(15)), "A25 gap");
  EXPECT_EQ(To(At(5)), "A0 gap");
  EXPECT_EQ(Back(At(5)), "NotFound");
  EXPECT_EQ(Back(At(99)), "B25 gap");
}

TEST_F(SeekTest, HalfASecondBehindTheLastUnitIsStillFootage) {
  StoreGops('A', 0, At(10), 1);
  StoreGops('B', 0, At(20), 1);
  const WallTime last = At(10.96);
  EXPECT_EQ(To(last + kFootageTolerance), "A0");
  EXPECT_EQ(To(last + kFootageTolerance + kNs), "B0 gap");
}

TEST_F(SeekTest, PastTheEndSaysWhereFootageEnds) {
  StoreGops('A', 0, At(10), 2);
  const Result<SeekPoint> point = SeekIn(footage_, kStream, At(60), SeekRule::kAtOrBefore);
  ASSERT_EQ(point.status().code(), Code::kNotFound);
  EXPECT_THAT(point.status().message(), HasSubstr(FormatWall(At(11.96))));
  EXPECT_EQ(Back(At(60)), "A25 gap");
}

TEST_F(SeekTest, ASilentSourceIsNoGapWhileItsRunGoesOn) {
  Store({.first = 0, .units = 1, .begin = At(10), .clean = true});
  Store({.first = 1, .units = 1, .begin = At(20), .clean = true});
  Store({.first = 2, .units = 1, .begin = At(90), .clean = true});
  EXPECT_EQ(To(At(15)), "A0");
  EXPECT_EQ(To(At(50)), "A2 gap");  // more than a minute apart
}

TEST_F(SeekTest, DoesNotDecodeAcrossAHole) {
  StoreGop('A', 0, At(10), 2);              // 0..9
  Store({.first = 15, .begin = At(10.6)});  // 10..14 never came
  StoreGop('A', 20, At(11), 5);
  EXPECT_EQ(To(At(10.3)), "A0");
  EXPECT_EQ(To(At(10.7)), "A20");  // in footage, but not from A0
  EXPECT_EQ(Back(At(10.7)), "A0");
}

TEST_F(SeekTest, WalksBackThroughAGopOfManyRows) {
  Store({.first = 0, .begin = At(10), .clean = true});
  for (uint64_t i = 1; i < 40; ++i) {
    assembler_.Clear();  // each chunk becomes a row of its own
    Store({.first = 5 * i, .begin = At(10 + 0.2 * static_cast<double>(i))});
  }
  EXPECT_EQ(To(At(17.9)), "A0");
}

TEST_F(SeekTest, FindsARunThatAnotherOneHides) {
  StoreGop('A', 0, At(10), 50);  // ten seconds
  Store({.run = 'B', .units = 1, .begin = At(15), .clean = true});
  EXPECT_EQ(To(At(15)), "B0");
  EXPECT_EQ(To(At(18)), "A0");
}

TEST_F(SeekTest, WhatIsInMemoryCounts) {
  StoreGops('A', 0, At(10), 1);
  Buffer({.first = 25, .begin = At(11), .clean = true, .durable = false});
  Buffer({.first = 30, .begin = At(11.2), .durable = false});
  EXPECT_EQ(To(At(11.3)), "A25 live");
  EXPECT_EQ(To(At(10.5)), "A0");
  EXPECT_EQ(Back(At(60)), "A25 gap live");
}

TEST_F(SeekTest, NothingIsMissedBetweenMemoryAndIndex) {
  Buffer({.first = 0, .begin = At(10), .clean = true});
  footage_.after_live = [this] {
    footage_.live.clear();
    Store({.first = 0, .begin = At(10), .clean = true});
  };
  EXPECT_EQ(To(At(10.1)), "A0");
}

TEST_F(SeekTest, TheSamePlaceInMemoryAndIndexIsDurable) {
  Store({.first = 0, .begin = At(10), .clean = true});
  Buffer({.first = 0, .begin = At(10), .clean = true, .durable = false});
  EXPECT_EQ(To(At(10.1)), "A0");
}

TEST_F(SeekTest, RecycledFootageIsNotFound) {
  StoreGop('A', 0, At(10));
  Recycle(1);
  StoreGop('A', 25, At(11));
  EXPECT_EQ(To(At(10.2)), "A25 gap");
}

TEST_F(SeekTest, TakesOneLookupInFootageAndTwoInAGap) {
  CountingIndex counting;
  FakeFootage footage(clock_, counting);
  IndexBatch batch;
  for (uint64_t i = 0; i < 100; ++i) {
    GopRow row;
    row.stream = kStream;
    row.run = RunNamed('A');
    row.begin = At(static_cast<double>(i));
    row.end = At(static_cast<double>(i) + 0.96);
    row.first_unit = {i * 25};
    row.flags = kGopClean;
    row.pieces = {{VolumeNo{1}, SegmentSerial{1}, 8192, 4096, row.first_unit, 25}};
    batch.gops.push_back(row);
  }
  ASSERT_TRUE(counting.Write(batch).ok());
  ASSERT_TRUE(SeekIn(footage, kStream, At(50.5), SeekRule::kAtOrBefore).ok());
  EXPECT_EQ(counting.lookups, 1);
  ASSERT_TRUE(SeekIn(footage, kStream, At(-9), SeekRule::kAtOrBefore).ok());
  EXPECT_EQ(counting.lookups, 3);
}

TEST_F(SeekTest, ThePictureIsOneDeviceReadOfItsBytes) {
  AddSlowVolume();
  for (uint64_t i = 0; i < 4; ++i) {
    Store({.first = 5 * i, .begin = At(10), .clean = i == 0, .unit_bytes = 30'000, .volume = 3});
  }
  const MonoTime begin = clock_.MonoNow();
  const SeekPoint point = SeekIn(footage_, kStream, At(10), SeekRule::kAtOrBefore).value();
  const uint64_t before = volume(3).reads();
  const Result<Keyframe> keyframe = ReadKeyframe(footage_, point);
  ASSERT_TRUE(keyframe.ok()) << keyframe.status().ToString();
  EXPECT_EQ(volume(3).reads() - before, 1U);
  EXPECT_LE(clock_.MonoNow() - begin, std::chrono::microseconds(RoundUp(31'000, 4096)));
  EXPECT_EQ(keyframe->unit.bytes, UnitContent('A', 0, 30'000));
  EXPECT_EQ(keyframe->unit.wall, At(10));
  EXPECT_EQ(keyframe->tracks, Tracks(640));
  EXPECT_TRUE(keyframe->durable);
}

TEST_F(SeekTest, ThePictureMayBeInMemory) {
  Buffer({.first = 0, .begin = At(10), .clean = true, .durable = false});
  const SeekPoint point = SeekIn(footage_, kStream, At(10), SeekRule::kAtOrBefore).value();
  const Result<Keyframe> keyframe = ReadKeyframe(footage_, point);
  ASSERT_TRUE(keyframe.ok());
  EXPECT_EQ(keyframe->unit.bytes, UnitContent('A', 0, 900));
  EXPECT_FALSE(keyframe->durable);
}

TEST_F(SeekTest, ADamagedOrRecycledPictureIsAnError) {
  const format::ChunkRow row = Store({.first = 0, .begin = At(10), .clean = true});
  const SeekPoint point = SeekIn(footage_, kStream, At(10), SeekRule::kAtOrBefore).value();
  Corrupt(row, row.lead_bytes - 10);
  EXPECT_EQ(ReadKeyframe(footage_, point).status().code(), Code::kDataLoss);
  EXPECT_EQ(footage_.damage.size(), 1U);
  Recycle(1, /*tell=*/false);
  EXPECT_EQ(ReadKeyframe(footage_, point).status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace reel
