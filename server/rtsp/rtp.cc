#include "server/rtsp/rtp.h"

namespace reel::server {

std::optional<RtpPacket> ParseRtp(ByteSpan bytes) {
  constexpr size_t kFixedBytes = 12;
  if (bytes.size() < kFixedBytes) return std::nullopt;
  const auto first = std::to_integer<uint32_t>(bytes[0]);
  const auto second = std::to_integer<uint32_t>(bytes[1]);
  if (first >> 6 != 2) return std::nullopt;
  RtpPacket packet;
  packet.marker = (second & 0x80) != 0;
  packet.payload_type = static_cast<uint8_t>(second & 0x7F);
  packet.sequence = LoadBe16(bytes, 2);
  packet.timestamp = LoadBe32(bytes, 4);
  packet.ssrc = LoadBe32(bytes, 8);
  size_t begin = kFixedBytes + size_t{4} * (first & 0xF);
  if ((first & 0x10) != 0) {
    if (bytes.size() < begin + 4) return std::nullopt;
    begin += 4 + size_t{4} * LoadBe16(bytes, begin + 2);
  }
  if (bytes.size() < begin) return std::nullopt;
  packet.payload = bytes.subspan(begin);
  if ((first & 0x20) != 0) {
    if (packet.payload.empty()) return std::nullopt;
    const auto padding = std::to_integer<size_t>(packet.payload.back());
    if (padding == 0 || padding > packet.payload.size()) return std::nullopt;
    packet.payload = packet.payload.first(packet.payload.size() - padding);
  }
  return packet;
}

}  // namespace reel::server
