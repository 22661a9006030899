// LatencyMeter: counts how often something took how long.
//
// Thread rule: all calls from any thread at once; no locks. What Counts() gives while others count
// may lack the latest.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include "reel/counters.h"

namespace reel {

class LatencyMeter {
 public:
  void Count(Duration took) {
    const auto& bounds = LatencyCounts::kBounds;
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), took) - bounds.begin();
    counts_[static_cast<size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(took.count(), std::memory_order_relaxed);
  }

  LatencyCounts Counts() const {
    LatencyCounts result;
    for (size_t i = 0; i < counts_.size(); ++i) {
      result.counts[i] = counts_[i].load(std::memory_order_relaxed);
    }
    result.sum = Duration{sum_ns_.load(std::memory_order_relaxed)};
    return result;
  }

 private:
  std::array<std::atomic<uint64_t>, LatencyCounts::kBounds.size() + 1> counts_{};
  std::atomic<int64_t> sum_ns_ = 0;
};

}  // namespace reel
