#include "engine/av/decoder_config.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string>

#include "engine/base/check.h"
#include "engine/media/nal_types.h"
#include "engine/media/parameter_sets.h"

namespace reel {
namespace {

// Big-endian fields of a record that may be cut off: ok() turns false for good and reads give 0.
class RecordReader {
 public:
  explicit RecordReader(ByteSpan bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  Status status() const {
    return ok_ ? OkStatus() : InvalidArgument("decoder configuration cut off");
  }
  uint32_t Get(size_t bytes) {
    uint32_t value = 0;
    for (std::byte b : Take(bytes)) value = value << 8 | std::to_integer<uint32_t>(b);
    return value;
  }
  ByteSpan Take(size_t bytes) {
    if (bytes > rest_.size()) ok_ = false;
    if (!ok_) return {};
    const ByteSpan taken = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return taken;
  }

 private:
  ByteSpan rest_;
  bool ok_ = true;
};

void Put(uint64_t value, size_t bytes, Bytes* out) {
  while (bytes-- > 0) out->push_back(static_cast<std::byte>(value >> (8 * bytes) & 0xFF));
}

void PutBytes(ByteSpan bytes, Bytes* out) { out->insert(out->end(), bytes.begin(), bytes.end()); }

void TakeParameterSets(uint32_t count, RecordReader* in, Bytes* out) {
  for (uint32_t i = 0; i < count && in->ok(); ++i) {
    const ByteSpan nal = in->Take(in->Get(2));
    if (!nal.empty()) AppendLengthPrefixed(nal, out);
  }
}

Result<NalFraming> FramingOf(uint32_t length_size_minus_one) {
  switch (length_size_minus_one & 3) {
    case 0:
      return NalFraming::kLength1;
    case 1:
      return NalFraming::kLength2;
    case 3:
      return NalFraming::kLength4;
    default:
      return InvalidArgument("decoder configuration states 3-byte NAL lengths");
  }
}

Result<DecoderConfig> ParseAvcC(ByteSpan raw) {
  RecordReader in(raw);
  in.Take(4);  // version, profile, compatibility, level
  DecoderConfig config;
  REEL_ASSIGN_OR_RETURN(config.framing, FramingOf(in.Get(1)));
  TakeParameterSets(in.Get(1) & 0x1F, &in, &config.parameter_sets);
  TakeParameterSets(in.Get(1), &in, &config.parameter_sets);
  REEL_RETURN_IF_ERROR(in.status());
  return config;
}

Result<DecoderConfig> ParseHvcC(ByteSpan raw) {
  RecordReader in(raw);
  in.Take(21);  // version up to avgFrameRate
  DecoderConfig config;
  REEL_ASSIGN_OR_RETURN(config.framing, FramingOf(in.Get(1)));
  const uint32_t arrays = in.Get(1);
  for (uint32_t i = 0; i < arrays; ++i) {
    in.Take(1);  // NAL type
    TakeParameterSets(in.Get(2), &in, &config.parameter_sets);
  }
  REEL_RETURN_IF_ERROR(in.status());
  return config;
}

bool StartsWithStartCode(ByteSpan raw) {
  const auto code = FindStartCode(raw.first(std::min<size_t>(raw.size(), 4)), 0);
  return code && (*code == 0 || raw[0] == std::byte{0});
}

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
Status PutParameterSets(const NalList& sets, size_t count_bytes, uint32_t count_bits, size_t max,
                        Bytes* out) {
  if (sets.size() > max) return InvalidArgument("too many parameter sets for an MP4 track");
  Put(count_bits | sets.size(), count_bytes, out);
  for (ByteSpan nal : sets) {
    if (nal.size() > std::numeric_limits<uint16_t>::max()) {
      return InvalidArgument("a parameter set of " + std::to_string(nal.size()) +
                             " bytes is too long for MP4");
    }
    Put(nal.size(), 2, out);
    PutBytes(nal, out);
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
  Bytes out;
  Put(1, 1, &out);
  Put(sps.profile_idc, 1, &out);
  Put(sps.constraint_flags, 1, &out);
  Put(sps.level_idc, 1, &out);
  Put(0xFF, 1, &out);  // reserved bits, 4-byte lengths
  REEL_RETURN_IF_ERROR(PutParameterSets(sps_nals, 1, 0xE0, 31, &out));
  REEL_RETURN_IF_ERROR(PutParameterSets(pps_nals, 1, 0, 255, &out));
  if (HasAvcCExtension(sps.profile_idc)) {
    Put(0xFC | sps.chroma_format_idc, 1, &out);
    Put(0xF8 | (sps.bit_depth_luma - 8), 1, &out);
    Put(0xF8 | (sps.bit_depth_chroma - 8), 1, &out);
    Put(0, 1, &out);  // no SPS extensions
  }
  return out;
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
  Bytes out;
  Put(1, 1, &out);
  Put(static_cast<uint64_t>(profile.space) << 6 | (profile.high_tier ? 0x20U : 0U) | profile.idc, 1,
      &out);
  Put(profile.compatibility_flags, 4, &out);
  PutBytes(std::as_bytes(std::span(profile.constraint_bytes)), &out);
  Put(profile.level_idc, 1, &out);
  Put(0xF000, 2, &out);  // min_spatial_segmentation_idc 0: not stated
  Put(0xFC, 1, &out);    // parallelismType 0: not stated
  Put(0xFC | sps.chroma_format_idc, 1, &out);
  Put(0xF8 | (sps.bit_depth_luma - 8), 1, &out);
  Put(0xF8 | (sps.bit_depth_chroma - 8), 1, &out);
  Put(0, 2, &out);  // avgFrameRate 0: not stated
  Put(sps.max_sub_layers << 3 | (sps.temporal_id_nesting ? 4U : 0U) | 3U, 1, &out);
  Put(kTypes.size(), 1, &out);
  for (size_t i = 0; i < kTypes.size(); ++i) {
    Put(kTypes[i], 1, &out);  // more may stand in the units
    REEL_RETURN_IF_ERROR(PutParameterSets(sets[i], 2, 0, kMaxNalsPerUnit, &out));
  }
  return out;
}

}  // namespace

Result<DecoderConfig> ParseDecoderConfig(Codec codec, ByteSpan raw) {
  REEL_CHECK(codec == Codec::kH264 || codec == Codec::kH265, "not a codec with NAL units");
  if (raw.empty()) return DecoderConfig{};
  if (StartsWithStartCode(raw)) {
    REEL_ASSIGN_OR_RETURN(Bytes sets, ToLengthPrefixed(raw, NalFraming::kAnnexB));
    return DecoderConfig{NalFraming::kAnnexB, std::move(sets)};
  }
  REEL_ASSIGN_OR_RETURN(DecoderConfig config,
                        codec == Codec::kH264 ? ParseAvcC(raw) : ParseHvcC(raw));
  REEL_RETURN_IF_ERROR(SplitNals(config.parameter_sets, NalFraming::kLength4).status());
  return config;
}

Result<Bytes> BuildDecoderConfig(Codec codec, ByteSpan parameter_sets) {
  REEL_CHECK(codec == Codec::kH264 || codec == Codec::kH265, "not a codec with NAL units");
  REEL_ASSIGN_OR_RETURN(const NalList nals, SplitNals(parameter_sets, NalFraming::kLength4));
  return codec == Codec::kH264 ? BuildAvcC(nals) : BuildHvcC(nals);
}

}  // namespace reel
