#include "server/rtsp/rtcp.h"

#include <algorithm>
#include <cmath>

#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace reel::server {
namespace {

enum PacketType : uint8_t { kSenderReport = 200, kReceiverReport = 201, kSdes = 202, kBye = 203 };

constexpr int64_t kNsPerSecond = 1'000'000'000;

// Seconds since 1900 and 2^-32 of them. The count began anew in 2036: small ones are from then.
std::optional<WallTime> WallOfNtp(uint64_t ntp) {
  constexpr int64_t kFrom1900To1970 = 2'208'988'800;
  constexpr int64_t kEra = int64_t{1} << 32;
  constexpr int64_t kHalfEra = kEra / 2;
  if (ntp == 0) return std::nullopt;
  auto seconds = static_cast<int64_t>(ntp >> 32);
  if (seconds < kHalfEra) seconds += kEra;
  const auto fraction = static_cast<int64_t>((ntp & 0xFFFF'FFFF) * uint64_t{kNsPerSecond} >> 32);
  return WallTime{(seconds - kFrom1900To1970) * kNsPerSecond + fraction};
}

void PutBe(uint32_t value, int bytes, Bytes* out) {
  for (int i = bytes - 1; i >= 0; --i)
    out->push_back(static_cast<std::byte>(value >> (8 * i) & 0xFF));
}

void PutHeader(uint8_t count, PacketType type, size_t words, Bytes* out) {
  PutBe(0x80U | count, 1, out);
  PutBe(type, 1, out);
  PutBe(static_cast<uint32_t>(words - 1), 2, out);
}

}  // namespace

RtcpContent ParseRtcp(ByteSpan bytes) {
  constexpr size_t kHeaderBytes = 4;
  constexpr size_t kSenderBytes = 24;
  RtcpContent content;
  while (bytes.size() >= kHeaderBytes && std::to_integer<uint32_t>(bytes[0]) >> 6 == 2) {
    const size_t size = kHeaderBytes * (size_t{1} + LoadBe16(bytes, 2));
    if (size > bytes.size()) break;
    const auto type = std::to_integer<uint8_t>(bytes[1]);
    if (type == kSenderReport && size >= kHeaderBytes + kSenderBytes) {
      SenderReport report;
      report.ssrc = LoadBe32(bytes, 4);
      report.ntp = uint64_t{LoadBe32(bytes, 8)} << 32 | LoadBe32(bytes, 12);
      report.wall = WallOfNtp(report.ntp);
      report.rtp_timestamp = LoadBe32(bytes, 16);
      content.sender_report = report;
    }
    content.bye = content.bye || type == kBye;
    bytes = bytes.subspan(size);
  }
  return content;
}

Bytes WriteReceiverReport(const ReceiverReport& report, std::string_view cname) {
  REEL_CHECK(cname.size() <= 255, "the length of a CNAME has 8 bits");
  constexpr size_t kReportWords = 8;
  Bytes out;
  PutHeader(1, kReceiverReport, kReportWords, &out);
  PutBe(report.ssrc, 4, &out);
  PutBe(report.source_ssrc, 4, &out);
  PutBe(report.fraction_lost, 1, &out);
  PutBe(static_cast<uint32_t>(report.lost) & 0xFF'FFFF, 3, &out);
  PutBe(report.highest_sequence, 4, &out);
  PutBe(report.jitter, 4, &out);
  PutBe(report.last_report, 4, &out);
  PutBe(report.since_last_report, 4, &out);

  // Type, length, text, and at least one zero up to a whole word.
  const size_t item_words = (cname.size() + 2) / 4 + 1;
  PutHeader(1, kSdes, 2 + item_words, &out);
  PutBe(report.ssrc, 4, &out);
  const size_t item_begin = out.size();
  PutBe(1, 1, &out);
  PutBe(static_cast<uint32_t>(cname.size()), 1, &out);
  const ByteSpan text = AsBytes(cname);
  out.insert(out.end(), text.begin(), text.end());
  out.resize(item_begin + 4 * item_words);
  return out;
}

void Reception::OnPacket(const RtpPacket& packet, MonoTime now) {
  if (!source_ || source_->ssrc != packet.ssrc) {
    Source fresh;
    fresh.ssrc = packet.ssrc;
    fresh.base = fresh.highest = 0x10000 + uint64_t{packet.sequence};
    source_ = fresh;
  }
  Source& source = *source_;
  const auto ahead = static_cast<int16_t>(packet.sequence - static_cast<uint16_t>(source.highest));
  if (ahead > 0) source.highest += static_cast<uint64_t>(ahead);
  ++source.received;

  const auto seconds = static_cast<double>(now.ns) / static_cast<double>(kNsPerSecond);
  const auto arrival = static_cast<int64_t>(seconds * timescale_);
  const int64_t transit = arrival - int64_t{packet.timestamp};
  // Steps beyond a second are the clocks', not the network's.
  const int64_t change = source.received > 1 ? std::abs(transit - source.transit) : 0;
  if (change < timescale_) source.jitter += (static_cast<double>(change) - source.jitter) / 16;
  source.transit = transit;
}

void Reception::OnSenderReport(const SenderReport& report, MonoTime now) {
  if (!source_ || source_->ssrc != report.ssrc) return;
  source_->last_report = static_cast<uint32_t>(report.ntp >> 16);
  source_->last_report_at = now;
}

std::optional<ReceiverReport> Reception::Report(uint32_t ssrc, MonoTime now) {
  if (!source_) return std::nullopt;
  Source& source = *source_;
  const uint64_t expected = source.highest - source.base + 1;
  const auto lost_in_all = static_cast<int64_t>(expected) - static_cast<int64_t>(source.received);
  const auto expected_now = static_cast<int64_t>(expected - source.expected_before);
  const auto lost_now =
      expected_now - static_cast<int64_t>(source.received - source.received_before);
  source.expected_before = expected;
  source.received_before = source.received;

  ReceiverReport report;
  report.ssrc = ssrc;
  report.source_ssrc = source.ssrc;
  if (expected_now > 0 && lost_now > 0) {
    report.fraction_lost =
        static_cast<uint8_t>(std::min<int64_t>(255, lost_now * 256 / expected_now));
  }
  report.lost = static_cast<int32_t>(std::clamp<int64_t>(lost_in_all, -0x80'0000, 0x7F'FFFF));
  report.highest_sequence = static_cast<uint32_t>(source.highest - 0x10000);
  report.jitter = static_cast<uint32_t>(source.jitter);
  report.last_report = source.last_report;
  if (source.last_report != 0) {
    const int64_t since = (now - source.last_report_at).count();
    report.since_last_report = static_cast<uint32_t>(
        std::min<int64_t>(static_cast<int64_t>(static_cast<double>(since) /
                                               static_cast<double>(kNsPerSecond) * 65536),
                          0xFFFF'FFFF));
  }
  return report;
}

}  // namespace reel::server
