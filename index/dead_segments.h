// DeadSegments: the serials of each volume whose segments were retired, as sorted ranges. Dead is
// for good, so the set only grows, and serials die roughly in order, so ranges stay few: at most
// one more than there are living segments.
//
// Thread rule: a value; readers share an immutable copy.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "reel/index.h"

namespace reel {

// Serials of one volume, both ends included.
struct SerialRange {
  VolumeNo volume;
  SegmentSerial first;
  SegmentSerial last;
  auto operator<=>(const SerialRange&) const = default;
};

class DeadSegments {
 public:
  bool Contains(VolumeNo volume, SegmentSerial serial) const;
  // How many serials of the range are dead.
  uint64_t Count(const SerialRange& range) const;

  // What adding a serial did to the ranges: `merged` now holds it, and the range that began at
  // `absorbed` is part of it.
  struct Change {
    SerialRange merged;
    std::optional<SegmentSerial> absorbed;
  };
  // nullopt when it was dead before.
  std::optional<Change> Add(VolumeNo volume, SegmentSerial serial);

  // Takes a range over as it was stored. False when it overlaps or does not follow the last one.
  bool Append(const SerialRange& range);

 private:
  struct Range {
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t dead_before = 0;  // in the ranges in front of this one
  };
  using Ranges = std::vector<Range>;

  // How many serials below `serial` are dead.
  static uint64_t CountBelow(const Ranges& ranges, uint64_t serial);

  std::map<VolumeNo, Ranges> volumes_;
};

}  // namespace reel
