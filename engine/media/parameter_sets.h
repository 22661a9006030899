// Parameter sets of H.264 (SPS, PPS) and H.265 (VPS, SPS, PPS), read as far as Reel needs them:
// ids, picture size, profile and level, timing, reordering, and what a slice header parse depends
// on.
//
// Every value that sizes or bounds something is range-checked against its standard; an error is
// InvalidArgument naming the field. Nothing is allocated. VUI parameters are hints that cameras get
// wrong (cut off, garbage): a VUI that does not parse counts as absent, it never costs the
// parameter set. Each parser takes one whole NAL unit, header included, with emulation prevention
// in place.
// Thread rule: pure functions and plain values.
// Sources: ITU-T H.264 (08/2021) 7.3.2.1, 7.3.2.2, annex E; ITU-T H.265 (08/2021) 7.3.2.1-7.3.2.3,
// 7.3.3, 7.3.4, 7.3.7, annex E.
#pragma once

#include <optional>

#include "reel/status.h"
#include "reel/types.h"

namespace reel {

// The largest side level 6.2 of either standard allows: Sqrt(8 * MaxLumaPs) = 16888.
inline constexpr uint32_t kMaxSidePixels = 16'888;

inline constexpr size_t kH264SpsIds = 32;
inline constexpr size_t kH264PpsIds = 256;
inline constexpr size_t kH265VpsIds = 16;
inline constexpr size_t kH265SpsIds = 16;
inline constexpr size_t kH265PpsIds = 64;

// A tick lasts units_in_tick / time_scale seconds; neither is 0. H.264 counts two ticks per frame,
// H.265 one per picture.
struct VideoTiming {
  uint32_t units_in_tick = 0;
  uint32_t time_scale = 0;
  bool operator==(const VideoTiming&) const = default;
};

struct H264Sps {
  uint8_t profile_idc = 0;
  uint8_t constraint_flags = 0;  // the byte between profile_idc and level_idc
  uint8_t level_idc = 0;
  uint32_t id = 0;
  uint32_t chroma_format_idc = 1;
  bool separate_colour_plane = false;
  uint32_t bit_depth_luma = 8;
  uint32_t bit_depth_chroma = 8;
  int frame_num_bits = 4;
  uint32_t poc_type = 0;
  int poc_lsb_bits = 4;                // poc_type 0
  bool delta_poc_always_zero = false;  // poc_type 1
  uint32_t max_ref_frames = 0;
  bool frame_mbs_only = true;  // no interlaced coding
  uint32_t width = 0;          // after cropping
  uint32_t height = 0;
  std::optional<VideoTiming> timing;
  std::optional<uint32_t> max_reorder_pictures;  // absent: not stated
};

struct H264Pps {
  uint32_t id = 0;
  uint32_t sps_id = 0;
  bool bottom_field_poc_present = false;
  bool redundant_pic_cnt_present = false;
};

// profile_tier_level(), general part, as hvcC and the codec string want it.
struct H265Profile {
  uint8_t space = 0;  // 0..3
  bool high_tier = false;
  uint8_t idc = 0;
  uint32_t compatibility_flags = 0;  // general_profile_compatibility_flag[0] is bit 31
  std::array<uint8_t, 6> constraint_bytes{};
  uint8_t level_idc = 0;
  bool operator==(const H265Profile&) const = default;
};

struct H265Vps {
  uint32_t id = 0;
  uint32_t max_sub_layers = 1;
  H265Profile profile;
  std::optional<VideoTiming> timing;
};

struct H265Sps {
  uint32_t id = 0;
  uint32_t vps_id = 0;
  uint32_t max_sub_layers = 1;
  bool temporal_id_nesting = false;
  H265Profile profile;
  uint32_t chroma_format_idc = 1;
  uint32_t bit_depth_luma = 8;
  uint32_t bit_depth_chroma = 8;
  uint32_t width = 0;  // after cropping
  uint32_t height = 0;
  uint32_t max_reorder_pictures = 0;
  std::optional<VideoTiming> timing;
};

struct H265Pps {
  uint32_t id = 0;
  uint32_t sps_id = 0;
};

Result<H264Sps> ParseH264Sps(ByteSpan nal);
Result<H264Pps> ParseH264Pps(ByteSpan nal);
Result<H265Vps> ParseH265Vps(ByteSpan nal);
Result<H265Sps> ParseH265Sps(ByteSpan nal);
Result<H265Pps> ParseH265Pps(ByteSpan nal);

// Only the id (0..15) of an H.265 SPS, which stands behind its profile_tier_level().
Result<uint32_t> ParseH265SpsId(ByteSpan nal);

}  // namespace reel
