// One suite for every form of Index: what reel/index.h promises, by example.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/memory_index.h"
#include "index/rocks_index.h"
#include "tests/index/index_rows.h"

namespace reel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct InMaps {
  MemoryIndex index;
  Index& get() { return index; }
};
struct OnDisk {
  TempDirectory directory;
  std::unique_ptr<Index> index = *OpenRocksIndex(directory.index(), {});
  Index& get() { return *index; }
};
struct InMemory {
  std::unique_ptr<Index> index = *OpenInMemoryIndex({});
  Index& get() { return *index; }
};

template <class Form>
class IndexContract : public ::testing::Test {
 protected:
  Index& index() { return form_.get(); }

  void Write(const IndexBatch& batch) {
    const Status status = index().Write(batch);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // GOP number i of run 1: two seconds, 50 units, from kHourBegin on, one segment.
  GopRow Gop(int i, SegmentSerial serial = {1}) {
    return MakeGop(kStream, RunOf(1), kHourBegin + i * 2 * kSecond,
                   2 * kSecond - std::chrono::milliseconds{40}, static_cast<uint64_t>(i) * 50, 50,
                   serial);
  }
  std::vector<GopRow> Forward(WallTime from, size_t limit = 100) {
    return *index().Gops(kStream, from, Direction::kForward, limit);
  }
  std::vector<GopRow> Backward(WallTime from, size_t limit = 100) {
    return *index().Gops(kStream, from, Direction::kBackward, limit);
  }
  std::vector<CoverageRow> Hours(WallTime from, Duration length) {
    return *index().Coverage(kStream, {from, from + length}, Bucket::kHour);
  }

  static constexpr StreamId kStream{{1}};

 private:
  Form form_;
};

using Forms = ::testing::Types<InMaps, OnDisk, InMemory>;
TYPED_TEST_SUITE(IndexContract, Forms);

TYPED_TEST(IndexContract, StartsEmpty) {
  EXPECT_THAT(this->Forward(kWallMin), IsEmpty());
  EXPECT_THAT(this->Backward(kWallMax), IsEmpty());
  EXPECT_THAT(*this->index().Streams(), IsEmpty());
  EXPECT_THAT(*this->index().Segments(kVolume), IsEmpty());
  EXPECT_EQ(*this->index().Progress(kVolume), std::nullopt);
  EXPECT_TRUE(this->index().Sync().ok());
}

TYPED_TEST(IndexContract, SeeksIncludeTheInstantAsked) {
  this->Write(GopBatch({this->Gop(0), this->Gop(1), this->Gop(2)}));
  const WallTime second = this->Gop(1).begin;
  EXPECT_THAT(this->Forward(second, 1), ElementsAre(this->Gop(1)));
  EXPECT_THAT(this->Forward(second + Duration{1}, 1), ElementsAre(this->Gop(2)));
  EXPECT_THAT(this->Backward(second, 1), ElementsAre(this->Gop(1)));
  EXPECT_THAT(this->Backward(second - Duration{1}, 1), ElementsAre(this->Gop(0)));
  EXPECT_THAT(this->Backward(kWallMax), ElementsAre(this->Gop(2), this->Gop(1), this->Gop(0)));
  EXPECT_THAT(this->Backward(kHourBegin - Duration{1}), IsEmpty());
  EXPECT_THAT(this->Forward(this->Gop(2).begin + Duration{1}), IsEmpty());
  EXPECT_THAT(this->Forward(kWallMin, 0), IsEmpty());
}

TYPED_TEST(IndexContract, SeeksCrossEmptyMonths) {
  const Duration quarter = 90 * 24 * kHour;
  GopRow late = this->Gop(0);
  late.begin = late.begin + quarter;
  late.end = late.end + quarter;
  this->Write(GopBatch({this->Gop(0), late}));
  EXPECT_THAT(this->Forward(kHourBegin + kSecond), ElementsAre(late));
  EXPECT_THAT(this->Backward(late.begin - Duration{1}), ElementsAre(this->Gop(0)));
}

TYPED_TEST(IndexContract, TimesBefore1970AndAtTheEndsOfTimeAreInOrder) {
  std::vector<GopRow> rows;
  for (const WallTime begin : {kWallMin, WallTime{-60'000'000'001}, WallTime{-1}, WallTime{0}}) {
    rows.push_back(MakeGop(this->kStream, RunOf(1), begin, Duration{0}, rows.size(), 1, {1}));
  }
  rows.push_back(MakeGop(this->kStream, RunOf(1), kWallMax, Duration{0}, 9, 1, {1}));
  this->Write(GopBatch(rows));
  EXPECT_EQ(this->Forward(kWallMin), rows);
  EXPECT_EQ(this->Forward(WallTime{-1}, 1).front(), rows[2]);
  EXPECT_EQ(this->Hours(kWallMin, Duration::max()).size(), 2U);
}

TYPED_TEST(IndexContract, RunsThatShareAMinuteAreReadInOrderOfTime) {
  std::vector<GopRow> rows;
  for (uint8_t i = 0; i < 6; ++i) {
    rows.push_back(MakeGop(this->kStream, RunOf(static_cast<uint8_t>(9 - i % 3)),
                           kHourBegin + i * kSecond, kSecond, i, 1, {1}));
  }
  this->Write(GopBatch({rows[3], rows[0], rows[5]}));
  this->Write(GopBatch({rows[4], rows[2], rows[1]}));
  EXPECT_EQ(this->Forward(kHourBegin), rows);
  EXPECT_EQ(this->Forward(kHourBegin + 2 * kSecond, 2),
            std::vector(rows.begin() + 2, rows.begin() + 4));
  std::reverse(rows.begin(), rows.end());
  EXPECT_EQ(this->Backward(kHourBegin + 5 * kSecond), rows);
}

TYPED_TEST(IndexContract, OneInstantIsOrderedByRunThenUnit) {
  const GopRow a = MakeGop(this->kStream, RunOf(1), kHourBegin, kSecond, 5, 1, {1});
  const GopRow b = MakeGop(this->kStream, RunOf(1), kHourBegin, kSecond, 6, 1, {1});
  const GopRow c = MakeGop(this->kStream, RunOf(2), kHourBegin, kSecond, 1, 1, {1});
  this->Write(GopBatch({c, b, a}));
  EXPECT_THAT(this->Forward(kHourBegin), ElementsAre(a, b, c));
}

TYPED_TEST(IndexContract, AGopOfTheSameKeyReplacesTheFormer) {
  GopRow growing = this->Gop(0);
  this->Write(GopBatch({growing}));
  growing.end = growing.end + kSecond;
  growing.pieces.push_back({kVolume, {2}, 8192, 500, {50}, 25});
  this->Write(GopBatch({growing}));
  EXPECT_THAT(this->Forward(kHourBegin), ElementsAre(growing));
  ASSERT_EQ(this->Hours(kHourBegin, kHour).size(), 1U);
  EXPECT_EQ(this->Hours(kHourBegin, kHour)[0].bytes, 1500U);
  EXPECT_EQ(this->Hours(kHourBegin, kHour)[0].gops, 1U);
}

TYPED_TEST(IndexContract, StreamsAreKeptApart) {
  GopRow other = this->Gop(0);
  other.stream = StreamId{{2}};
  this->Write(GopBatch({this->Gop(0), other}));
  EXPECT_THAT(this->Forward(kWallMin), ElementsAre(this->Gop(0)));
  EXPECT_THAT(this->Backward(kWallMax), ElementsAre(this->Gop(0)));
  EXPECT_THAT(*this->index().Gops(StreamId{{3}}, kWallMin, Direction::kForward, 9), IsEmpty());
}

TYPED_TEST(IndexContract, GopsAreBoundedWhateverIsAsked) {
  std::vector<GopRow> rows;
  for (int i = 0; i < 5000; ++i) rows.push_back(this->Gop(i));
  this->Write(GopBatch(rows));
  EXPECT_EQ(this->Forward(kWallMin, 1'000'000).size(), 4096U);
  EXPECT_EQ(this->Backward(kWallMax, 1'000'000).size(), 4096U);
}

TYPED_TEST(IndexContract, RetiringHidesPiecesAtOnce) {
  GopRow both = this->Gop(0, {1});
  both.pieces.push_back({kVolume, {2}, 0, 700, {50}, 10});
  this->Write(GopBatch({both, this->Gop(1, {1}), this->Gop(2, {2})}));
  this->Write(SegmentBatch({MakeSegment({1}, SegmentState::kRetired)}));
  GopRow rest = both;
  rest.pieces.erase(rest.pieces.begin());
  rest.flags = 0;
  rest.lead_bytes = 0;
  EXPECT_THAT(this->Forward(kHourBegin), ElementsAre(rest, this->Gop(2, {2})));
  EXPECT_THAT(this->Backward(kWallMax), ElementsAre(this->Gop(2, {2}), rest));
  const auto hours = this->Hours(kHourBegin, kHour);
  ASSERT_EQ(hours.size(), 1U);
  EXPECT_EQ(hours[0].bytes, 1700U);
  EXPECT_EQ(hours[0].gops, 2U);
  this->Write(SegmentBatch({MakeSegment({2}, SegmentState::kFree)}));
  EXPECT_THAT(this->Forward(kHourBegin), IsEmpty());
  EXPECT_THAT(this->Hours(kHourBegin, kHour), IsEmpty());
}

TYPED_TEST(IndexContract, AGopThatStandsTwiceStaysCleanWhenOneCopyGoes) {
  GopRow both = this->Gop(0, {1});
  both.pieces.push_back({kVolume, {2}, 0, 700, both.first_unit, 10});
  this->Write(GopBatch({both}));
  EXPECT_EQ(this->Forward(kHourBegin).front().end_unit().value, both.first_unit.value + 50);
  this->Write(SegmentBatch({MakeSegment({1}, SegmentState::kRetired)}));
  both.pieces.erase(both.pieces.begin());
  both.lead_bytes = 0;
  EXPECT_THAT(this->Forward(kHourBegin), ElementsAre(both));
}

TYPED_TEST(IndexContract, LosingALaterPieceLeavesAGopClean) {
  GopRow both = this->Gop(0, {1});
  both.pieces.push_back({kVolume, {2}, 0, 700, {50}, 10});
  this->Write(GopBatch({both}));
  this->Write(SegmentBatch({MakeSegment({2}, SegmentState::kRetired)}));
  both.pieces.pop_back();
  EXPECT_THAT(this->Forward(kHourBegin), ElementsAre(both));
}

TYPED_TEST(IndexContract, OnlyTheVolumeNamedLosesTheSerial) {
  GopRow elsewhere = this->Gop(0, {1});
  elsewhere.pieces[0].volume = {2};
  this->Write(GopBatch({elsewhere}));
  this->Write(SegmentBatch({MakeSegment({1}, SegmentState::kRetired)}));
  EXPECT_THAT(this->Forward(kHourBegin), ElementsAre(elsewhere));
}

TYPED_TEST(IndexContract, WritesIntoADeadSegmentStayUnseen) {
  this->Write(SegmentBatch({MakeSegment({1}, SegmentState::kRetired)}));
  this->Write(GopBatch({this->Gop(0, {1}), this->Gop(1, {2})}));
  EXPECT_THAT(this->Forward(kHourBegin), ElementsAre(this->Gop(1, {2})));
  EXPECT_EQ(this->Hours(kHourBegin, kHour)[0].gops, 1U);
}

TYPED_TEST(IndexContract, DeadIsForGoodAndTheBatchIsRefusedWhole) {
  this->Write(SegmentBatch({MakeSegment({1}, SegmentState::kRetired)}));
  IndexBatch batch = SegmentBatch({MakeSegment({1}, SegmentState::kSealed)});
  batch.gops = {this->Gop(0, {2})};
  EXPECT_EQ(this->index().Write(batch).code(), Code::kFailedPrecondition);
  EXPECT_THAT(this->Forward(kHourBegin), IsEmpty());
  IndexBatch undecided = SegmentBatch(
      {MakeSegment({2}, SegmentState::kRetired), MakeSegment({1}, SegmentState::kOpen)});
  EXPECT_EQ(this->index().Write(undecided).code(), Code::kFailedPrecondition);
  this->Write(GopBatch({this->Gop(0, {2})}));
  EXPECT_THAT(this->Forward(kHourBegin), ElementsAre(this->Gop(0, {2})));
}

TYPED_TEST(IndexContract, ADeadRowLeavesTheCatalogueWithItsFile) {
  const SegmentRow free = MakeSegment({1}, SegmentState::kFree, 7);
  const SegmentRow other = MakeSegment({2}, SegmentState::kRetired, 8);
  this->Write(SegmentBatch({free, other}));
  EXPECT_THAT(*this->index().Segments(kVolume), ElementsAre(free, other));
  const SegmentRow next = MakeSegment({3}, SegmentState::kOpen, 7);
  this->Write(SegmentBatch({next}));
  EXPECT_THAT(*this->index().Segments(kVolume), ElementsAre(other, next));
  this->Write(GopBatch({this->Gop(0, {1})}));
  EXPECT_THAT(this->Forward(kHourBegin), IsEmpty()) << "the serial stays dead";
  EXPECT_THAT(*this->index().Segments({2}), IsEmpty());
}

TYPED_TEST(IndexContract, CoverageJoinsWhatContinues) {
  this->Write(GopBatch({this->Gop(0), this->Gop(1)}));
  auto hours = this->Hours(kHourBegin, kHour);
  ASSERT_EQ(hours.size(), 1U);
  EXPECT_EQ(hours[0],
            (CoverageRow{kHourBegin, 4 * kSecond - std::chrono::milliseconds{40}, 2000, 2}));
  this->Write(GopBatch({this->Gop(3)}));  // units 100..149 are missing
  EXPECT_EQ(this->Hours(kHourBegin, kHour)[0].covered,
            6 * kSecond - 2 * std::chrono::milliseconds{40});
  this->Write(GopBatch({this->Gop(2)}));
  EXPECT_EQ(this->Hours(kHourBegin, kHour)[0].covered, 8 * kSecond - std::chrono::milliseconds{40});
}

TYPED_TEST(IndexContract, SinglePicturesJoinForAMinuteAndNoLonger) {
  for (int i = 0; i < 3; ++i) {
    this->Write(GopBatch({MakeGop(this->kStream, RunOf(1), kHourBegin + i * kMinute, Duration{0},
                                  static_cast<uint64_t>(i), 1, {1})}));
  }
  EXPECT_EQ(this->Hours(kHourBegin, kHour)[0].covered, 2 * kMinute);
  this->Write(GopBatch({MakeGop(this->kStream, RunOf(1), kHourBegin + 3 * kMinute + Duration{1},
                                Duration{0}, 3, 1, {1})}));
  EXPECT_EQ(this->Hours(kHourBegin, kHour)[0].covered, 2 * kMinute);
}

TYPED_TEST(IndexContract, CoverageIsSplitAtTheEdgesOfHourAndDay) {
  const WallTime midnight = kHourBegin + 3 * kHour;
  this->Write(GopBatch(
      {MakeGop(this->kStream, RunOf(1), midnight - 3 * kSecond, 10 * kSecond, 0, 10, {1})}));
  EXPECT_THAT(this->Hours(midnight - kHour, 2 * kHour),
              ElementsAre(CoverageRow{midnight - kHour, 3 * kSecond, 1000, 1},
                          CoverageRow{midnight, 7 * kSecond, 0, 0}));
  EXPECT_THAT(*this->index().Coverage(this->kStream, {midnight - kSecond, midnight + kSecond},
                                      Bucket::kDay),
              ElementsAre(CoverageRow{midnight - 24 * kHour, 3 * kSecond, 1000, 1},
                          CoverageRow{midnight, 7 * kSecond, 0, 0}));
}

TYPED_TEST(IndexContract, AJoinAcrossTheEdgeIsLostWithItsFollower) {
  const WallTime edge = kHourBegin + kHour;
  const GopRow last = MakeGop(this->kStream, RunOf(1), edge - 2 * kSecond, kSecond, 0, 50, {1});
  const GopRow first = MakeGop(this->kStream, RunOf(1), edge + kSecond, kSecond, 50, 50, {2});
  this->Write(GopBatch({first}));
  this->Write(GopBatch({last}));
  EXPECT_THAT(this->Hours(kHourBegin, 2 * kHour),
              ElementsAre(CoverageRow{kHourBegin, 2 * kSecond, 1000, 1},
                          CoverageRow{edge, 2 * kSecond, 1000, 1}));
  this->Write(SegmentBatch({MakeSegment({2}, SegmentState::kRetired)}));
  EXPECT_THAT(this->Hours(kHourBegin, 2 * kHour),
              ElementsAre(CoverageRow{kHourBegin, kSecond, 1000, 1}));
}

TYPED_TEST(IndexContract, OneGopCoversAnHourAtMost) {
  this->Write(GopBatch({MakeGop(this->kStream, RunOf(1), kHourBegin, 48 * kHour, 0, 10, {1})}));
  EXPECT_THAT(this->Hours(kHourBegin, 72 * kHour),
              ElementsAre(CoverageRow{kHourBegin, kHour, 1000, 1}));
}

TYPED_TEST(IndexContract, CoverageGivesTheBucketsTheRangeOverlaps) {
  this->Write(GopBatch({this->Gop(0), this->Gop(1800)}));
  EXPECT_EQ(this->Hours(kHourBegin, kHour).size(), 1U);
  EXPECT_EQ(this->Hours(kHourBegin, kHour + Duration{1}).size(), 2U);
  EXPECT_EQ(this->Hours(kHourBegin + kHour - Duration{1}, Duration{2}).size(), 2U);
  EXPECT_EQ(this->Hours(kHourBegin - kHour, kHour).size(), 0U);
  EXPECT_EQ(this->Hours(kHourBegin, Duration{0}).size(), 0U);
}

TYPED_TEST(IndexContract, RunsAreFoundByWhatTheyTouch) {
  const RunRow month{this->kStream, RunOf(1), kHourBegin - 30 * 24 * kHour, kHourBegin,
                     EndCause::kOpen};
  const RunRow instant{this->kStream, RunOf(2), kHourBegin, kHourBegin, EndCause::kShutdown};
  const RunRow later{this->kStream, RunOf(3), kHourBegin + kSecond, kHourBegin + kMinute,
                     EndCause::kSourceLost};
  IndexBatch batch;
  batch.runs = {later, month, instant};
  this->Write(batch);
  const auto runs = [this](WallTime begin, WallTime end, size_t limit = 10) {
    return *this->index().Runs(this->kStream, {begin, end}, limit);
  };
  EXPECT_THAT(runs(kHourBegin, kHourBegin + Duration{1}), ElementsAre(month, instant));
  EXPECT_THAT(runs(kHourBegin + Duration{1}, kWallMax), ElementsAre(later));
  EXPECT_THAT(runs(kHourBegin - 24 * kHour, kHourBegin), ElementsAre(month));
  EXPECT_THAT(runs(kWallMin, kWallMax), ElementsAre(month, instant, later));
  EXPECT_THAT(runs(kWallMin, kWallMax, 2), ElementsAre(month, instant));
  EXPECT_THAT(runs(kHourBegin, kWallMax, 1), ElementsAre(month));
  EXPECT_THAT(runs(kHourBegin, kHourBegin), IsEmpty());
}

TYPED_TEST(IndexContract, ARunThatGrowsIsOneRow) {
  IndexBatch batch;
  batch.runs = {{this->kStream, RunOf(1), kHourBegin, kHourBegin, EndCause::kOpen}};
  for (int i = 0; i < 30; ++i) {
    batch.runs[0].end = kHourBegin + kSecond * (int64_t{1} << i);
    this->Write(batch);
    EXPECT_EQ(*this->index().Runs(this->kStream, {batch.runs[0].end, kWallMax}, 10), batch.runs);
  }
}

TYPED_TEST(IndexContract, GapsAreHalfOpen) {
  const GapRow gap{this->kStream, kHourBegin, kHourBegin + kHour, GapCause::kSourceLost, 0};
  const GapRow other_cause{this->kStream, kHourBegin, kHourBegin + kMinute, GapCause::kOverload,
                           17};
  IndexBatch batch;
  batch.gaps = {other_cause, gap};
  this->Write(batch);
  const auto gaps = [this](WallTime begin, WallTime end) {
    return *this->index().Gaps(this->kStream, {begin, end}, 10);
  };
  EXPECT_THAT(gaps(kHourBegin, kWallMax), ElementsAre(gap, other_cause));
  EXPECT_THAT(gaps(kHourBegin + kMinute, kWallMax), ElementsAre(gap));
  EXPECT_THAT(gaps(kHourBegin + kHour, kWallMax), IsEmpty());
  EXPECT_THAT(gaps(kWallMin, kHourBegin), IsEmpty());
}

TYPED_TEST(IndexContract, SmallRowsAreReplacedByKey) {
  IndexBatch batch;
  batch.streams = {{this->kStream, "gate", kDefaultClass, kHourBegin}};
  batch.volumes = {{kVolume, IdOf<VolumeId>(5), {1}}};
  this->Write(batch);
  batch.streams[0].name = std::string(255, 'g');
  batch.volumes[0].epoch = {2};
  this->Write(batch);
  EXPECT_EQ(*this->index().Streams(), batch.streams);
  EXPECT_EQ(*this->index().Progress(kVolume), batch.volumes[0]);
  EXPECT_EQ(*this->index().Progress({9}), std::nullopt);
}

TYPED_TEST(IndexContract, MalformedBatchesAreRefusedWhole) {
  const auto refused = [this](auto&& spoil) {
    IndexBatch batch = GopBatch({this->Gop(0), this->Gop(1)});
    spoil(&batch);
    return this->index().Write(batch).code() == Code::kInvalidArgument &&
           this->Forward(kWallMin).empty();
  };
  EXPECT_TRUE(refused([](IndexBatch* b) { b->gops[1].pieces.clear(); }));
  EXPECT_TRUE(refused([](IndexBatch* b) { b->gops[1].pieces.resize(kMaxPieces + 1); }));
  EXPECT_TRUE(refused([](IndexBatch* b) { b->gops[1].end = b->gops[1].begin - Duration{1}; }));
  EXPECT_TRUE(refused([](IndexBatch* b) { b->gops[1].pieces[0].serial = {~uint64_t{0}}; }));
  EXPECT_TRUE(refused([](IndexBatch* b) { b->runs = {{{}, {}, {1}, {0}, EndCause::kOpen}}; }));
  EXPECT_TRUE(refused([](IndexBatch* b) { b->gaps = {{{}, {1}, {0}, GapCause::kUnknown, 0}}; }));
  EXPECT_TRUE(refused([](IndexBatch* b) { b->streams = {{{}, "", {}, {}}}; }));
  EXPECT_TRUE(refused([](IndexBatch* b) { b->streams = {{{}, std::string(256, 'x'), {}, {}}}; }));
  EXPECT_TRUE(refused(
      [](IndexBatch* b) { b->segments = {MakeSegment({~uint64_t{0}}, SegmentState::kRetired)}; }));
}

TYPED_TEST(IndexContract, TheLargestGopFits) {
  GopRow row = this->Gop(0);
  row.pieces.clear();
  for (uint32_t i = 0; i < kMaxPieces; ++i) {
    row.pieces.push_back({{static_cast<uint16_t>(i % 3)}, {i}, uint64_t{i} << 40, ~i, {i}, 1});
  }
  row.lead_bytes = ~uint32_t{0};
  this->Write(GopBatch({row}));
  EXPECT_THAT(this->Forward(kWallMin), ElementsAre(row));
}

}  // namespace
}  // namespace reel
