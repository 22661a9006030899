// RTCP: what a sender says of its clock, and what we say of what arrived.
//
// Thread rule: pure functions; Reception one thread at a time. Source: RFC 3550 6, A.3, A.8.
#pragma once

#include <optional>
#include <string_view>

#include "reel/time.h"
#include "reel/types.h"
#include "server/rtsp/rtp.h"

namespace reel::server {

struct SenderReport {
  uint32_t ssrc = 0;
  uint64_t ntp = 0;              // as sent; its middle 32 bits are asked back in our report
  std::optional<WallTime> wall;  // nullopt: the sender has no clock, or one out of range
  uint32_t rtp_timestamp = 0;
};

struct RtcpContent {
  std::optional<SenderReport> sender_report;  // the last one
  bool bye = false;
};

// Of a compound packet, as far as it is well formed.
RtcpContent ParseRtcp(ByteSpan bytes);

struct ReceiverReport {
  uint32_t ssrc = 0;         // ours
  uint32_t source_ssrc = 0;  // the camera's
  uint8_t fraction_lost = 0;
  int32_t lost = 0;  // 24 bits, signed
  uint32_t highest_sequence = 0;
  uint32_t jitter = 0;  // in the track's timescale
  uint32_t last_report = 0;
  uint32_t since_last_report = 0;  // in 1/65536 s
};

// With the SDES packet that a compound needs. REQUIRES: cname has at most 255 bytes.
Bytes WriteReceiverReport(const ReceiverReport& report, std::string_view cname);

// Keeps count of what arrived from one source.
class Reception {
 public:
  explicit Reception(uint32_t timescale) : timescale_(timescale) {}

  void OnPacket(const RtpPacket& packet, MonoTime now);
  void OnSenderReport(const SenderReport& report, MonoTime now);
  // What to report of it, and begins the next interval. nullopt while nothing has come.
  std::optional<ReceiverReport> Report(uint32_t ssrc, MonoTime now);

 private:
  struct Source {
    uint32_t ssrc = 0;
    uint64_t base = 0;  // sequence numbers that do not wrap
    uint64_t highest = 0;
    uint64_t received = 0;
    uint64_t expected_before = 0;  // at the last report
    uint64_t received_before = 0;
    int64_t transit = 0;
    double jitter = 0;
    uint32_t last_report = 0;
    MonoTime last_report_at;
  };

  uint32_t timescale_;
  std::optional<Source> source_;
};

}  // namespace reel::server
