// IntervalSet against a plain set of numbers.
#include "engine/store/interval_set.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/testing/sim_clock.h"

namespace reel {
namespace {

TEST(IntervalSetTest, AgreesWithAPlainSet) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    IntervalSet set;
    std::set<uint64_t> model;
    for (int step = 0; step < 100; ++step) {
      const uint64_t begin = rng.Below(200);
      const uint64_t end = begin + rng.Below(12);
      ASSERT_TRUE(set.Insert(begin, end));
      for (uint64_t n = begin; n < end; ++n) model.insert(n);
      const uint64_t probe = rng.Below(220);
      ASSERT_EQ(set.contains(probe), model.count(probe) != 0) << "seed " << seed;
      uint64_t prefix = probe;
      while (model.count(prefix) != 0) ++prefix;
      ASSERT_EQ(set.EndOfPrefix(probe), prefix) << "seed " << seed;
      ASSERT_EQ(set.empty(), model.empty());
      ASSERT_EQ(set.end(), model.empty() ? 0 : *model.rbegin() + 1);
      // The next beginning of an interval: a number that is there and whose forerunner is not.
      uint64_t next = probe + 1;
      while (next < 300 && (model.count(next) == 0 || model.count(next - 1) != 0)) ++next;
      ASSERT_EQ(set.NextAfter(probe), next == 300 ? UINT64_MAX : next) << "seed " << seed;
    }
  }
}

TEST(IntervalSetTest, RefusesOneIntervalTooManyAndChangesNothing) {
  IntervalSet set;
  for (uint64_t i = 0; i < IntervalSet::kMaxIntervals; ++i)
    ASSERT_TRUE(set.Insert(2 * i, 2 * i + 1));
  const uint64_t beyond = 2 * IntervalSet::kMaxIntervals;
  EXPECT_FALSE(set.Insert(beyond, beyond + 1));
  EXPECT_FALSE(set.contains(beyond));
  EXPECT_TRUE(set.Insert(1, 2));  // joins two: no more than before
  EXPECT_EQ(set.EndOfPrefix(0), 3U);
  EXPECT_TRUE(set.Insert(beyond, beyond + 1));
}

}  // namespace
}  // namespace reel
