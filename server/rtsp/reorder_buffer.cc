#include "server/rtsp/reorder_buffer.h"

#include <utility>

#include "engine/base/check.h"

namespace reel::server {

void ReorderBuffer::Begin(const RtpPacket& packet) {
  ssrc_ = packet.ssrc;
  // Far enough from 0 that packets behind their turn have a number.
  next_ = 0x10000 + uint64_t{packet.sequence};
  dropped_ += waiting_.size();
  waiting_.clear();
}

void ReorderBuffer::PutOnProbation(const RtpPacket& packet, MonoTime now) {
  if (probation_) {
    const RtpPacket before = probation_->packet();
    const bool follows =
        before.ssrc == packet.ssrc && packet.sequence == static_cast<uint16_t>(before.sequence + 1);
    if (follows) {
      Begin(before);
      restarting_ = true;
      current_ = packet;
      return;
    }
    ++dropped_;
  }
  probation_.emplace(packet, now);
}

void ReorderBuffer::Push(const RtpPacket& packet, MonoTime now) {
  REEL_CHECK(!current_, "what was pushed before has been popped");
  if (!ssrc_) Begin(packet);
  const int ahead = AheadOf(packet.sequence);
  if (packet.ssrc != *ssrc_ || ahead > kMaxAhead || ahead < -kMaxBehind) {
    return PutOnProbation(packet, now);
  }
  if (std::exchange(probation_, std::nullopt)) ++dropped_;
  if (ahead == 0 || (ahead > 0 && options_.depth == 0)) {
    current_ = packet;
    return;
  }
  const bool waits =
      ahead > 0 && waiting_.emplace(next_ + static_cast<uint64_t>(ahead), Kept(packet, now)).second;
  if (!waits) ++dropped_;
}

OrderedPacket ReorderBuffer::Give(const RtpPacket& packet, uint64_t number) {
  const OrderedPacket ordered{packet, static_cast<uint32_t>(number - next_), false};
  next_ = number + 1;
  return ordered;
}

std::optional<OrderedPacket> ReorderBuffer::Pop(MonoTime now) {
  if (std::exchange(restarting_, false)) {
    given_ = std::exchange(probation_, std::nullopt);
    OrderedPacket ordered = Give(given_->packet(), next_);
    ordered.restarted = true;
    return ordered;
  }
  if (current_) {
    const RtpPacket packet = *std::exchange(current_, std::nullopt);
    return Give(packet, next_ + static_cast<uint64_t>(AheadOf(packet.sequence)));
  }
  if (waiting_.empty()) return std::nullopt;
  const auto first = waiting_.begin();
  const bool waits = first->first != next_ && waiting_.size() < options_.depth &&
                     now - first->second.since() < options_.patience;
  if (waits) return std::nullopt;
  const uint64_t number = first->first;
  given_ = std::move(first->second);
  waiting_.erase(first);
  return Give(given_->packet(), number);
}

std::optional<MonoTime> ReorderBuffer::deadline() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->second.since() + options_.patience;
}

}  // namespace reel::server
