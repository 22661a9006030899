#include "bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace reel::bench {

// Below 2^kLinearBits the value itself; above, the power of two and the bits behind the leading
// one. 1000 = 0b1111101000 with 7 bits: shift 2, bucket (2 + 1) * 128 + 0b1111010 = 506, which
// holds 1000 to 1003.
size_t Histogram::BucketOf(uint64_t ns) {
  const auto bits = static_cast<unsigned>(std::bit_width(ns));
  if (bits <= kLinearBits) return ns;
  const unsigned shift = bits - 1 - kLinearBits;
  return ((size_t{shift} + 1) << kLinearBits) + ((ns >> shift) - (uint64_t{1} << kLinearBits));
}

uint64_t Histogram::UpperEnd(size_t bucket) {
  const size_t row = bucket >> kLinearBits;
  const uint64_t column = bucket & ((uint64_t{1} << kLinearBits) - 1);
  if (row == 0) return column;
  const uint64_t begin = ((uint64_t{1} << kLinearBits) + column) << (row - 1);
  return begin + (uint64_t{1} << (row - 1)) - 1;
}

void Histogram::Record(Duration value, uint64_t times) {
  if (times == 0) return;
  const auto ns = static_cast<uint64_t>(std::max<int64_t>(value.count(), 0));
  constexpr uint64_t kLargest = (uint64_t{1} << kMaxBits) - 1;
  buckets_.at(BucketOf(std::min(ns, kLargest))) += times;
  count_ += times;
  sum_ns_ += static_cast<double>(ns) * static_cast<double>(times);
  max_ = std::max(max_, Duration{static_cast<int64_t>(ns)});
}

void Histogram::Add(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_.at(i) += other.buckets_.at(i);
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  max_ = std::max(max_, other.max_);
}

Duration Histogram::mean() const {
  if (count_ == 0) return Duration{0};
  return Duration{static_cast<int64_t>(sum_ns_ / static_cast<double>(count_))};
}

Duration Histogram::Percentile(double percent) const {
  const auto wanted = static_cast<uint64_t>(
      std::max(1.0, std::ceil(percent / 100 * static_cast<double>(count_) - 1e-9)));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_.at(i);
    if (seen >= wanted) return std::min(Duration{static_cast<int64_t>(UpperEnd(i))}, max_);
  }
  return max_;
}

double Milliseconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }
double Seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }

}  // namespace reel::bench
