#include "tools/local_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "tools/time_args.h"

namespace reel {
namespace {

using testing::HasSubstr;

// The zone of this process, until it is destroyed.
class Zone {
 public:
  explicit Zone(const char* name) { Set(name); }
  ~Zone() { Set("UTC"); }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  static void Set(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
};

// Central Europe by rule, so that no table of zones is needed.
constexpr char kEurope[] = "CET-1CEST,M3.5.0,M10.5.0/3";

WallTime Utc(const char* text) { return ParseWall(text).value(); }
std::string Parsed(const char* text, WallTime now) {
  const Result<WallTime> time = ParseTime(text, now);
  return time.ok() ? FormatWall(*time, 0) : time.status().message();
}

TEST(LocalText, HasTheZonesOffset) {
  const WallTime winter = Utc("2026-01-01T23:30:00.25Z");
  EXPECT_EQ(LocalText(winter), "2026-01-01T23:30:00.250Z");
  const Zone zone(kEurope);
  EXPECT_EQ(LocalText(winter), "2026-01-02T00:30:00.250+01:00");
  EXPECT_EQ(LocalText(Utc("2026-07-01T12:00:00Z"), 0), "2026-07-01T14:00:00+02:00");
  EXPECT_EQ(ParseTime(LocalText(winter, 9), winter).value(), winter) << "can be typed back";
  const Zone half("XXX3:30");
  EXPECT_EQ(LocalText(winter, 0), "2026-01-01T20:00:00-03:30");
  EXPECT_EQ(LocalText({-1}, 9), "1969-12-31T20:29:59.999999999-03:30");
}

TEST(ParseLocal, TakesDaysAndClocksOfTheZone) {
  const Zone zone(kEurope);
  const WallTime now = Utc("2026-07-01T22:30:00Z");  // 00:30 of the 2nd there
  EXPECT_EQ(Parsed("today 09:30", now), "2026-07-02T07:30:00Z");
  EXPECT_EQ(Parsed("09:30", now), "2026-07-02T07:30:00Z");
  EXPECT_EQ(Parsed("yesterday 14:00:05", now), "2026-07-01T12:00:05Z");
  EXPECT_EQ(Parsed("yesterday", now), "2026-06-30T22:00:00Z");
  EXPECT_EQ(Parsed("2026-01-01 14:00", now), "2026-01-01T13:00:00Z");
  EXPECT_EQ(Parsed("2026-01-01T14:00:30", now), "2026-01-01T13:00:30Z");
  EXPECT_EQ(Parsed("2026-01-01", now), "2025-12-31T23:00:00Z");
  EXPECT_EQ(Parsed("2026-01-01T14:00:30Z", now), "2026-01-01T14:00:30Z") << "said outright";
  EXPECT_EQ(ParseTime("14:00:00.5", now).value(), Utc("2026-07-02T12:00:00.5Z"));
}

// Evidence must not be looked for an hour off.
TEST(ParseLocal, RefusesAnHourThatNeverWasOrWasTwice) {
  const Zone zone(kEurope);
  const WallTime now = Utc("2026-10-25T12:00:00Z");
  EXPECT_THAT(Parsed("2026-03-29 02:30", now), HasSubstr("put forward"));
  EXPECT_EQ(Parsed("2026-03-29 03:00", now), "2026-03-29T01:00:00Z");
  EXPECT_THAT(Parsed("today 02:30", now), HasSubstr("2026-10-25T02:30:00+02:00"));
  EXPECT_THAT(Parsed("today 02:30", now), HasSubstr("2026-10-25T02:30:00+01:00"));
  EXPECT_EQ(Parsed("2026-10-25 03:00", now), "2026-10-25T02:00:00Z");
}

TEST(ParseLocal, OutsideOfTheYearsIsSaid) {
  for (const char* text : {"2263-01-01T00:00:00Z", "2263-01-01 00:00", "1600-01-01 00:00"}) {
    const Status status = ParseTime(text, {0}).status();
    EXPECT_EQ(status.code(), Code::kOutOfRange) << text;
    EXPECT_THAT(status.message(), HasSubstr("1678 to 2262"));
  }
}

}  // namespace
}  // namespace reel
