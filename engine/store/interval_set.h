// A set of unit numbers kept as half-open intervals; nearly always one. Bounded: beyond
// `intervals_max` an insertion that would add another is refused.
#pragma once

#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

namespace reel {

class IntervalSet {
 public:
  static constexpr size_t kMaxIntervals = 4096;

  bool contains(uint64_t n) const {
    auto at = intervals_.upper_bound(n);
    return at != intervals_.begin() && n < (--at)->second;
  }

  bool ContainsAll(uint64_t begin, uint64_t end) const { return EndOfPrefix(begin) >= end; }

  // False, with nothing done, when the bound is reached; likewise when memory is, which throws.
  bool Insert(uint64_t begin, uint64_t end, size_t intervals_max = kMaxIntervals) {
    if (begin >= end) return true;
    auto at = intervals_.upper_bound(begin);
    if (at != intervals_.begin() && std::prev(at)->second >= begin) --at;
    if ((at == intervals_.end() || at->first > end) && intervals_.size() >= intervals_max)
      return false;
    if (at == intervals_.end() || at->first > end) {
      intervals_.emplace_hint(at, begin, end);
      return true;
    }
    // The first that it touches grows, and takes up those behind.
    auto grown = at++;
    grown->second = end > grown->second ? end : grown->second;
    for (; at != intervals_.end() && at->first <= end; at = intervals_.erase(at))
      grown->second = at->second > grown->second ? at->second : grown->second;
    if (begin < grown->first) {
      auto node = intervals_.extract(grown);
      node.key() = begin;
      intervals_.insert(at, std::move(node));
    }
    return true;
  }

  // End of the interval that holds `n`, or n itself if none does.
  uint64_t EndOfPrefix(uint64_t n) const {
    auto at = intervals_.upper_bound(n);
    if (at == intervals_.begin()) return n;
    --at;
    return n < at->second ? at->second : n;
  }

  // Smallest number above `n` that begins an interval; the largest number there is when none does.
  uint64_t NextAfter(uint64_t n) const {
    const auto at = intervals_.upper_bound(n);
    return at == intervals_.end() ? std::numeric_limits<uint64_t>::max() : at->first;
  }

  bool empty() const { return intervals_.empty(); }
  // One past the highest.
  uint64_t end() const { return intervals_.empty() ? 0 : intervals_.rbegin()->second; }

 private:
  std::map<uint64_t, uint64_t> intervals_;  // begin -> end; apart from each other
};

}  // namespace reel
