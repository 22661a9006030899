// Histogram: counts of durations with a bounded relative error, in the manner of HdrHistogram
// (Tene, hdrhistogram.org): buckets are linear within each power of two, so a percentile is wrong
// by less than 0.8 % whatever its size, and recording costs no memory.
// Thread rule: one thread at a time.
#pragma once

#include <array>
#include <cstdint>

#include "reel/time.h"

namespace reel::bench {

class Histogram {
 public:
  // Negative counts as zero; beyond some 17 minutes as that.
  void Record(Duration value, uint64_t times = 1);
  void Add(const Histogram& other);

  uint64_t count() const { return count_; }
  // Exact.
  Duration max() const { return max_; }
  Duration mean() const;
  // The least value that at least `percent` of all recorded ones do not exceed, as the upper end of
  // its bucket; never above max(). 0 <= percent <= 100. Zero when nothing was recorded.
  Duration Percentile(double percent) const;

 private:
  static constexpr unsigned kLinearBits = 7;  // 128 buckets for each power of two
  static constexpr unsigned kMaxBits = 40;
  static constexpr size_t kBuckets = (kMaxBits - kLinearBits + 1) << kLinearBits;

  static size_t BucketOf(uint64_t ns);
  static uint64_t UpperEnd(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  double sum_ns_ = 0;
  Duration max_{0};
};

double Milliseconds(Duration d);
double Seconds(Duration d);

}  // namespace reel::bench
