// H.264 and H.265: of packets NAL units, of NAL units pictures.
#include <array>
#include <utility>
#include <vector>

#include "engine/media/nal_types.h"
#include "engine/media/picture_boundary.h"
#include "server/rtsp/depacketiser.h"
#include "server/rtsp/spare_buffers.h"

namespace reel::server {
namespace {

// Of cameras between two pictures.
thread_local SpareBuffers spare;

// The unit being put together. Its last NAL unit may still be growing.
class UnitBuilder {
 public:
  bool empty() const { return nals_.empty(); }
  bool in_nal() const { return in_nal_; }
  size_t nal_count() const { return nals_.size(); }
  // Of the last NAL unit as far as it has come.
  ByteSpan last() const { return ByteSpan(bytes_).subspan(nals_.back() + kStoredLengthBytes); }

  // False, with nothing done, where a bound would be passed.
  bool BeginNal(ByteSpan header, ByteSpan payload) {
    if (nals_.size() == kMaxNalsPerUnit ||
        !Fits(kStoredLengthBytes + header.size() + payload.size()))
      return false;
    if (bytes_.empty()) {
      bytes_ = spare.Take();
      bytes_.clear();
    }
    nals_.push_back(bytes_.size());
    bytes_.resize(bytes_.size() + kStoredLengthBytes);
    bytes_.insert(bytes_.end(), header.begin(), header.end());
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    in_nal_ = true;
    return true;
  }
  bool Extend(ByteSpan payload) {
    if (!Fits(payload.size())) return false;
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    return true;
  }
  void EndNal() {
    const size_t size = last().size();
    for (size_t i = 0; i < kStoredLengthBytes; ++i) {
      bytes_[nals_.back() + i] = static_cast<std::byte>(size >> (24 - 8 * i) & 0xFF);
    }
    in_nal_ = false;
  }
  // Drops a NAL unit that will not be finished.
  void DropOpenNal() {
    if (!std::exchange(in_nal_, false)) return;
    bytes_.resize(nals_.back());
    nals_.pop_back();
  }
  void Clear() {
    spare.Give(std::exchange(bytes_, {}));
    nals_.clear();
    in_nal_ = false;
  }

  // All NAL units but the last `keep`, 0 or 1: the unit that ends before those. Valid until
  // touched.
  ByteSpan View(size_t keep, NalList* nals) const {
    const size_t count = nals_.size() - keep;
    const auto end_of = [&](size_t i) { return i < nals_.size() ? nals_[i] : bytes_.size(); };
    nals->clear();
    for (size_t i = 0; i < count; ++i) {
      const size_t begin = nals_[i] + kStoredLengthBytes;
      nals->push_back(ByteSpan(bytes_).subspan(begin, end_of(i + 1) - begin));
    }
    return ByteSpan(bytes_).first(end_of(count));
  }
  // The last `keep` are the beginning of the next unit.
  void Keep(size_t keep) {
    if (keep == 0) return Clear();
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(nals_.back()));
    nals_.assign(1, 0);
  }

 private:
  bool Fits(size_t more) const { return bytes_.size() + more <= kMaxUnitBytes; }

  Bytes bytes_;
  std::vector<size_t> nals_;  // where each begins in bytes_, its length first
  bool in_nal_ = false;
};

class VideoDepacketiser final : public Depacketiser {
 public:
  VideoDepacketiser(const TrackPlan& plan, UnitSink& sink)
      : codec_(plan.info.codec), sink_(sink), boundary_(codec_) {
    // For the slice headers to be read before the first parameter sets have come in the stream.
    const Result<NalList> sets = SplitNals(plan.info.config, NalFraming::kLength4);
    if (!sets.ok()) return;
    for (const ByteSpan nal : *sets) boundary_.Observe(nal);
  }

  void Push(const RtpPacket& packet, int64_t timestamp, bool lost) override {
    if (lost) Break();
    if (timestamp != timestamp_) {
      if (builder_.in_nal()) {
        Malformed();  // its end never came
      } else if (has_picture_) {
        Close(0, true);
      }
      skipping_ = false;
      marker_closed_ = false;
    }
    timestamp_ = timestamp;
    if (skipping_ || packet.payload.empty()) return;
    const bool understood =
        codec_ == Codec::kH264 ? PushH264(packet.payload) : PushH265(packet.payload);
    if (!understood) Malformed();
    if (packet.marker && markers_believed_ && has_picture_ && !builder_.in_nal()) {
      Close(0, true);
      marker_closed_ = true;
    }
  }

  void Finish() override {
    builder_.DropOpenNal();
    if (!builder_.empty()) Close(0, true);
  }

  uint64_t malformed() const override { return malformed_; }

 private:
  bool PushH264(ByteSpan payload) {
    constexpr uint8_t kStapA = 24;
    constexpr uint8_t kFuA = 28;
    const uint8_t type = H264NalType(payload);
    if (type == kStapA) return PushAggregate(payload.subspan(kH264NalHeaderBytes));
    if (type == kFuA) {
      if (payload.size() < 2) return false;
      const auto fu = std::to_integer<uint8_t>(payload[1]);
      const std::array header = {(payload[0] & std::byte{0xE0}) |
                                 static_cast<std::byte>(fu & 0x1F)};
      return PushFragment(fu, header, payload.subspan(2));
    }
    if (type == 0 || type > kStapA) return false;
    return PushNal(payload);
  }

