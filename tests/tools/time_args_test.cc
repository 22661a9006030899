#include "tools/time_args.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kNow{1'700'000'000'000'000'000};

TEST(ParseDuration, TakesNumbersWithUnits) {
  EXPECT_EQ(*ParseDuration("90s"), seconds(90));
  EXPECT_EQ(*ParseDuration("250ms"), milliseconds(250));
  EXPECT_EQ(*ParseDuration("1h30m"), minutes(90));
  EXPECT_EQ(*ParseDuration("7d"), hours(168));
  EXPECT_EQ(*ParseDuration("0s"), Duration{0});
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const char* text : {"", "h", "5", "5x", "-5s", "1h30", "1 h", "s5", "101y"}) {
    EXPECT_EQ(ParseDuration(text).status().code(), Code::kInvalidArgument) << text;
  }
}

TEST(ParseDuration, RefusesWhatOverflows) {
  EXPECT_TRUE(ParseDuration("36500d").ok());
  EXPECT_FALSE(ParseDuration("36500d1ms").ok());
  EXPECT_FALSE(ParseDuration("18446744073709551615d").ok());
  EXPECT_FALSE(ParseDuration("18446744073709551616d").ok());
}

TEST(ParseTime, TakesAbsoluteAndRelative) {
  EXPECT_EQ(*ParseTime("now", kNow), kNow);
  EXPECT_EQ(*ParseTime("-2h", kNow), kNow - hours(2));
  EXPECT_EQ(*ParseTime("now-2h", kNow), kNow - hours(2));
  EXPECT_EQ(*ParseTime("now+5m", kNow), kNow + minutes(5));
  EXPECT_EQ(*ParseTime("2023-11-14T22:13:20Z", kNow), kNow);
}

TEST(ParseTime, RefusesWithTheFormsItTakes) {
  for (const char* text :
       {"", "+5m", "now5m", "now-", "noon", "yesterday noon", "today14:00", "25:00", "2023-11-31",
        "2023-11-14 22", "14:00x", "2023-11-14T22:13:20+"}) {
    const Result<WallTime> time = ParseTime(text, kNow);
    ASSERT_FALSE(time.ok()) << text;
    EXPECT_NE(time.status().message().find("write it as"), std::string::npos)
        << time.status().message();
  }
}

TEST(IsRelativeTime, KnowsTimesFromOptions) {
  EXPECT_TRUE(IsRelativeTime("-2h"));
  EXPECT_FALSE(IsRelativeTime("-o"));
  EXPECT_FALSE(IsRelativeTime("--from"));
  EXPECT_FALSE(IsRelativeTime("-"));
  EXPECT_FALSE(IsRelativeTime("2h"));
}

TEST(ParseRange, LeavesMissingSidesOpen) {
  EXPECT_EQ(*ParseRange("", "", kNow), (WallRange{kWallMin, kWallMax}));
  EXPECT_EQ(*ParseRange("-1h", "", kNow), (WallRange{kNow - hours(1), kWallMax}));
}

TEST(ParseRange, NamesBothEndsOfABadOne) {
  const Result<WallRange> reversed = ParseRange("now", "-1h", kNow);
  ASSERT_FALSE(reversed.ok());
  EXPECT_NE(reversed.status().message().find("2023-11-14T22:13:20"), std::string::npos);
  EXPECT_NE(reversed.status().message().find("2023-11-14T21:13:20"), std::string::npos);
  EXPECT_NE(reversed.status().message().find("reversed"), std::string::npos);
  EXPECT_NE(ParseRange("now", "now", kNow).status().message().find("empty"), std::string::npos);
}

TEST(ParseSize, TakesPowersOf1024) {
  EXPECT_EQ(*ParseSize("4096"), 4096U);
  EXPECT_EQ(*ParseSize("64K"), 64U << 10);
  EXPECT_EQ(*ParseSize("10G"), 10ULL << 30);
  EXPECT_EQ(*ParseSize("16777215T"), 16777215ULL << 40);
}

TEST(ParseSize, RefusesWhatIsNone) {
  for (const char* text : {"", "G", "10GB", "-1", "1.5G", "10g", "16777216T", "10Gx"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(FormatDuration, GrowsWithItsLength) {
  EXPECT_EQ(FormatDuration(milliseconds(1250)), "1.250 s");
  EXPECT_EQ(FormatDuration(seconds(62)), "1m 02s");
  EXPECT_EQ(FormatDuration(hours(3) + seconds(1)), "3h 00m 01s");
  EXPECT_EQ(FormatDuration(hours(51)), "2d 03h 00m");
}

TEST(FormatSize, GrowsWithItsSize) {
  EXPECT_EQ(FormatSize(1023), "1023 B");
  EXPECT_EQ(FormatSize(1536), "1.5 KiB");
  EXPECT_EQ(FormatSize(10ULL << 30), "10.0 GiB");
}

TEST(ParseDuration, TakesFractions) {
  EXPECT_EQ(ParseDuration("2.5s").value(), std::chrono::milliseconds(2500));
  EXPECT_EQ(ParseDuration("0.5ms").value(), std::chrono::microseconds(500));
  EXPECT_EQ(ParseDuration("1.25d").value(), std::chrono::hours(30));
  EXPECT_EQ(ParseDuration("1.5m30s").value(), std::chrono::seconds(120));
  for (const char* text : {"2.s", ".5s", "2.5", "1.2.3s", "1.1234567891s"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
  EXPECT_EQ(ParseOffset("-2.5s").value(), std::chrono::milliseconds(-2500));
  EXPECT_EQ(ParseOffset("2.5s").value(), std::chrono::milliseconds(2500));
  EXPECT_FALSE(ParseOffset("--2s").ok());
}

}  // namespace
}  // namespace reel
