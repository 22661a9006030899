// One RTP packet, taken apart.
//
// Thread rule: pure function; the payload points into the caller's bytes. Source: RFC 3550 5.1.
#pragma once

#include <optional>

#include "reel/types.h"

namespace reel::server {

struct RtpPacket {
  bool marker = false;
  uint8_t payload_type = 0;
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  uint32_t ssrc = 0;
  ByteSpan payload;  // without header extension and padding; may be empty
};

// nullopt where it is none.
std::optional<RtpPacket> ParseRtp(ByteSpan bytes);

// Big-endian numbers. REQUIRES: bytes are there.
inline uint16_t LoadBe16(ByteSpan bytes, size_t at) {
  return static_cast<uint16_t>(std::to_integer<uint32_t>(bytes[at]) << 8 |
                               std::to_integer<uint32_t>(bytes[at + 1]));
}
inline uint32_t LoadBe32(ByteSpan bytes, size_t at) {
  return uint32_t{LoadBe16(bytes, at)} << 16 | LoadBe16(bytes, at + 2);
}

}  // namespace reel::server
