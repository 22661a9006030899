#include "engine/store/timeline.h"

#include "tests/store/read_fixture.h"

namespace reel {
namespace {

class TimelineTest : public ReadTest {
 protected:
  // "A 10-11.96, gap expired 5-10": seconds behind kEpoch.
  std::string Between(double begin, double end) {
    const Result<Timeline> timeline =
        TimelineIn(footage_, kStream, {At(begin), At(end)}, Bucket::kHour);
    if (!timeline.ok()) return timeline.status().ToString();
    std::string text;
    for (const Span& span : timeline->spans) {
      text += std::string(1, static_cast<char>(span.run.bytes[0])) + " " + Words(span.range.begin) +
              "-" + Words(span.range.end) + ", ";
    }
    for (const GapRow& gap : timeline->gaps) {
      EXPECT_EQ(gap.stream, kStream);
      text += std::string(GapCauseName(gap.cause)) + " " + Words(gap.begin) + "-" + Words(gap.end) +
              ", ";
    }
    return text;
  }
  static std::string Words(WallTime t) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", static_cast<double>((t - kEpoch).count()) / 1e9);
    return text;
  }
};

TEST_F(TimelineTest, IsWhatRunsSayWithinTheRange) {
  StoreGops('A', 0, At(10), 10);
  EXPECT_EQ(Between(12, 15), "A 12-15, ");
  EXPECT_EQ(Between(10, 19.96), "A 10-19.96, ");
}

TEST_F(TimelineTest, BeforeTheStreamWasCreatedNothingWasRecorded) {
  footage_.created = At(5);
  StoreGops('A', 0, At(10), 1);
  EXPECT_EQ(Between(0, 10.5), "A 10-10.5, not-recorded 0-10, ");
  StoreGops('B', 0, At(20), 1);
  EXPECT_EQ(Between(0, 4), "not-recorded 0-4, ");
}

TEST_F(TimelineTest, TheEndOfARunSaysWhy) {
  StoreGops('A', 0, At(10), 1);
  StoreGops('B', 0, At(20), 1);
  const std::string spans = "A 10-10.96, B 20-20.5, ";
  const auto with = [&](EndCause cause) {
    AddRun('A', At(10), At(10.96), cause);
    return Between(10, 20.5).substr(spans.size());
  };
  EXPECT_EQ(with(EndCause::kSourceLost), "source-lost 10.96-20, ");
  EXPECT_EQ(with(EndCause::kShutdown), "recorder-down 10.96-20, ");
  EXPECT_EQ(with(EndCause::kEnded), "not-recorded 10.96-20, ");
  EXPECT_EQ(with(EndCause::kTimeBreak), "unknown 10.96-20, ");
  EXPECT_EQ(with(EndCause::kOpen), "unknown 10.96-20, ");
  // The run before the range says it too.
  AddRun('A', At(10), At(10.96), EndCause::kSourceLost);
  EXPECT_EQ(Between(15, 16), "source-lost 15-16, ");
}

TEST_F(TimelineTest, AnOpenRunWithoutUnitsHasLostItsSource) {
  StoreGops('A', 0, At(10), 1);
  footage_.recording.insert(RunNamed('A'));
  EXPECT_EQ(Between(10, 30), "A 10-10.96, source-lost 10.96-30, ");
}

TEST_F(TimelineTest, ASessionBetweenRunsMeansTheRecorderWasDown) {
  StoreGops('A', 0, At(10), 1);
  StoreGops('B', 0, At(100), 1);
  footage_.sessions = {At(1), At(90)};
  EXPECT_EQ(Between(10, 100.5), "A 10-10.96, B 100-100.5, recorder-down 10.96-100, ");
  footage_.sessions = {At(1), At(30)};
  EXPECT_EQ(Between(10, 100.5),
            "A 10-10.96, B 100-100.5, recorder-down 10.96-30, unknown 30-100, ");
}

TEST_F(TimelineTest, TheLedgerComesFirst) {
  StoreGops('A', 0, At(10), 1);
  StoreGops('B', 0, At(20), 1);
  AddRun('A', At(10), At(10.96), EndCause::kSourceLost);
  AddGap(At(12), At(14), GapCause::kDiskFull);
  AddGap(At(13), At(15), GapCause::kDiskError);
  EXPECT_EQ(Between(10, 20.5),
            "A 10-10.96, B 20-20.5, source-lost 10.96-12, disk-full 12-14, disk-error 14-15, "
            "source-lost 15-20, ");
}

TEST_F(TimelineTest, GapsInsideARunCutIt) {
  StoreGops('A', 0, At(10), 10);
  AddGap(At(12), At(12.2), GapCause::kOverload, 5);
  EXPECT_EQ(Between(10, 15), "A 10-12, A 12.2-15, overload 12-12.2, ");
  const Timeline timeline = TimelineIn(footage_, kStream, {At(10), At(15)}, Bucket::kHour).value();
  EXPECT_EQ(timeline.gaps[0].units_lost, 5U);
}

TEST_F(TimelineTest, AShortPauseIsNoGap) {
  StoreGops('A', 0, At(10), 1);
  StoreGops('B', 0, At(11.4), 1);
  EXPECT_EQ(Between(10, 12), "A 10-10.96, B 11.4-12, ");
  StoreGops('C', 0, At(13), 1);
  EXPECT_EQ(Between(11.4, 13.5), "B 11.4-12.36, C 13-13.5, unknown 12.36-13, ");
}

TEST_F(TimelineTest, WhatWasRecycledHasExpired) {
  StoreGops('A', 0, At(10), 3);
  Recycle(1);
  StoreGops('A', 75, At(13), 2);
  EXPECT_EQ(Between(5, 14), "A 13-14, not-recorded 5-10, expired 10-13, ");
  Recycle(1);
  EXPECT_EQ(Between(10, 14), "expired 10-14, ");
}

TEST_F(TimelineTest, WhatIsInMemoryCounts) {
  StoreGops('A', 0, At(10), 1);
  Buffer({.first = 25, .begin = At(11)});
  Buffer({.run = 'B', .first = 0, .begin = At(20), .clean = true});
  EXPECT_EQ(Between(10, 20.1), "A 10-11.16, B 20-20.1, unknown 11.16-20, ");
}

TEST_F(TimelineTest, TheFutureIsNoGap) {
  StoreGops('A', 0, At(10), 1);
  AddRun('A', At(10), At(10.96), EndCause::kSourceLost);
  EXPECT_EQ(Between(10, 99'999), "A 10-10.96, source-lost 10.96-3600, ");
}

TEST_F(TimelineTest, FootageAheadOfTheClockIsShown) {
  StoreGops('A', 0, At(10), 5);
  clock_.JumpWall(std::chrono::seconds(-3590));
  EXPECT_EQ(Between(10, 99'999), "A 10-14.96, ");
}

TEST_F(TimelineTest, RunsThatOverlapAreBothThere) {
  StoreGops('A', 0, At(10), 5);
  StoreGops('B', 0, At(12), 1);
  EXPECT_EQ(Between(10, 14), "A 10-14, B 12-12.96, ");
}

TEST_F(TimelineTest, HasTheBucketsOfTheIndex) {
  StoreGops('A', 0, At(10), 5);
  const Timeline timeline = TimelineIn(footage_, kStream, {At(0), At(100)}, Bucket::kHour).value();
  ASSERT_EQ(timeline.buckets.size(), 1U);
  EXPECT_EQ(timeline.buckets[0].gops, 5U);
}

TEST_F(TimelineTest, AnEmptyRangeIsEmpty) { EXPECT_EQ(Between(10, 10), ""); }

TEST_F(TimelineTest, AllOfTimeMayBeAsked) {
  StoreGops('A', 0, At(10), 1);
  const Timeline timeline =
      TimelineIn(footage_, kStream, {kWallMin, kWallMax}, Bucket::kDay).value();
  ASSERT_EQ(timeline.gaps.size(), 2U);
  EXPECT_EQ(timeline.gaps[0].begin, kWallMin);
  EXPECT_EQ(timeline.gaps[0].cause, GapCause::kNotRecorded);
}

}  // namespace
}  // namespace reel
