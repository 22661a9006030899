// Derives what a file does not say about the times of one track's units, in decode order.
//
// Invariants:
//  1. Units become timed in the order they were added.
//  2. Times the file gives are never changed.
//  3. Derived dts rise from unit to unit unless the file's own clock jumps back, and do not exceed
//     pts unless pictures are reordered more deeply than in the first kMaxReorder units.
// Bounds: waits for at most kMaxReorder further units, or for a picture to be shown.
// Thread rule: one thread at a time. A unit added is the caller's and stays put until it is timed.
#pragma once

#include <memory>
#include <optional>

#include "engine/av/packet_reader.h"
#include "engine/av/unit_framer.h"

namespace reel {

// No level of either standard lets more pictures overtake one (H.264 A.3.1, H.265 A.4.2).
inline constexpr size_t kMaxReorder = 16;

struct UnitTime {
  std::optional<int64_t> pts;  // as the file says; set once `timed`
  std::optional<int64_t> dts;
  std::optional<PictureOrder> order;
  bool timed = false;
};

class UnitTimes {
 public:
  virtual ~UnitTimes() = default;
  UnitTimes(const UnitTimes&) = delete;
  UnitTimes& operator=(const UnitTimes&) = delete;

  virtual void Add(UnitTime* unit) = 0;
  // Times all that wait, as well as is known.
  virtual void Flush() = 0;

 protected:
  UnitTimes() = default;
};

std::unique_ptr<UnitTimes> MakeUnitTimes(const PacketTrack& track);

}  // namespace reel
