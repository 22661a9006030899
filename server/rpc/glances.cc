#include "server/rpc/glances.h"

#include <algorithm>
#include <iterator>

namespace reel::server {
namespace {

// 10:00:00-10:00:40 and 10:00:20-10:00:50 are 50 s.
Duration Together(std::vector<WallRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  Duration length{0};
  WallTime end = kWallMin;
  for (const WallRange& range : ranges) {
    const WallTime begin = std::max(range.begin, end);
    if (begin < range.end) length += range.end - begin;
    end = std::max(end, range.end);
  }
  return length;
}

}  // namespace

bool Glances::HasRoom(const Pair& pair, MonoTime now) {
  if (looks_.contains(pair)) return true;
  const auto first = looks_.lower_bound({pair.first, StreamId{}});
  const auto last = std::find_if(
      first, looks_.end(), [&pair](const auto& entry) { return entry.first.first != pair.first; });
  const auto streams = static_cast<size_t>(std::distance(first, last));
  if (streams < kMaxStreams && looks_.size() < kMaxPairs) return true;
  const size_t before = looks_.size();
  std::erase_if(looks_,
                [now](const auto& entry) { return now - entry.second.back().at >= kWindow; });
  return looks_.size() < before && HasRoom(pair, now);
}

bool Glances::Take(const std::string& who, StreamId stream, WallRange range, MonoTime now) {
  if (range.end - range.begin > kMost) return false;
  const std::lock_guard lock(mutex_);
  const Pair pair{who, stream};
  if (!HasRoom(pair, now)) return false;
  Looks& looks = looks_[pair];
  std::erase_if(looks, [now](const Look& look) { return now - look.at >= kWindow; });
  std::vector<WallRange> ranges;
  for (const Look& look : looks) ranges.push_back(look.range);
  const Duration had = Together(ranges);
  ranges.push_back(range);
  const Duration has = Together(ranges);
  const bool glance = has <= kMost && (has == had || looks.size() < kMaxLooks);
  if (glance && has > had) looks.push_back({now, range});
  if (looks.empty()) looks_.erase(pair);
  return glance;
}

}  // namespace reel::server
