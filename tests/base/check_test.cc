#include "engine/base/check.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

TEST(CheckTest, EvaluatesOnceAndPassesWhenTrue) {
  int calls = 0;
  REEL_CHECK(++calls == 1, "counted once");
  EXPECT_EQ(calls, 1);
}

TEST(CheckDeathTest, SaysWhereWhatAndWhy) {
  const int durable = 5;
  EXPECT_DEATH(REEL_CHECK(durable <= 4, "I3: written before durable"),
               "invariant broken at .*check_test.cc:[0-9]+: durable <= 4 .I3: written before");
}

}  // namespace
}  // namespace reel
