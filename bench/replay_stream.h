// ReplayStream: one camera's packets on their way to one client, interleaved with RTSP (RFC 2326
// 10.12): their heads, and how far they have been sent. Holds no footage and no queue: what a
// client does not take is made again when it does.
//
// Thread rule: one thread at a time. `footage` outlives it. Sources: RFC 3550 5.1, 6.4.1, 6.5.
#pragma once

#include <sys/uio.h>

#include <array>
#include <span>

#include "bench/replay_footage.h"

namespace reel::bench {

class ReplayStream {
 public:
  // Interleaved frame head, RTP header, FU head.
  static constexpr size_t kHeadBytesMax = 4 + 12 + 2;
  static constexpr size_t kPacketsAtOnce = 64;
  // Where heads are made for one call of sendmsg(2).
  struct Scratch {
    std::array<std::array<std::byte, kHeadBytesMax>, kPacketsAtOnce> heads;
    std::array<iovec, 2 * kPacketsAtOnce> pieces;
  };

  // The first picture is shown at `first_due`. `channel` is that of RTP; RTCP has the next one.
  ReplayStream(const ReplayFootage& footage, uint32_t camera, uint8_t channel, MonoTime first_due);

  // When the picture under way, or the next one, falls due.
  MonoTime due() const;
  // Between two pictures, where other messages may stand.
  bool between_pictures() const { return packet_ == 0 && sent_of_packet_ == 0; }
  // What is next of the picture under way, as much as the scratch has room for.
  std::span<iovec> Gather(Scratch* scratch) const;
  // Of what Gather gave, so much has been sent.
  void Sent(size_t bytes);

  // A sender report as a frame: media time and wall time belong together.
  Bytes SenderReport(MonoTime now, WallTime wall) const;

  uint64_t next_picture() const { return picture_; }
  uint16_t sequence() const { return sequence_; }  // of the next packet of the next picture
  uint32_t timestamp() const;                      // of that picture

 private:
  const std::vector<ReplayPacket>& packets() const { return footage_.Packets(camera_, picture_); }
  uint32_t TimestampAt(Duration since_first) const;

  const ReplayFootage& footage_;
  const uint32_t camera_;
  const uint8_t channel_;
  const MonoTime first_due_;
  const ReplayNumbers numbers_;
  uint64_t picture_ = 0;
  uint16_t sequence_;          // of packet 0 of the picture
  size_t packet_ = 0;          // of the picture, that is being sent
  size_t sent_of_packet_ = 0;  // bytes, its head included
  uint64_t packets_sent_ = 0;
  uint64_t payload_bytes_sent_ = 0;
};

}  // namespace reel::bench
