#include "engine/media/clean_point.h"

#include "engine/base/check.h"
#include "engine/media/nal_types.h"
#include "engine/media/sei.h"
#include "engine/media/slice_header.h"

namespace reel {
namespace {

// All slices of one H.264 picture, as far as a clean point depends on them.
struct SliceSummary {
  bool idr = false;
  bool all_intra = true;
  bool first_picture = true;  // false once a second field has begun
  bool any = false;

  void Add(ByteSpan nal) {
    const std::optional<H264SliceStart> slice = ParseH264SliceStart(nal);
    if (any && slice && slice->first_mb == 0) first_picture = false;
    if (!any) idr = H264NalType(nal) == H264Nal::kIdrSlice;
    if (first_picture) all_intra = all_intra && slice && slice->is_intra;
    any = true;
  }
};

void SetRecoveryPoint(const RecoveryPoint& point, PictureInfo* info) {
  info->clean = CleanKind::kRecoveryPoint;
  info->leading_pictures_possible = true;
  info->intra_refresh = point.count > 0;
  info->recovery_count = static_cast<uint32_t>(point.count);
  info->exact_match = point.exact_match;
}

PictureInfo ClassifyH264(std::span<const ByteSpan> nals) {
  PictureInfo info;
  SliceSummary slices;
  std::optional<RecoveryPoint> recovery;
  for (ByteSpan nal : nals) {
    switch (H264NalType(nal)) {
      case H264Nal::kSlice:
      case H264Nal::kSlicePartitionA:
      case H264Nal::kIdrSlice:
        slices.Add(nal);
        break;
      case H264Nal::kSei:
        // One after the first slice belongs to a second field, if to anything.
        if (!recovery && !slices.any) recovery = FindRecoveryPoint(Codec::kH264, nal);
        break;
      case H264Nal::kSps:
      case H264Nal::kPps:
        info.has_parameter_sets = true;
        break;
      default:
        break;
    }
  }
  info.has_picture = slices.any;
  if (!info.has_picture) return info;
  if (slices.idr) {
    info.clean = CleanKind::kIdr;
  } else if (recovery && (recovery->count > 0 || slices.all_intra)) {
    SetRecoveryPoint(*recovery, &info);
  }
  return info;
}

// Reserved types, which decoders ignore, give no picture.
bool IsH265Picture(uint8_t type) {
  return type <= H265Nal::kRaslR || (type >= H265Nal::kBlaWLp && type <= H265Nal::kCra);
}

void SetH265Picture(uint8_t type, const std::optional<RecoveryPoint>& recovery, PictureInfo* info) {
  info->has_picture = true;
  switch (type) {
    case H265Nal::kRadlN:
    case H265Nal::kRadlR:
      info->leading = LeadingKind::kRadl;
      break;
    case H265Nal::kRaslN:
    case H265Nal::kRaslR:
      info->leading = LeadingKind::kRasl;
      break;
    case H265Nal::kIdrWRadl:
    case H265Nal::kIdrNLp:
      info->clean = CleanKind::kIdr;
      info->leading_pictures_possible = type == H265Nal::kIdrWRadl;
      break;
    case H265Nal::kCra:
      info->clean = CleanKind::kCra;
      info->leading_pictures_possible = true;
      break;
    case H265Nal::kBlaWLp:
    case H265Nal::kBlaWRadl:
    case H265Nal::kBlaNLp:
      info->clean = CleanKind::kBla;
      info->leading_pictures_possible = type != H265Nal::kBlaNLp;
      break;
    default:
      if (recovery && recovery->count >= 0) SetRecoveryPoint(*recovery, info);
      break;
  }
}

PictureInfo ClassifyH265(std::span<const ByteSpan> nals) {
  PictureInfo info;
  std::optional<RecoveryPoint> recovery;
  for (ByteSpan nal : nals) {
    if (!H265IsBaseLayer(nal)) continue;
    const uint8_t type = H265NalType(nal);
    if (type == H265Nal::kVps || type == H265Nal::kSps || type == H265Nal::kPps) {
      info.has_parameter_sets = true;
    } else if (type == H265Nal::kPrefixSei && !recovery) {
      recovery = FindRecoveryPoint(Codec::kH265, nal);
    } else if (IsH265Picture(type) && !info.has_picture) {
      SetH265Picture(type, recovery, &info);
    }
  }
  return info;
}

}  // namespace

PictureInfo ClassifyPicture(Codec codec, std::span<const ByteSpan> nals) {
  REEL_CHECK(codec == Codec::kH264 || codec == Codec::kH265, "not a codec with NAL units");
  return codec == Codec::kH264 ? ClassifyH264(nals) : ClassifyH265(nals);
}

uint8_t UnitFlagsOf(const PictureInfo& info) {
  // An open GOP is one whose leading pictures may be lost; those of an IDR picture never are.
  const bool open_gop = info.leading_pictures_possible && info.clean != CleanKind::kIdr;
  unsigned flags = 0;
  if (info.clean != CleanKind::kNone) flags |= kUnitClean;
  if (open_gop) flags |= kUnitOpenGop;
  if (info.intra_refresh) flags |= kUnitIntraRefresh;
  if (!info.has_picture) flags |= kUnitNoPicture;
  return static_cast<uint8_t>(flags);
}

}  // namespace reel
