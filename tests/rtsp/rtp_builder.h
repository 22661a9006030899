// The sender's side: packets made of units, and what a receiver made of them.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/media/nal.h"
#include "server/rtsp/track_receiver.h"

namespace reel::server {

inline void PutBe(uint64_t value, int bytes, Bytes* out) {
  for (int i = bytes - 1; i >= 0; --i) out->push_back(static_cast<std::byte>(value >> (8 * i)));
}

// Numbers the packets of one sender.
struct RtpSender {
  uint8_t payload_type = 96;
  uint16_t sequence = 0;
  uint32_t ssrc = 0xCAFE;

  Bytes Packet(ByteSpan payload, uint32_t timestamp, bool marker) {
    Bytes out;
    PutBe(0x80, 1, &out);
    PutBe((marker ? 0x80U : 0U) | payload_type, 1, &out);
    PutBe(sequence++, 2, &out);
    PutBe(timestamp, 4, &out);
    PutBe(ssrc, 4, &out);
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
  }
};

// The payloads of one stored unit: NAL units that fit `mtu` alone or, with `aggregate`, together;
// others in fragments.
std::vector<Bytes> Packetise(Codec codec, ByteSpan unit, size_t mtu, bool aggregate);

// The packets of units that are `step` ticks apart.
std::vector<Bytes> PacketsOf(Codec codec, const std::vector<Bytes>& units, size_t mtu,
                             bool aggregate, RtpSender* sender, uint32_t step = 3600);

TrackPlan PlanOf(Codec codec);

struct GotUnit {
  uint8_t flags = 0;
  int64_t pts = 0;
  int64_t dts = 0;
  Bytes bytes;
  bool changed = false;
};

class UnitCollector final : public ReceivedUnitSink {
 public:
  void OnUnit(const ReceivedUnit& unit) override {
    units.push_back({unit.flags, unit.pts, unit.dts, Bytes(unit.bytes.begin(), unit.bytes.end()),
                     unit.track_change != nullptr});
  }
  std::vector<Bytes> Contents() const {
    std::vector<Bytes> contents;
    for (const GotUnit& unit : units) contents.push_back(unit.bytes);
    return contents;
  }

  std::vector<GotUnit> units;
};

// Of an Ethernet capture with microsecond stamps (libpcap's classic format): the UDP payloads.
std::vector<Bytes> UdpPayloads(ByteSpan capture);

}  // namespace reel::server
