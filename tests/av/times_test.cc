// Clocks on their own: derived times, capture offsets, and times of an export.

#include <gtest/gtest.h>

#include <deque>
#include <limits>

#include "engine/av/capture_clock.h"
#include "engine/av/unit_times.h"
#include "engine/media/export_clock.h"

namespace reel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int64_t kFar = std::numeric_limits<int64_t>::max();

PacketTrack TrackOf(PacketTimes times) {
  PacketTrack track;
  track.info.timescale = 1000;
  track.times = times;
  return track;
}

UnitTime Given(std::optional<int64_t> pts, std::optional<int64_t> dts = std::nullopt) {
  UnitTime time;
  time.pts = pts;
  time.dts = dts;
  return time;
}

std::vector<int64_t> DtsOfPts(const std::vector<int64_t>& pts) {
  const auto times = MakeUnitTimes(TrackOf(PacketTimes::kPtsOnly));
  std::deque<UnitTime> units;
  for (int64_t t : pts) {
    units.push_back(Given(t));
    times->Add(&units.back());
  }
  times->Flush();
  std::vector<int64_t> dts;
  for (const UnitTime& unit : units) {
    EXPECT_TRUE(unit.timed);
    dts.push_back(unit.dts.value_or(-1));
  }
  return dts;
}

TEST(UnitTimes, DtsFromPresentationOrder) {
  EXPECT_EQ(DtsOfPts({0, 40, 80, 120}), (std::vector<int64_t>{0, 40, 80, 120}));
  EXPECT_EQ(DtsOfPts({0, 120, 40, 80, 240, 160, 200}),
            (std::vector<int64_t>{-40, 0, 40, 80, 120, 160, 200}));
  // A pyramid: depth 2.
  EXPECT_EQ(DtsOfPts({0, 160, 80, 40, 120}), (std::vector<int64_t>{-80, -40, 0, 40, 80}));
}

TEST(UnitTimes, ClockThatJumpsBackBeginsAnew) {
  std::vector<int64_t> pts;
  for (int64_t i = 0; i < 20; ++i) pts.push_back(100'000 + i * 40);
  for (int64_t i = 0; i < 5; ++i) pts.push_back(i * 40);
  EXPECT_EQ(DtsOfPts(pts), pts);
}

TEST(UnitTimes, DeeperReorderingThanAtFirstStillRises) {
  std::vector<int64_t> pts;
  for (int64_t i = 0; i < 20; ++i) pts.push_back(i * 40);
  pts.insert(pts.end(), {1000, 840, 880});
  const std::vector<int64_t> dts = DtsOfPts(pts);
  for (size_t i = 1; i < dts.size(); ++i) EXPECT_GT(dts[i], dts[i - 1]) << i;
}

TEST(UnitTimes, AbsurdTimesDoNotOverflow) {
  const std::vector<int64_t> dts = DtsOfPts({kFar, -kFar, 0, kFar, kFar});
  EXPECT_EQ(dts.size(), 5U);
}

TEST(UnitTimes, HolesAreFilledByTheUsualStep) {
  const auto times = MakeUnitTimes(TrackOf(PacketTimes::kGiven));
  std::vector<UnitTime> units(6);
  units[0] = Given(60, 0);
  units[1] = Given(80, 20);
  units[3] = Given(120, 60);
  units[4] = Given(140);  // dts is pts then
  for (UnitTime& unit : units) times->Add(&unit);
  EXPECT_EQ(*units[2].dts, 40);
  EXPECT_EQ(*units[2].pts, 100);
  EXPECT_EQ(*units[4].dts, 140);
  EXPECT_GT(*units[5].dts, 140);
}

TEST(UnitTimes, PicturesAreCountedInTheOrderShown) {
  const auto times = MakeUnitTimes(TrackOf(PacketTimes::kNone));
  std::deque<UnitTime> units;
  const auto add = [&](int64_t period, int64_t count) {
    units.emplace_back();
    units.back().order = PictureOrder{period, count, 40};
    times->Add(&units.back());
  };
  for (int64_t count : {0, 6, 2, 4}) add(1, count);
  for (int64_t count : {0, 4, 2}) add(2, count);
  times->Flush();
  const std::vector<int64_t> expected_pts = {0, 120, 40, 80, 160, 240, 200};
  for (size_t i = 0; i < units.size(); ++i) {
    ASSERT_TRUE(units[i].timed);
    EXPECT_EQ(*units[i].pts, expected_pts[i]) << i;
    EXPECT_EQ(*units[i].dts, static_cast<int64_t>(i) * 40 - 40) << i;
  }
}

TEST(CaptureClock, FollowsTheFirstUnit) {
  CaptureClock clock(2);
  EXPECT_EQ(clock.Advance(0, hours(1), std::nullopt), seconds(0));
  EXPECT_EQ(clock.Advance(0, hours(1) + milliseconds(40), std::nullopt), milliseconds(40));
  EXPECT_EQ(clock.Advance(1, hours(1) + milliseconds(60), std::nullopt), milliseconds(60));
}

TEST(CaptureClock, OneAbsurdStampMovesNothing) {
  for (const Duration absurd : {Duration(hours(50)), Duration(-hours(50))}) {
    CaptureClock clock(1);
    clock.Advance(0, seconds(0), std::nullopt);
    clock.Advance(0, seconds(1), std::nullopt);
    EXPECT_TRUE(clock.NeedsNext(0, absurd));
    EXPECT_EQ(clock.Advance(0, absurd, seconds(3)), seconds(1));
    EXPECT_EQ(clock.Advance(0, seconds(3), std::nullopt), seconds(3));
  }
}

TEST(CaptureClock, MissingTimeStays) {
  CaptureClock clock(1);
  clock.Advance(0, seconds(0), std::nullopt);
  EXPECT_EQ(clock.Advance(0, hours(2), hours(2) + seconds(1)), hours(2));
  EXPECT_EQ(clock.Advance(0, hours(2) + seconds(1), std::nullopt), hours(2) + seconds(1));
}

TEST(CaptureClock, OnePictureAMinuteIsNoJump) {
  CaptureClock clock(1);
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(clock.Advance(0, seconds(60 * i), seconds(60 * (i + 1))), seconds(60 * i));
  }
}

