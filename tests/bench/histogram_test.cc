#include "bench/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/testing/sim_clock.h"

namespace reel::bench {
namespace {

TEST(HistogramTest, NothingRecordedIsZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.Percentile(99), Duration{0});
  EXPECT_EQ(histogram.mean(), Duration{0});
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (int64_t ns = 1; ns <= 100; ++ns) histogram.Record(Duration{ns});
  for (int percent = 1; percent <= 100; ++percent)
    EXPECT_EQ(histogram.Percentile(percent), Duration{percent});
  EXPECT_EQ(histogram.mean(), Duration{50});
}

TEST(HistogramTest, PercentilesAreWithinOnePercentOfTheSortedValues) {
  Histogram histogram;
  std::vector<int64_t> values;
  Rng rng(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto ns = static_cast<int64_t>(rng.Below(uint64_t{1} << rng.Below(38)));
    values.push_back(ns);
    histogram.Record(Duration{ns});
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto rank =
        static_cast<size_t>(std::ceil(percent / 100 * static_cast<double>(values.size()) - 1e-9));
    const int64_t exact = values[std::max<size_t>(rank, 1) - 1];
    const int64_t told = histogram.Percentile(percent).count();
    EXPECT_GE(told, exact) << percent;
    EXPECT_LE(told, exact + exact / 100 + 1) << percent;
  }
  EXPECT_EQ(histogram.max().count(), values.back());
}

TEST(HistogramTest, BeyondItsRangeOnlyTheMaximumIsExact) {
  Histogram histogram;
  histogram.Record(std::chrono::hours(5));
  EXPECT_EQ(histogram.max(), Duration{std::chrono::hours(5)});
  EXPECT_GT(histogram.Percentile(50), Duration{std::chrono::minutes(17)});
}

TEST(HistogramTest, SumOfTwoIsWhatOneWouldHold) {
  Histogram one;
  Histogram two;
  Histogram both;
  for (int64_t ns = 1; ns < 1'000'000; ns *= 3) {
    one.Record(Duration{ns}, 2);
    two.Record(Duration{ns * 2});
    both.Record(Duration{ns}, 2);
    both.Record(Duration{ns * 2});
  }
  one.Add(two);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.Percentile(50), both.Percentile(50));
  EXPECT_EQ(one.max(), both.max());
}

}  // namespace
}  // namespace reel::bench
