#include "bench/replay_stream.h"

#include <algorithm>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace reel::bench {
namespace {

constexpr uint8_t kPayloadType = 96;
constexpr size_t kFrameHeadBytes = 4;
constexpr size_t kRtpHeadBytes = 12;

// Big-endian numbers, one behind the other.
class Writer {
 public:
  explicit Writer(std::byte* at) : at_(at) {}
  void Put(uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) *at_++ = static_cast<std::byte>(value >> (8 * i) & 0xFF);
  }
  void Put(ByteSpan bytes) {
    for (const std::byte b : bytes) *at_++ = b;
  }

 private:
  std::byte* at_;
};

size_t HeadBytes(const ReplayPacket& packet) {
  return kFrameHeadBytes + kRtpHeadBytes + packet.fu_head_bytes();
}
size_t FrameBytes(const ReplayPacket& packet) { return HeadBytes(packet) + packet.payload.size(); }

}  // namespace

ReplayStream::ReplayStream(const ReplayFootage& footage, uint32_t camera, uint8_t channel,
                           MonoTime first_due)
    : footage_(footage),
      camera_(camera),
      channel_(channel),
      first_due_(first_due),
      numbers_(camera),
      sequence_(numbers_.first_sequence) {}

MonoTime ReplayStream::due() const {
  return first_due_ + footage_.picture_time() * static_cast<int64_t>(picture_);
}

uint32_t ReplayStream::TimestampAt(Duration since_first) const {
  static_assert(ReplayFootage::kTimescale == 90'000);
  return numbers_.first_timestamp + static_cast<uint32_t>(since_first.count() * 9 / 100'000);
}

uint32_t ReplayStream::timestamp() const {
  return TimestampAt(footage_.picture_time() * static_cast<int64_t>(picture_));
}

std::span<iovec> ReplayStream::Gather(Scratch* scratch) const {
  const std::vector<ReplayPacket>& all = packets();
  const uint32_t timestamp = this->timestamp();
  size_t pieces = 0;
  size_t skip = sent_of_packet_;
  const auto add = [&](const std::byte* bytes, size_t size) {
    const size_t skipped = std::min(skip, size);
    skip -= skipped;
    if (skipped == size) return;
    // iovec has no const; sendmsg does not write.
    scratch->pieces[pieces++] = {const_cast<std::byte*>(bytes) + skipped, size - skipped};
  };
  const size_t end = std::min(all.size(), packet_ + kPacketsAtOnce);
  for (size_t i = packet_; i < end; ++i) {
    const ReplayPacket& packet = all[i];
    std::byte* const head = scratch->heads[i - packet_].data();
    Writer writer(head);
    writer.Put('$', 1);
    writer.Put(channel_, 1);
    writer.Put(FrameBytes(packet) - kFrameHeadBytes, 2);
    writer.Put(0x80, 1);
    writer.Put((packet.ends_picture ? 0x80U : 0U) | kPayloadType, 1);
    writer.Put(static_cast<uint16_t>(sequence_ + i), 2);
    writer.Put(timestamp, 4);
    writer.Put(numbers_.ssrc, 4);
    if (packet.is_fragment) writer.Put(packet.fu_head);
    add(head, HeadBytes(packet));
    add(packet.payload.data(), packet.payload.size());
  }
  return std::span(scratch->pieces).first(pieces);
}

void ReplayStream::Sent(size_t bytes) {
  const std::vector<ReplayPacket>& all = packets();
  bytes += sent_of_packet_;
  while (packet_ < all.size() && bytes >= FrameBytes(all[packet_])) {
    bytes -= FrameBytes(all[packet_]);
    ++packets_sent_;
    payload_bytes_sent_ += all[packet_].payload.size() + all[packet_].fu_head_bytes();
    ++packet_;
  }
  sent_of_packet_ = bytes;
  if (packet_ < all.size()) return;
  REEL_CHECK(bytes == 0, "no more was sent than was gathered");
  sequence_ = static_cast<uint16_t>(sequence_ + all.size());
  packet_ = 0;
  ++picture_;
}

Bytes ReplayStream::SenderReport(MonoTime now, WallTime wall) const {
  constexpr uint64_t kFrom1900To1970 = 2'208'988'800;
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  constexpr std::string_view kCname = "replay";
  constexpr size_t kReportBytes = 28;
  constexpr size_t kSdesBytes = 20;  // head, SSRC, item head, name, zeros up to a whole word
  const auto seconds = static_cast<uint64_t>(wall.ns / kNsPerSecond);
  const auto rest = static_cast<uint64_t>(wall.ns % kNsPerSecond);
  Bytes frame(kFrameHeadBytes + kReportBytes + kSdesBytes);
  Writer writer(frame.data());
  writer.Put('$', 1);
  writer.Put(static_cast<uint8_t>(channel_ + 1), 1);
  writer.Put(kReportBytes + kSdesBytes, 2);
  writer.Put(0x80C8, 2);  // version 2, no reception blocks, SR
  writer.Put(kReportBytes / 4 - 1, 2);
  writer.Put(numbers_.ssrc, 4);
  writer.Put(seconds + kFrom1900To1970, 4);
  writer.Put((rest << 32) / kNsPerSecond, 4);
  writer.Put(TimestampAt(now - first_due_), 4);
  writer.Put(packets_sent_, 4);
  writer.Put(payload_bytes_sent_, 4);
  writer.Put(0x81CA, 2);  // version 2, one chunk, SDES
  writer.Put(kSdesBytes / 4 - 1, 2);
  writer.Put(numbers_.ssrc, 4);
  writer.Put(1, 1);  // CNAME
  writer.Put(kCname.size(), 1);
  writer.Put(AsBytes(kCname));
  return frame;
}

}  // namespace reel::bench
