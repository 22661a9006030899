// Puts RTP packets of one track back in order, drops what came twice, and says where some are
// missing.
//
//   buffer.Push(packet, now);
//   while (auto next = buffer.Pop(now)) ...   // its payload is valid until the next call
//
// A packet ahead of its turn waits for those before it: until they are there, until `depth` packets
// wait, or for `patience`, whichever comes first; then what is missing is lost. With depth 0 (TCP,
// which keeps order) nothing waits. A packet behind its turn is dropped: it came twice, or too
// late. A packet of another source (SSRC), or far from its turn, is on probation: if the next one
// follows it, the sender has begun anew, and both are given; if not, it was a stray and is dropped.
//
// Bounds: depth packets, each a copy, and one on probation.
// Thread rule: one thread at a time. Source: RFC 3550 A.1 (sequence numbers).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "reel/time.h"
#include "server/rtsp/rtp.h"

namespace reel::server {

struct OrderedPacket {
  RtpPacket packet;
  uint32_t lost_before = 0;  // packets that never came between the last one given and this
  bool restarted = false;    // the sender began anew: nothing before belongs to it
};

class ReorderBuffer {
 public:
  struct Options {
    size_t depth = 0;
    Duration patience = std::chrono::milliseconds(200);
  };
  explicit ReorderBuffer(const Options& options) : options_(options) {}

  // REQUIRES: Pop() gave nullopt since the last Push().
  void Push(const RtpPacket& packet, MonoTime now);
  std::optional<OrderedPacket> Pop(MonoTime now);

  // When Pop() gives up on what is missing; nullopt while nothing waits.
  std::optional<MonoTime> deadline() const;
  uint64_t dropped() const { return dropped_; }

 private:
  // How far from its turn a packet is taken for early or late, not for another stream's. Wide
  // ahead, since a camera that cannot send drops for seconds; narrow behind.
  static constexpr int kMaxAhead = 16'000;
  static constexpr int kMaxBehind = 256;

  // A packet with bytes of its own.
  class Kept {
   public:
    Kept(const RtpPacket& packet, MonoTime now)
        : packet_(packet), bytes_(packet.payload.begin(), packet.payload.end()), since_(now) {}
    RtpPacket packet() const {
      RtpPacket packet = packet_;
      packet.payload = bytes_;
      return packet;
    }
    MonoTime since() const { return since_; }

   private:
    RtpPacket packet_;
    Bytes bytes_;
    MonoTime since_;
  };

  // How many packets `sequence` is ahead of its turn.
  int AheadOf(uint16_t sequence) const {
    return static_cast<int16_t>(static_cast<uint16_t>(sequence - next_));
  }
  void Begin(const RtpPacket& packet);
  void PutOnProbation(const RtpPacket& packet, MonoTime now);
  OrderedPacket Give(const RtpPacket& packet, uint64_t number);

  Options options_;
  std::optional<uint32_t> ssrc_;
  uint64_t next_ = 0;                 // whose turn it is: sequence numbers that do not wrap
  std::optional<RtpPacket> current_;  // the last one pushed, if it needs no waiting
  std::map<uint64_t, Kept> waiting_;
  std::optional<Kept> probation_;
  bool restarting_ = false;    // probation_ is to be given, then current_
  std::optional<Kept> given_;  // owns the bytes of what Pop gave last
  uint64_t dropped_ = 0;
};

}  // namespace reel::server
