#include "tests/rtsp/rtp_builder.h"

#include <algorithm>

#include "engine/media/nal_types.h"

namespace reel::server {
namespace {

void AppendFragments(Codec codec, ByteSpan nal, size_t mtu, std::vector<Bytes>* out) {
  const bool h264 = codec == Codec::kH264;
  const size_t header_bytes = h264 ? kH264NalHeaderBytes : kH265NalHeaderBytes;
  const auto type = static_cast<uint8_t>(h264 ? H264NalType(nal) : H265NalType(nal));
  ByteSpan rest = nal.subspan(header_bytes);
  for (bool first = true; first || !rest.empty(); first = false) {
    const ByteSpan piece = rest.first(std::min(rest.size(), mtu));
    rest = rest.subspan(piece.size());
    Bytes payload;
    if (h264) {
      PutBe((std::to_integer<uint32_t>(nal[0]) & 0xE0) | 28, 1, &payload);
    } else {
      PutBe((std::to_integer<uint32_t>(nal[0]) & 0x81) | 49 << 1, 1, &payload);
      payload.push_back(nal[1]);
    }
    PutBe((first ? 0x80U : 0U) | (rest.empty() ? 0x40U : 0U) | type, 1, &payload);
    payload.insert(payload.end(), piece.begin(), piece.end());
    out->push_back(std::move(payload));
  }
}

}  // namespace

std::vector<Bytes> Packetise(Codec codec, ByteSpan unit, size_t mtu, bool aggregate) {
  std::vector<Bytes> out;
  Bytes together;
  size_t count = 0;
  ByteSpan alone;
  const auto flush = [&] {
    if (count == 1) out.emplace_back(alone.begin(), alone.end());
    if (count > 1) out.push_back(together);
    together.clear();
    count = 0;
  };
  const NalList nals = SplitNals(unit, NalFraming::kLength4).value();
  for (const ByteSpan nal : nals) {
    const bool fits = nal.size() <= mtu;
    if (!fits || !aggregate || together.size() + nal.size() + 2 > mtu) flush();
    if (!fits) {
      AppendFragments(codec, nal, mtu, &out);
      continue;
    }
    if (count++ == 0)
      PutBe(codec == Codec::kH264 ? 0x78 : 48 << 9 | 1, codec == Codec::kH264 ? 1 : 2, &together);
    PutBe(nal.size(), 2, &together);
    together.insert(together.end(), nal.begin(), nal.end());
    alone = nal;
  }
  flush();
  return out;
}

std::vector<Bytes> PacketsOf(Codec codec, const std::vector<Bytes>& units, size_t mtu,
                             bool aggregate, RtpSender* sender, uint32_t step) {
  std::vector<Bytes> packets;
  uint32_t timestamp = 0;
  for (const Bytes& unit : units) {
    const std::vector<Bytes> payloads = Packetise(codec, unit, mtu, aggregate);
    for (size_t i = 0; i < payloads.size(); ++i) {
      packets.push_back(sender->Packet(payloads[i], timestamp, i + 1 == payloads.size()));
    }
    timestamp += step;
  }
  return packets;
}

TrackPlan PlanOf(Codec codec) {
  TrackPlan plan;
  plan.info.codec = codec;
  plan.info.kind = TrackKind::kVideo;
  plan.payload_type = 96;
  return plan;
}

std::vector<Bytes> UdpPayloads(ByteSpan capture) {
  constexpr size_t kFileHeader = 24;
  constexpr size_t kRecordHeader = 16;
  constexpr size_t kEthernet = 14;
  constexpr size_t kUdp = 8;
  std::vector<Bytes> payloads;
  size_t at = kFileHeader;
  while (at + kRecordHeader <= capture.size()) {
    const size_t size = LoadLe<uint32_t>(capture.data() + at + 8);
    const ByteSpan frame = capture.subspan(at + kRecordHeader, size);
    const size_t ip = size_t{4} * (std::to_integer<size_t>(frame[kEthernet]) & 0xF);
    const ByteSpan udp = frame.subspan(kEthernet + ip);
    const ByteSpan payload = udp.subspan(kUdp, LoadBe16(udp, 4) - kUdp);
    payloads.emplace_back(payload.begin(), payload.end());
    at += kRecordHeader + size;
  }
  return payloads;
}

}  // namespace reel::server
