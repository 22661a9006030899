#include "index/dead_segments.h"

#include <algorithm>
#include <limits>

namespace reel {

uint64_t DeadSegments::CountBelow(const Ranges& ranges, uint64_t serial) {
  const auto after = std::partition_point(
      ranges.begin(), ranges.end(), [serial](const Range& range) { return range.first < serial; });
  if (after == ranges.begin()) return 0;
  const Range& range = *std::prev(after);
  return range.dead_before + std::min(serial, range.last + 1) - range.first;
}

bool DeadSegments::Contains(VolumeNo volume, SegmentSerial serial) const {
  return Count({volume, serial, serial}) != 0;
}

uint64_t DeadSegments::Count(const SerialRange& range) const {
  const auto found = volumes_.find(range.volume);
  if (found == volumes_.end()) return 0;
  return CountBelow(found->second, range.last.value + 1) -
         CountBelow(found->second, range.first.value);
}

std::optional<DeadSegments::Change> DeadSegments::Add(VolumeNo volume, SegmentSerial serial) {
  if (Contains(volume, serial)) return std::nullopt;
  Ranges& ranges = volumes_[volume];
  auto at = std::partition_point(ranges.begin(), ranges.end(), [&serial](const Range& range) {
    return range.first < serial.value;
  });
  at = ranges.insert(at, {serial.value, serial.value, 0});
  Change change;
  if (std::next(at) != ranges.end() && std::next(at)->first == at->last + 1) {
    change.absorbed = SegmentSerial{std::next(at)->first};
    at->last = std::next(at)->last;
    ranges.erase(std::next(at));
  }
  if (at != ranges.begin() && std::prev(at)->last + 1 == at->first) {
    std::prev(at)->last = at->last;
    at = std::prev(ranges.erase(at));
  }
  uint64_t dead = 0;
  for (Range& range : ranges) {
    range.dead_before = dead;
    dead += range.last - range.first + 1;
  }
  change.merged = {volume, {at->first}, {at->last}};
  return change;
}

bool DeadSegments::Append(const SerialRange& range) {
  constexpr uint64_t kSerialMax = std::numeric_limits<uint64_t>::max();
  if (range.last < range.first || range.last.value == kSerialMax) return false;
  Ranges& ranges = volumes_[range.volume];
  uint64_t dead = 0;
  if (!ranges.empty()) {
    if (range.first.value <= ranges.back().last) return false;
    dead = ranges.back().dead_before + ranges.back().last - ranges.back().first + 1;
  }
  ranges.push_back({range.first.value, range.last.value, dead});
  return true;
}

}  // namespace reel
