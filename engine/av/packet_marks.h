// Gives what packets say to the units that begin in them, where packets are pieces of a byte
// stream: a packet's times belong to the first unit that begins in it (ISO/IEC 13818-1 2.4.3.7).
//
// Bounds: one mark per packet since the last unit that began, at most kMaxMarks; older ones go
// first. Thread rule: one thread at a time.
#pragma once

#include <deque>
#include <optional>

#include "engine/av/packet_reader.h"

namespace reel {

class PacketMarks {
 public:
  struct Mark {
    uint64_t begin_bytes = 0;  // in the stream
    std::optional<int64_t> pts;
    std::optional<int64_t> dts;
    bool loss_before = false;
  };

  // The next packet of the stream.
  void Add(const Packet& packet) {
    marks_.push_back({stream_bytes_, packet.pts, packet.dts, packet.loss_before});
    stream_bytes_ += packet.bytes.size();
    if (marks_.size() > kMaxMarks) marks_.pop_front();
  }

  // What holds for the unit that begins at `begin_bytes`, which never falls.
  Mark Take(uint64_t begin_bytes) {
    Mark taken;
    bool loss_before = false;
    while (!marks_.empty() && marks_.front().begin_bytes <= begin_bytes) {
      taken = marks_.front();
      loss_before = loss_before || taken.loss_before;
      marks_.pop_front();
    }
    taken.loss_before = loss_before;
    return taken;
  }

 private:
  static constexpr size_t kMaxMarks = 65'536;

  std::deque<Mark> marks_;
  uint64_t stream_bytes_ = 0;
};

}  // namespace reel
