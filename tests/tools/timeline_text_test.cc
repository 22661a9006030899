#include "tools/timeline_text.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

Span At(int64_t begin, int64_t end) {
  return {{WallTime{begin}, WallTime{end}}, {}, EndCause::kOpen};
}

constexpr WallRange kRange{WallTime{0}, WallTime{100}};

TEST(DrawBar, TellsFullFromPartFromNone) {
  EXPECT_EQ(DrawBar({At(0, 30), At(45, 70)}, kRange, 10), "###.+##...");
}

TEST(DrawBar, AnInstantMissingShows) {
  EXPECT_EQ(DrawBar({At(0, 49), At(50, 100)}, kRange, 10), "####+#####");
  EXPECT_EQ(DrawBar({At(50, 51)}, kRange, 10), ".....+....");
}

TEST(DrawBar, SpansOverlapTouchAndReachOut) {
  EXPECT_EQ(DrawBar({At(40, 200), At(-50, 20), At(10, 40)}, kRange, 5), "#####");
}

TEST(DrawBar, ARangeOfCenturiesDoesNotOverflow) {
  const WallRange all{kWallMin, kWallMax};
  EXPECT_EQ(DrawBar({{all, {}, EndCause::kOpen}}, {WallTime{0}, kWallMax}, 4), "####");
}

TEST(CoveredTime, CountsOverlapOnce) {
  EXPECT_EQ(CoveredTime({At(0, 30), At(20, 40), At(90, 200)}, kRange), Duration{50});
  EXPECT_EQ(CoveredTime({}, kRange), Duration{0});
}

}  // namespace
}  // namespace reel