  bool PushH265(ByteSpan payload) {
    constexpr uint8_t kAggregate = 48;
    constexpr uint8_t kFragment = 49;
    if (payload.size() < kH265NalHeaderBytes) return false;
    const uint8_t type = H265NalType(payload);
    if (type == kAggregate) return PushAggregate(payload.subspan(kH265NalHeaderBytes));
    if (type == kFragment) {
      if (payload.size() < 3) return false;
      const auto fu = std::to_integer<uint8_t>(payload[2]);
      const std::array header = {
          (payload[0] & std::byte{0x81}) | static_cast<std::byte>(fu & 0x3F) << 1, payload[1]};
      return PushFragment(fu, header, payload.subspan(3));
    }
    if (type > kFragment) return false;
    return PushNal(payload);
  }

  bool PushNal(ByteSpan nal) {
    if (builder_.in_nal()) return false;
    Begin({}, nal);
    if (builder_.in_nal()) builder_.EndNal();
    return true;
  }

  bool PushAggregate(ByteSpan rest) {
    const size_t header_bytes = codec_ == Codec::kH264 ? kH264NalHeaderBytes : kH265NalHeaderBytes;
    while (rest.size() >= 2 && !skipping_) {
      const size_t size = LoadBe16(rest, 0);
      if (size < header_bytes || size > rest.size() - 2) return false;
      if (!PushNal(rest.subspan(2, size))) return false;
      rest = rest.subspan(2 + size);
    }
    return true;
  }

  bool PushFragment(uint8_t fu, ByteSpan header, ByteSpan payload) {
    const bool start = (fu & 0x80) != 0;
    const bool end = (fu & 0x40) != 0;
    if (start) {
      if (builder_.in_nal()) Malformed();  // the one before has no end
      Begin(header, payload);
    } else if (!builder_.in_nal()) {
      return lost_before_;  // its start is lost, which is known or would be news
    } else if (!builder_.Extend(payload)) {
      DropUnit();
    }
    if (end && builder_.in_nal()) builder_.EndNal();
    return true;
  }

  // A NAL unit begins; it stands last in builder_, open, unless it was dropped.
  void Begin(ByteSpan header, ByteSpan payload) {
    const bool fresh = builder_.empty();
    if (!builder_.BeginNal(header, payload)) return DropUnit();
    const bool slice = IsSlice(builder_.last());
    const Boundary boundary = boundary_.Observe(builder_.last());
    if (boundary == Boundary::kBegins && has_picture_) {
      Close(1, true);
    } else if (slice && fresh && marker_closed_ && boundary == Boundary::kContinues) {
      markers_believed_ = false;  // it stood in the midst of a picture
      whole_ = false;
    }
    if (!slice || std::exchange(has_picture_, true)) return;
    if (lost_before_ && !StartsPicture(builder_.last())) whole_ = false;
  }

  bool IsSlice(ByteSpan nal) const {
    if (codec_ == Codec::kH265)
      return H265IsBaseLayer(nal) && H265NalType(nal) <= H265Nal::kLastVcl;
    const uint8_t type = H264NalType(nal);
    return type == H264Nal::kSlice || type == H264Nal::kSlicePartitionA ||
           type == H264Nal::kIdrSlice;
  }

  // first_mb_in_slice is 0, first_slice_segment_in_pic_flag is 1: either way the first bit.
  bool StartsPicture(ByteSpan slice) const {
    const size_t at = codec_ == Codec::kH264 ? kH264NalHeaderBytes : kH265NalHeaderBytes;
    return slice.size() > at && (slice[at] & std::byte{0x80}) != std::byte{0};
  }

  // Gives the unit but for its last `keep` NAL units.
  void Close(size_t keep, bool whole) {
    DepacketisedUnit unit;
    unit.bytes = builder_.View(keep, &nals_);
    unit.nals = &nals_;
    unit.timestamp = timestamp_;
    unit.loss_before = std::exchange(lost_before_, false);
    unit.whole = whole && whole_;
    sink_.OnUnit(unit);
    builder_.Keep(keep);
    has_picture_ = false;
    whole_ = true;
  }

  void Break() {
    builder_.DropOpenNal();
    if (!builder_.empty()) Close(0, false);
    has_picture_ = false;
    whole_ = true;
    marker_closed_ = false;
    lost_before_ = true;
  }

  void Malformed() {
    ++malformed_;
    Break();
  }

  // Over a bound: nothing of this picture is kept.
  void DropUnit() {
    ++malformed_;
    builder_.Clear();
    has_picture_ = false;
    whole_ = true;
    lost_before_ = true;
    skipping_ = true;
  }

  const Codec codec_;
  UnitSink& sink_;
  PictureBoundary boundary_;
  UnitBuilder builder_;
  NalList nals_;
  int64_t timestamp_ = 0;
  bool has_picture_ = false;  // builder_ holds a slice
  bool whole_ = true;         // nothing of builder_ is known to be missing
  bool lost_before_ = false;  // something was lost before builder_
  bool skipping_ = false;     // until the time stamp changes
  bool markers_believed_ = true;
  bool marker_closed_ = false;  // the unit before, of this time stamp, ended with a marker
  uint64_t malformed_ = 0;
};

}  // namespace

std::unique_ptr<Depacketiser> MakeVideoDepacketiser(const TrackPlan& plan, UnitSink& sink) {
  return std::make_unique<VideoDepacketiser>(plan, sink);
}

}  // namespace reel::server
