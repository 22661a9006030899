#include "reel/time.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

WallTime At(std::string_view text) {
  const Result<WallTime> parsed = ParseWall(text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.status().ToString();
  return parsed.ok() ? *parsed : WallTime{};
}

TEST(ParseWallTest, ReadsRfc3339) {
  EXPECT_EQ(At("1970-01-01T00:00:00Z").ns, 0);
  EXPECT_EQ(At("1985-04-12T23:20:50.52Z").ns, 482'196'050'520'000'000);
  EXPECT_EQ(At("1969-12-31T23:59:59.999999999Z").ns, -1);
  EXPECT_EQ(At("2024-02-29T00:00:00Z").ns, 1'709'164'800'000'000'000);
  EXPECT_EQ(At("2026-11-22t14:05:00z"), At("2026-11-22 14:05:00Z"));
}

TEST(ParseWallTest, OffsetsAreTakenOff) {
  EXPECT_EQ(At("1996-12-19T16:39:57-08:00"), At("1996-12-20T00:39:57Z"));
  EXPECT_EQ(At("2026-11-22T21:05:00+07:00"), At("2026-11-22T14:05:00Z"));
  EXPECT_EQ(At("2026-01-01T05:29:59.5+05:30"), At("2025-12-31T23:59:59.500Z"));
  EXPECT_EQ(At("2026-11-22T14:05:00-00:00"), At("2026-11-22T14:05:00+00:00"));
  EXPECT_EQ(At("2026-11-23T13:04:00+23:59"), At("2026-11-22T13:05:00Z"));
}

TEST(ParseWallTest, LeapSecondIsTheNextMinute) {
  EXPECT_EQ(At("2016-12-31T23:59:60Z"), At("2017-01-01T00:00:00Z"));
  EXPECT_EQ(At("2016-12-31T23:59:60.25Z"), At("2017-01-01T00:00:00.25Z"));
  EXPECT_FALSE(ParseWall("2016-12-31T23:59:61Z").ok());
}

TEST(ParseWallTest, BadTextIsInvalidArgumentThatNamesIt) {
  for (const std::string_view text : {
           "",
           "now",
           "2026-11-22",
           "2026-11-22T14:05Z",
           "2026-11-22T14:05:00",       // no offset: a time of which zone?
           "2026-11-22T14:05:00+7:00",  // hours have two digits
           "2026-11-22T14:05:00+0700",
           "2026-11-22T14:05:00+24:00",
           "2026-11-22T14:05:00+07:60",
           "2026-11-22T14:05:00.Z",
           "2026-11-22T14:05:00.1234567890Z",
           "2026-11-22T14:05:00,5Z",
           "2026-11-22T24:00:00Z",
           "2026-11-22T14:60:00Z",
           "2026-02-29T00:00:00Z",
           "2026-00-01T00:00:00Z",
           "2026-13-01T00:00:00Z",
           "2026-04-31T00:00:00Z",
           "2026-04-00T00:00:00Z",
           "2026-11-22T14:05:00Z ",
           "2026-11-22T14:05:00ZZ",
           " 2026-11-22T14:05:00Z",
           "26-11-22T14:05:00Z",
           "+2026-11-22T14:05:00Z",
           "-026-11-22T14:05:00Z",
           "2026/11/22T14:05:00Z",
       }) {
    const Result<WallTime> parsed = ParseWall(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), Code::kInvalidArgument) << text;
    EXPECT_NE(parsed.status().message().find("'" + std::string(text) + "'"), std::string::npos);
  }
}

TEST(ParseWallTest, ATruncatedTimeIsNeverOne) {
  const std::string whole = "2026-11-22T14:05:00.123456789+07:00";
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseWall(std::string_view(whole).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(ParseWall(std::string_view("2026-11-22T14:05:00\0Z", 21)).ok());
}

TEST(ParseWallTest, TheEndsOfTheRange) {
  EXPECT_EQ(At("2262-04-11T23:47:16.854775807Z"), kWallMax);
  EXPECT_EQ(At("1677-09-21T00:12:43.145224192Z"), kWallMin);
  for (const std::string_view text :
       {"2262-04-11T23:47:16.854775808Z", "1677-09-21T00:12:43.145224191Z", "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:60Z", "9999-12-31T23:59:59-23:59"}) {
    EXPECT_EQ(ParseWall(text).status().code(), Code::kOutOfRange) << text;
  }
}

TEST(FormatWallTest, CutsToTheDecimalsAsked) {
  const WallTime t = At("2026-11-22T21:16:00.250999999Z");
  EXPECT_EQ(FormatWall(t), "2026-11-22T21:16:00.250Z");
  EXPECT_EQ(FormatWall(t, 0), "2026-11-22T21:16:00Z");
  EXPECT_EQ(FormatWall(t, 9), "2026-11-22T21:16:00.250999999Z");
  EXPECT_EQ(FormatWall(WallTime{5}, 9), "1970-01-01T00:00:00.000000005Z");
}

TEST(FormatWallTest, ReadsBackOverTheWholeRange) {
  for (const int64_t ns :
       {kWallMin.ns, kWallMin.ns + 1, int64_t{-1'000'000'001}, int64_t{-1'000'000'000}, int64_t{-1},
        int64_t{0}, int64_t{1}, int64_t{951'782'400'000'000'000}, kWallMax.ns - 1, kWallMax.ns}) {
    EXPECT_EQ(At(FormatWall(WallTime{ns}, 9)).ns, ns);
  }
  // A year and a bit at a time, so that every kind of year and month is met.
  for (int64_t ns = kWallMin.ns; ns < kWallMax.ns - 34'567'890'123'456'789;
       ns += 34'567'890'123'456'789) {
    ASSERT_EQ(At(FormatWall(WallTime{ns}, 9)).ns, ns);
  }
}

TEST(WallTimeTest, ArithmeticSaturates) {
  EXPECT_EQ(WallTime{5} + nanoseconds{3}, WallTime{8});
  EXPECT_EQ(WallTime{5} - seconds{1}, WallTime{-999'999'995});
  EXPECT_EQ(kWallMax + nanoseconds{1}, kWallMax);
  EXPECT_EQ(kWallMin + nanoseconds{-1}, kWallMin);
  EXPECT_EQ(kWallMin - nanoseconds{1}, kWallMin);
  EXPECT_EQ(kWallMax - nanoseconds{-1}, kWallMax);
  EXPECT_EQ(WallTime{0} - Duration::min(), kWallMax);
  EXPECT_EQ(WallTime{-1} - Duration::min(), kWallMax);
  EXPECT_EQ(kWallMin - Duration::min(), WallTime{0});
}

TEST(WallTimeTest, DifferencesSaturate) {
  EXPECT_EQ(WallTime{8} - WallTime{5}, nanoseconds{3});
  EXPECT_EQ(kWallMax - kWallMin, Duration::max());
  EXPECT_EQ(kWallMin - kWallMax, Duration::min());
  EXPECT_EQ(WallTime{0} - kWallMin, Duration::max());
}

TEST(WallRangeTest, IsHalfOpen) {
  const WallRange range{WallTime{10}, WallTime{20}};
  EXPECT_FALSE(range.contains(WallTime{9}));
  EXPECT_TRUE(range.contains(WallTime{10}));
  EXPECT_TRUE(range.contains(WallTime{19}));
  EXPECT_FALSE(range.contains(WallTime{20}));
  EXPECT_FALSE(range.empty());
  EXPECT_TRUE((WallRange{WallTime{10}, WallTime{10}}.empty()));
  EXPECT_TRUE((WallRange{WallTime{20}, WallTime{10}}.empty()));
}

TEST(MonoTimeTest, CountsNanoseconds) {
  EXPECT_EQ(MonoTime{5} + nanoseconds{3}, MonoTime{8});
  EXPECT_EQ(MonoTime{5} - MonoTime{8}, nanoseconds{-3});
}

}  // namespace
}  // namespace reel
