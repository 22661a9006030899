#include "server/rtsp/depacketiser.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace reel::server {
namespace {

class PacketDepacketiser final : public Depacketiser {
 public:
  explicit PacketDepacketiser(UnitSink& sink) : sink_(sink) {}

  void Push(const RtpPacket& packet, int64_t timestamp, bool lost) override {
    lost_before_ = lost_before_ || lost;
    if (packet.payload.empty()) return;
    DepacketisedUnit unit;
    unit.bytes = packet.payload;
    unit.timestamp = timestamp;
    unit.loss_before = std::exchange(lost_before_, false);
    sink_.OnUnit(unit);
  }
  void Finish() override {}
  uint64_t malformed() const override { return 0; }

 private:
  UnitSink& sink_;
  bool lost_before_ = false;
};

class DocumentDepacketiser final : public Depacketiser {
 public:
  explicit DocumentDepacketiser(UnitSink& sink) : sink_(sink) {}

  void Push(const RtpPacket& packet, int64_t timestamp, bool lost) override {
    if (lost) {
      document_.clear();
      lost_before_ = true;
      skipping_ = true;  // the rest of a document may follow
    }
    if (timestamp != timestamp_) {
      Finish();
      skipping_ = false;
    }
    timestamp_ = timestamp;
    if (!skipping_) Extend(packet.payload);
    if (packet.marker) {
      Finish();
      skipping_ = false;
    }
  }
  void Finish() override {
    if (document_.empty()) return;
    DepacketisedUnit unit;
    unit.bytes = document_;
    unit.timestamp = timestamp_;
    unit.loss_before = std::exchange(lost_before_, false);
    sink_.OnUnit(unit);
    document_.clear();
  }
  uint64_t malformed() const override { return malformed_; }

 private:
  void Extend(ByteSpan payload) {
    if (document_.size() + payload.size() <= kMaxUnitBytes) {
      document_.insert(document_.end(), payload.begin(), payload.end());
      return;
    }
    ++malformed_;
    document_.clear();
    lost_before_ = true;
    skipping_ = true;
  }

  UnitSink& sink_;
  Bytes document_;
  int64_t timestamp_ = 0;
  bool lost_before_ = false;
  bool skipping_ = false;  // until the document ends
  uint64_t malformed_ = 0;
};

// AU headers, then AUs (RFC 3640 3.2); or one AU in pieces, each behind a header with its full
// size.
class AacDepacketiser final : public Depacketiser {
 public:
  AacDepacketiser(const TrackPlan& plan, UnitSink& sink) : layout_(plan.aac), sink_(sink) {
    constexpr int64_t kSamples = 1024;
    const uint32_t rate = plan.info.sample_rate_hz;
    frame_ticks_ = rate == 0 ? kSamples : kSamples * plan.info.timescale / rate;
  }

  void Push(const RtpPacket& packet, int64_t timestamp, bool lost) override {
    if (lost) Drop();
    if (packet.payload.empty()) return;
    if (!PushPayload(packet.payload, timestamp)) {
      ++malformed_;
      Drop();
    }
  }
  void Finish() override {}
  uint64_t malformed() const override { return malformed_; }

 private:
  bool PushPayload(ByteSpan payload, int64_t timestamp) {
    if (payload.size() < 2) return false;
    const size_t header_bits = LoadBe16(payload, 0);
    const size_t header_bytes = (header_bits + 7) / 8;
    const ByteSpan rest = payload.subspan(2);
    if (header_bytes > rest.size()) return false;
    const ByteSpan headers = rest.first(header_bytes);
    ByteSpan data = rest.subspan(header_bytes);
    size_t at = 0;
    for (size_t frame = 0;; ++frame) {
      const uint32_t index_bits = frame == 0 ? layout_.index_bits : layout_.index_delta_bits;
      if (header_bits - at < layout_.size_bits + index_bits) break;
      const uint32_t size = BitsAt(headers, at, layout_.size_bits);
      if (BitsAt(headers, at + layout_.size_bits, index_bits) != 0) return false;  // interleaved
      at += layout_.size_bits + index_bits;
      if (size > data.size() || !piece_.empty())
        return frame == 0 && PushPiece(size, data, timestamp);
      if (size > 0) Give(data.first(size), timestamp + static_cast<int64_t>(frame) * frame_ticks_);
      data = data.subspan(size);
    }
    return at > 0;
  }

  bool PushPiece(uint32_t size, ByteSpan data, int64_t timestamp) {
    if (!piece_.empty() && (timestamp != piece_timestamp_ || size != piece_size_)) return false;
    piece_timestamp_ = timestamp;
    piece_size_ = size;
    piece_.insert(piece_.end(), data.begin(), data.end());
    if (piece_.size() > size) return false;
    if (piece_.size() == size) {
      Give(piece_, timestamp);
      piece_.clear();
    }
    return true;
  }

  // REQUIRES: the bits are there; count <= 16.
  static uint32_t BitsAt(ByteSpan bytes, size_t at, uint32_t count) {
    uint32_t value = 0;
    for (size_t i = at; i < at + count; ++i) {
      value = value << 1 | (std::to_integer<uint32_t>(bytes[i / 8]) >> (7 - i % 8) & 1);
    }
    return value;
  }

  void Give(ByteSpan frame, int64_t timestamp) {
    DepacketisedUnit unit;
    unit.bytes = frame;
    unit.timestamp = timestamp;
    unit.loss_before = std::exchange(lost_before_, false);
    sink_.OnUnit(unit);
  }

  void Drop() {
    piece_.clear();
    lost_before_ = true;
  }

  const AuHeaderLayout layout_;
  UnitSink& sink_;
  int64_t frame_ticks_ = 0;
  Bytes piece_;  // the beginning of an AU of piece_size_, at most 65,535 bytes
  uint32_t piece_size_ = 0;
  int64_t piece_timestamp_ = 0;
  bool lost_before_ = false;
  uint64_t malformed_ = 0;
};

}  // namespace

std::unique_ptr<Depacketiser> MakeAacDepacketiser(const TrackPlan& plan, UnitSink& sink) {
  return std::make_unique<AacDepacketiser>(plan, sink);
}
std::unique_ptr<Depacketiser> MakePacketDepacketiser(UnitSink& sink) {
  return std::make_unique<PacketDepacketiser>(sink);
}
std::unique_ptr<Depacketiser> MakeDocumentDepacketiser(UnitSink& sink) {
  return std::make_unique<DocumentDepacketiser>(sink);
}

std::unique_ptr<Depacketiser> MakeDepacketiser(const TrackPlan& plan, UnitSink& sink) {
  switch (plan.info.codec) {
    case Codec::kH264:
    case Codec::kH265:
      return MakeVideoDepacketiser(plan, sink);
    case Codec::kAac:
      return MakeAacDepacketiser(plan, sink);
    case Codec::kPcmALaw:
    case Codec::kPcmMuLaw:
    case Codec::kOpus:
      return MakePacketDepacketiser(sink);
    case Codec::kOnvifMetadata:
    case Codec::kOpaque:
      return MakeDocumentDepacketiser(sink);
  }
  REEL_CHECK(false, "PlanTrack knows no other codec");
}

}  // namespace reel::server
