// Makes access units of one track's packets.
//
//   framer->Push(packet);  or, at the end, framer->Finish();
//   while (...) framer->Pop();   until nullopt; an error costs one unit, no more
//
// Thread rule: one thread at a time. A unit owns its bytes.
// Bounds: one unit (kMaxUnitBytes) being put together and the last packet.
#pragma once

#include <memory>
#include <optional>

#include "engine/av/packet_reader.h"
#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

// Where a picture of a raw stream stands in the order of presentation: by period, then by count.
struct PictureOrder {
  int64_t period = 0;  // rises with every picture that starts the count anew
  int64_t count = 0;
  int64_t duration = 0;  // nominal, in the track's timescale
};

struct FramedUnit {
  Bytes bytes;
  uint8_t flags = 0;
  std::optional<int64_t> pts;
  std::optional<int64_t> dts;
  std::optional<PictureOrder> order;  // PacketTimes::kNone
  std::optional<TrackInfo> track_change;
};

class UnitFramer {
 public:
  virtual ~UnitFramer() = default;
  UnitFramer(const UnitFramer&) = delete;
  UnitFramer& operator=(const UnitFramer&) = delete;

  // REQUIRES: Pop() has returned nullopt since the last Push.
  virtual void Push(const Packet& packet) = 0;
  virtual void Finish() = 0;
  virtual Result<std::optional<FramedUnit>> Pop() = 0;

 protected:
  UnitFramer() = default;
};

// `frames_per_second` counts where a raw stream states no rate.
std::unique_ptr<UnitFramer> MakeUnitFramer(const PacketTrack& track, uint32_t frames_per_second);

}  // namespace reel
