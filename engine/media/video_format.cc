#include "engine/media/video_format.h"

#include <algorithm>
#include <limits>

#include "engine/base/check.h"
#include "engine/media/nal.h"
#include "engine/media/nal_types.h"

namespace reel {
namespace {

std::string Hex(uint32_t value, size_t min_digits) {
  std::string text;
  for (; value != 0 || text.size() < min_digits; value >>= 4) {
    text.push_back("0123456789ABCDEF"[value & 0xF]);
  }
  std::reverse(text.begin(), text.end());
  return text;
}

uint32_t ReverseBits(uint32_t value) {
  uint32_t reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= (value >> i & 1U) << (31 - i);
  return reversed;
}

VideoFormat Describe(const H264Sps& sps) {
  VideoFormat format{.width = sps.width,
                     .height = sps.height,
                     .chroma_format_idc = sps.chroma_format_idc,
                     .bit_depth = sps.bit_depth_luma,
                     .codec_string = CodecString(sps),
                     .frame_duration = std::nullopt,
                     .max_reorder_pictures = sps.max_reorder_pictures};
  constexpr uint32_t kMaxTick = std::numeric_limits<uint32_t>::max() / 2;
  if (sps.timing && sps.timing->units_in_tick <= kMaxTick) {
    format.frame_duration = VideoTiming{sps.timing->units_in_tick * 2, sps.timing->time_scale};
  }
  return format;
}

VideoFormat Describe(const H265Sps& sps) {
  return {.width = sps.width,
          .height = sps.height,
          .chroma_format_idc = sps.chroma_format_idc,
          .bit_depth = sps.bit_depth_luma,
          .codec_string = CodecString(sps),
          .frame_duration = sps.timing,
          .max_reorder_pictures = sps.max_reorder_pictures};
}

Result<VideoFormat> DescribeH264(const NalList& nals) {
  for (ByteSpan nal : nals) {
    if (H264NalType(nal) != H264Nal::kSps) continue;
    REEL_ASSIGN_OR_RETURN(const H264Sps sps, ParseH264Sps(nal));
    return Describe(sps);
  }
  return FailedPrecondition("no SPS among the parameter sets");
}

Result<VideoFormat> DescribeH265(const NalList& nals) {
  std::optional<VideoFormat> format;
  std::optional<VideoTiming> vps_timing;
  for (ByteSpan nal : nals) {
    if (H265NalType(nal) == H265Nal::kVps) {
      if (const Result<H265Vps> vps = ParseH265Vps(nal); vps.ok()) vps_timing = vps->timing;
    } else if (H265NalType(nal) == H265Nal::kSps && !format) {
      REEL_ASSIGN_OR_RETURN(const H265Sps sps, ParseH265Sps(nal));
      format = Describe(sps);
    }
  }
  if (!format) return FailedPrecondition("no SPS among the parameter sets");
  if (!format->frame_duration) format->frame_duration = vps_timing;
  return *std::move(format);
}

}  // namespace

Result<VideoFormat> DescribeVideo(Codec codec, ByteSpan config) {
  REEL_CHECK(codec == Codec::kH264 || codec == Codec::kH265, "not a codec with NAL units");
  REEL_ASSIGN_OR_RETURN(const NalList nals, SplitNals(config, NalFraming::kLength4));
  return codec == Codec::kH264 ? DescribeH264(nals) : DescribeH265(nals);
}

std::string CodecString(const H264Sps& sps) {
  return "avc1." + Hex(sps.profile_idc, 2) + Hex(sps.constraint_flags, 2) + Hex(sps.level_idc, 2);
}

std::string CodecString(const H265Sps& sps) {
  const H265Profile& profile = sps.profile;
  std::string text = "hvc1.";
  if (profile.space != 0) text.push_back("ABC"[profile.space - 1]);
  text += std::to_string(profile.idc) + "." + Hex(ReverseBits(profile.compatibility_flags), 1);
  text += (profile.high_tier ? ".H" : ".L") + std::to_string(profile.level_idc);
  size_t used = profile.constraint_bytes.size();
  while (used > 0 && profile.constraint_bytes[used - 1] == 0) --used;
  for (size_t i = 0; i < used; ++i) text += "." + Hex(profile.constraint_bytes[i], 1);
  return text;
}

}  // namespace reel