TEST(CaptureClock, ClockThatBeginsAnewGoesOn) {
  CaptureClock clock(1);
  clock.Advance(0, seconds(100), std::nullopt);
  clock.Advance(0, seconds(101), std::nullopt);
  EXPECT_EQ(clock.Advance(0, seconds(5), seconds(6)), seconds(1));
  EXPECT_EQ(clock.Advance(0, seconds(6), std::nullopt), seconds(2));
}

TEST(CaptureClock, NeverFallsWhateverComes) {
  CaptureClock clock(1);
  Duration last{0};
  uint64_t state = 1;
  for (int i = 0; i < 10'000; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const Duration dts = MediaToDuration(static_cast<int64_t>(state), i % 3 == 0 ? 1 : 90'000);
    const Duration now = clock.Advance(0, dts, i % 2 == 0 ? std::optional(-dts) : std::nullopt);
    ASSERT_GE(now, last);
    last = now;
  }
}

UnitView At(int64_t pts, int64_t dts, Duration wall) {
  UnitView unit;
  unit.pts = pts;
  unit.dts = dts;
  unit.wall = WallTime{} + wall;
  return unit;
}

TEST(ExportClock, MediaTimeLeads) {
  ExportClock clock(1000, WallTime{} + milliseconds(40));
  EXPECT_EQ(clock.Place(At(540, 500, seconds(0))).dts, -40);
  const ExportClock::Times times = clock.Place(At(620, 540, milliseconds(55)));  // jitter
  EXPECT_EQ(times.dts, 0);
  EXPECT_EQ(times.pts, 80);
}

TEST(ExportClock, WallClockReplacesAJump) {
  ExportClock clock(1000, WallTime{});
  clock.Place(At(0, 0, seconds(0)));
  EXPECT_EQ(clock.Place(At(kFar, kFar, seconds(1))).dts, 1000);
  EXPECT_EQ(clock.Place(At(2000, 2000, seconds(2))).dts, 2000);
  EXPECT_EQ(clock.Place(At(0, 0, seconds(62))).dts, 62'000);
  clock.BeginRun();
  EXPECT_EQ(clock.Place(At(5, 5, seconds(70))).dts, 70'000);
}

TEST(ExportClock, GapStays) {
  ExportClock clock(1000, WallTime{});
  clock.Place(At(0, 0, seconds(0)));
  EXPECT_EQ(clock.Place(At(3'600'000, 3'600'000, hours(1))).dts, 3'600'000);
}

TEST(ExportClock, EqualTimesStillRise) {
  ExportClock clock(1000, WallTime{});
  EXPECT_EQ(clock.Place(At(10, 10, seconds(0))).dts, 0);
  EXPECT_EQ(clock.Place(At(10, 10, seconds(0))).dts, 1);
  EXPECT_EQ(clock.Place(At(10, 10, seconds(0))).dts, 2);
  EXPECT_EQ(clock.Place(At(50, 50, milliseconds(40))).dts, 40);
}

TEST(ExportClock, AbsurdDelayIsNone) {
  ExportClock clock(1000, WallTime{});
  const ExportClock::Times times = clock.Place(At(kFar, 0, seconds(0)));
  EXPECT_EQ(times.pts, times.dts);
}

}  // namespace
}  // namespace reel
