#include "engine/media/decoder_record.h"

#include <array>
#include <limits>
#include <string>

#include "engine/base/check.h"
#include "engine/media/box_writer.h"
#include "engine/media/nal.h"
#include "engine/media/nal_types.h"
#include "engine/media/parameter_sets.h"

namespace reel {
namespace {

// The NAL units among `nals` of one type.
template <class TypeOf>
NalList OfType(const NalList& nals, TypeOf type_of, uint8_t type) {
  NalList found;
  for (ByteSpan nal : nals) {
    if (type_of(nal) == type) found.push_back(nal);
  }
  return found;
}

// `count_bytes` hold how many there are, at most `max`.
Status PutParameterSets(const NalList& sets, int count_bytes, uint32_t count_bits, size_t max,
                        BoxWriter* out) {
  if (sets.size() > max) return InvalidArgument("too many parameter sets for an MP4 track");
  if (count_bytes == 1) out->Put8(count_bits | sets.size());
  if (count_bytes == 2) out->Put16(sets.size());
  for (ByteSpan nal : sets) {
    if (nal.size() > std::numeric_limits<uint16_t>::max()) {
      return InvalidArgument("a parameter set of " + std::to_string(nal.size()) +
                             " bytes is too long for MP4");
    }
    out->Put16(nal.size());
    out->PutBytes(nal);
  }
  return OkStatus();
}

bool HasAvcCExtension(uint8_t profile_idc) {
  return profile_idc != 66 && profile_idc != 77 && profile_idc != 88;
}

Result<Bytes> BuildAvcC(const NalList& nals) {
  const NalList sps_nals = OfType(nals, H264NalType, H264Nal::kSps);
  const NalList pps_nals = OfType(nals, H264NalType, H264Nal::kPps);
  if (sps_nals.empty() || pps_nals.empty()) return FailedPrecondition("no SPS and PPS");
  REEL_ASSIGN_OR_RETURN(const H264Sps sps, ParseH264Sps(sps_nals[0]));
  Bytes record;
  BoxWriter out(&record);
  out.Put8(1);
  out.Put8(sps.profile_idc);
  out.Put8(sps.constraint_flags);
  out.Put8(sps.level_idc);
  out.Put8(0xFF);  // reserved bits, 4-byte lengths
  REEL_RETURN_IF_ERROR(PutParameterSets(sps_nals, 1, 0xE0, 31, &out));
  REEL_RETURN_IF_ERROR(PutParameterSets(pps_nals, 1, 0, 255, &out));
  if (HasAvcCExtension(sps.profile_idc)) {
    out.Put8(0xFC | sps.chroma_format_idc);
    out.Put8(0xF8 | (sps.bit_depth_luma - 8));
    out.Put8(0xF8 | (sps.bit_depth_chroma - 8));
    out.Put8(0);  // no SPS extensions
  }
  return record;
}

Result<Bytes> BuildHvcC(const NalList& nals) {
  constexpr std::array kTypes = {H265Nal::kVps, H265Nal::kSps, H265Nal::kPps};
  std::array<NalList, kTypes.size()> sets;
  for (size_t i = 0; i < kTypes.size(); ++i) {
    sets[i] = OfType(nals, H265NalType, kTypes[i]);
    if (sets[i].empty()) return FailedPrecondition("no VPS, SPS and PPS");
  }
  REEL_ASSIGN_OR_RETURN(const H265Sps sps, ParseH265Sps(sets[1][0]));
  const H265Profile& profile = sps.profile;
  Bytes record;
  BoxWriter out(&record);
  out.Put8(1);
  out.Put8(static_cast<uint64_t>(profile.space) << 6 | (profile.high_tier ? 0x20U : 0U) |
           profile.idc);
  out.Put32(profile.compatibility_flags);
  out.PutBytes(std::as_bytes(std::span(profile.constraint_bytes)));
  out.Put8(profile.level_idc);
  out.Put16(0xF000);  // min_spatial_segmentation_idc 0: not stated
  out.Put8(0xFC);     // parallelismType 0: not stated
  out.Put8(0xFC | sps.chroma_format_idc);
  out.Put8(0xF8 | (sps.bit_depth_luma - 8));
  out.Put8(0xF8 | (sps.bit_depth_chroma - 8));
  out.Put16(0);  // avgFrameRate 0: not stated
  out.Put8(sps.max_sub_layers << 3 | (sps.temporal_id_nesting ? 4U : 0U) | 3U);
  out.Put8(kTypes.size());
  for (size_t i = 0; i < kTypes.size(); ++i) {
    out.Put8(kTypes[i]);  // more may stand in the units
    REEL_RETURN_IF_ERROR(PutParameterSets(sets[i], 2, 0, kMaxNalsPerUnit, &out));
  }
  return record;
}

}  // namespace

Result<Bytes> BuildDecoderRecord(Codec codec, ByteSpan parameter_sets) {
  REEL_CHECK(codec == Codec::kH264 || codec == Codec::kH265, "not a codec with NAL units");
  REEL_ASSIGN_OR_RETURN(const NalList nals, SplitNals(parameter_sets, NalFraming::kLength4));
  return codec == Codec::kH264 ? BuildAvcC(nals) : BuildHvcC(nals);
}

}  // namespace reel
