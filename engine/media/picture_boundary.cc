#include "engine/media/picture_boundary.h"

#include "engine/base/check.h"
#include "engine/media/nal_types.h"

namespace reel {

PictureBoundary::PictureBoundary(Codec codec) : codec_(codec) {
  REEL_CHECK(codec == Codec::kH264 || codec == Codec::kH265, "not a codec with NAL units");
}

Boundary PictureBoundary::Observe(ByteSpan nal) {
  return codec_ == Codec::kH264 ? ObserveH264(nal) : ObserveH265(nal);
}

Boundary PictureBoundary::BeginIfPicture() {
  if (!has_picture_) return Boundary::kContinues;
  has_picture_ = false;
  return Boundary::kBegins;
}

Boundary PictureBoundary::ObserveH264(ByteSpan nal) {
  const uint8_t type = H264NalType(nal);
  switch (type) {
    case H264Nal::kSlice:
    case H264Nal::kSlicePartitionA:
    case H264Nal::kIdrSlice:
      return ObserveH264Slice(nal);
    case H264Nal::kPrefix:
      // Stands before every slice it describes, the first of a picture or not.
      return has_picture_ ? Boundary::kWithNext : Boundary::kContinues;
    case H264Nal::kSps:
      if (const Result<H264Sps> sps = ParseH264Sps(nal); sps.ok()) sps_[sps->id] = *sps;
      return BeginIfPicture();
    case H264Nal::kPps:
      if (const Result<H264Pps> pps = ParseH264Pps(nal); pps.ok()) pps_[pps->id] = *pps;
      return BeginIfPicture();
    default: {
      const bool announces_unit = type == H264Nal::kSei || type == H264Nal::kAud ||
                                  (type > H264Nal::kPrefix && type <= H264Nal::kReserved18);
      return announces_unit ? BeginIfPicture() : Boundary::kContinues;
    }
  }
}

Boundary PictureBoundary::ObserveH264Slice(ByteSpan nal) {
  const std::optional<H264SliceStart> start = ParseH264SliceStart(nal);
  std::optional<H264Slice> slice;
  if (start && pps_[start->pps_id]) {
    const H264Pps& pps = *pps_[start->pps_id];
    if (sps_[pps.sps_id]) slice = ParseH264Slice(nal, *sps_[pps.sps_id], pps);
  }
  if (slice && slice->is_redundant && has_picture_) return Boundary::kContinues;
  const bool begins_at_zero = start && start->first_mb == 0;
  // Where the first slice was lost, the other fields still tell the pictures apart.
  const bool differs = slice && last_picture_ && slice->picture != *last_picture_;
  const bool begins = has_picture_ && (begins_at_zero || differs);
  if (begins || !has_picture_ || slice) {
    last_picture_ = slice ? std::optional(slice->picture) : std::nullopt;
  }
  has_picture_ = true;
  return begins ? Boundary::kBegins : Boundary::kContinues;
}

Boundary PictureBoundary::ObserveH265(ByteSpan nal) {
  if (!H265IsBaseLayer(nal)) return Boundary::kContinues;
  const uint8_t type = H265NalType(nal);
  if (type <= H265Nal::kLastVcl) {
    const bool first_slice = nal.size() > kH265NalHeaderBytes &&
                             (nal[kH265NalHeaderBytes] & std::byte{0x80}) != std::byte{0};
    const bool begins = has_picture_ && first_slice;
    has_picture_ = true;
    return begins ? Boundary::kBegins : Boundary::kContinues;
  }
  const bool announces_unit = (type >= H265Nal::kVps && type <= H265Nal::kAud) ||
                              type == H265Nal::kPrefixSei || (type >= 41 && type <= 44) ||
                              (type >= 48 && type <= 55);
  return announces_unit ? BeginIfPicture() : Boundary::kContinues;
}

}  // namespace reel
