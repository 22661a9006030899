#include <algorithm>
#include <array>

#include "engine/media/field_reader.h"
#include "engine/media/nal_types.h"
#include "engine/media/parameter_sets.h"

namespace reel {
namespace {

constexpr uint32_t kMaxSubLayers = 7;
constexpr uint32_t kMaxDpbPictures = 16;
constexpr uint32_t kMaxShortTermSets = 64;
constexpr uint32_t kExtendedSar = 255;

// One st_ref_pic_set(): the picture distances other sets are predicted from, nearest first, the
// ones before the picture ahead of the ones after it.
struct ShortTermSet {
  uint32_t count = 0;
  uint32_t negative_count = 0;
  std::array<int32_t, kMaxDpbPictures> delta{};
};

H265Profile ParseProfile(uint32_t max_sub_layers, FieldReader* in) {
  H265Profile profile;
  profile.space = static_cast<uint8_t>(in->Bits(2));
  profile.high_tier = in->Flag();
  profile.idc = static_cast<uint8_t>(in->Bits(5));
  profile.compatibility_flags = in->Bits(32);
  for (uint8_t& byte : profile.constraint_bytes) byte = static_cast<uint8_t>(in->Bits(8));
  profile.level_idc = static_cast<uint8_t>(in->Bits(8));
  if (max_sub_layers == 1) return profile;
  uint64_t sub_layer_bits = 0;
  for (uint32_t i = 1; i < max_sub_layers; ++i) {
    if (in->Flag()) sub_layer_bits += 88;
    if (in->Flag()) sub_layer_bits += 8;
  }
  in->Skip(uint64_t{2} * (9 - max_sub_layers));  // reserved_zero_2bits
  in->Skip(sub_layer_bits);
  return profile;
}

std::optional<VideoTiming> ParseTiming(FieldReader* in) {
  const VideoTiming timing{in->Bits(32), in->Bits(32)};
  if (!in->ok() || timing.units_in_tick == 0 || timing.time_scale == 0) return std::nullopt;
  return timing;
}

// Gives the reorder depth of the highest sub-layer.
uint32_t ParseSubLayerOrdering(uint32_t max_sub_layers, FieldReader* in) {
  const uint32_t count = in->Flag() ? max_sub_layers : 1;
  uint32_t reorder = 0;
  for (uint32_t i = 0; i < count; ++i) {
    in->Ue("max_dec_pic_buffering_minus1", kMaxDpbPictures - 1);
    reorder = in->Ue("max_num_reorder_pics", kMaxDpbPictures - 1);
    in->Ue();  // max_latency_increase_plus1
  }
  return reorder;
}

void ParseSize(H265Sps* sps, FieldReader* in) {
  sps->chroma_format_idc = in->Ue("chroma_format_idc", 3);
  if (sps->chroma_format_idc == 3) in->Skip(1);  // separate_colour_plane_flag
  sps->width = in->Ue("pic_width_in_luma_samples", kMaxSidePixels);
  sps->height = in->Ue("pic_height_in_luma_samples", kMaxSidePixels);
  if (sps->width == 0) in->Refuse("pic_width_in_luma_samples", 0);
  if (sps->height == 0) in->Refuse("pic_height_in_luma_samples", 0);
  if (!in->Flag()) return;  // conformance_window_flag
  const uint32_t chroma = sps->chroma_format_idc;
  const uint32_t left = in->Ue("conf_win_left_offset", kMaxSidePixels);
  const uint32_t right = in->Ue("conf_win_right_offset", kMaxSidePixels);
  const uint32_t top = in->Ue("conf_win_top_offset", kMaxSidePixels);
  const uint32_t bottom = in->Ue("conf_win_bottom_offset", kMaxSidePixels);
  const uint32_t crop_x = (left + right) * (chroma == 1 || chroma == 2 ? 2 : 1);
  const uint32_t crop_y = (top + bottom) * (chroma == 1 ? 2 : 1);
  if (crop_x >= sps->width) return in->Refuse("horizontal conformance window", crop_x);
  if (crop_y >= sps->height) return in->Refuse("vertical conformance window", crop_y);
  sps->width -= crop_x;
  sps->height -= crop_y;
}

void SkipScalingLists(FieldReader* in) {
  for (int size_id = 0; size_id < 4; ++size_id) {
    const int coefficients = std::min(64, 16 << (2 * size_id));
    for (int matrix = 0; matrix < 6; matrix += size_id == 3 ? 3 : 1) {
      if (!in->Flag()) {
        in->Ue("scaling_list_pred_matrix_id_delta", 5);
        continue;
      }
      const int codes = coefficients + (size_id > 1 ? 1 : 0);
      for (int i = 0; i < codes; ++i) in->Se();
    }
  }
}

ShortTermSet ParseExplicitSet(FieldReader* in) {
  ShortTermSet set;
  set.negative_count = in->Ue("num_negative_pics", kMaxDpbPictures);
  const uint32_t positive_count = in->Ue("num_positive_pics", kMaxDpbPictures - set.negative_count);
  set.count = set.negative_count + positive_count;
  int32_t delta = 0;
  for (uint32_t i = 0; i < set.count; ++i) {
    if (i == set.negative_count) delta = 0;
    const auto step = static_cast<int32_t>(in->Ue("delta_poc_minus1", 32'767)) + 1;
    delta += i < set.negative_count ? -step : step;
    set.delta[i] = delta;
    in->Skip(1);  // used_by_curr_pic_flag
  }
  return set;
}

// A set told as changes to the one before it (7-61, 7-62). Entry `ref.count` of the kept flags
// stands for the reference picture itself, at distance `shift`.
ShortTermSet ParsePredictedSet(const ShortTermSet& ref, FieldReader* in) {
  const bool negative = in->Flag();
  const auto distance = static_cast<int32_t>(in->Ue("abs_delta_rps_minus1", 32'767)) + 1;
  const int32_t shift = negative ? -distance : distance;
  std::array<bool, kMaxDpbPictures + 1> kept{};
  for (uint32_t i = 0; i <= ref.count; ++i) {
    const bool used = in->Flag();
    kept[i] = used || in->Flag();
  }
  ShortTermSet set;
  const auto add = [&](uint32_t i, bool before) {
    const int32_t delta = shift + (i < ref.count ? ref.delta[i] : 0);
    if (!kept[i] || delta == 0 || (delta < 0) != before) return;
    if (set.count == kMaxDpbPictures) return in->Refuse("NumDeltaPocs", kMaxDpbPictures + 1);
    set.delta[set.count++] = delta;
  };
  for (uint32_t i = ref.count; i-- > ref.negative_count;) add(i, true);
  add(ref.count, true);
  for (uint32_t i = 0; i < ref.negative_count; ++i) add(i, true);
  set.negative_count = set.count;
  for (uint32_t i = ref.negative_count; i-- > 0;) add(i, false);
  add(ref.count, false);
  for (uint32_t i = ref.negative_count; i < ref.count; ++i) add(i, false);
  return set;
}

void SkipReferenceSets(int poc_lsb_bits, FieldReader* in) {
  const uint32_t count = in->Ue("num_short_term_ref_pic_sets", kMaxShortTermSets);
  ShortTermSet set;
  for (uint32_t i = 0; i < count && in->ok(); ++i) {
    const bool predicted = i != 0 && in->Flag();
    set = predicted ? ParsePredictedSet(set, in) : ParseExplicitSet(in);
  }
  if (!in->Flag()) return;  // long_term_ref_pics_present_flag
  const uint64_t long_term = in->Ue("num_long_term_ref_pics_sps", 32);
  in->Skip(long_term * (static_cast<uint64_t>(poc_lsb_bits) + 1));
}

// The coding tools between the picture size and the VUI.
void SkipTools(int poc_lsb_bits, FieldReader* in) {
  in->Ue("log2_min_luma_coding_block_size_minus3", 3);
  in->Ue("log2_diff_max_min_luma_coding_block_size", 3);
  in->Ue("log2_min_luma_transform_block_size_minus2", 3);
  in->Ue("log2_diff_max_min_luma_transform_block_size", 3);
  in->Ue("max_transform_hierarchy_depth_inter", 4);
  in->Ue("max_transform_hierarchy_depth_intra", 4);
  if (in->Flag() && in->Flag()) SkipScalingLists(in);
  in->Skip(1 + 1);   // amp_enabled, sample_adaptive_offset_enabled
  if (in->Flag()) {  // pcm_enabled
    in->Skip(4 + 4);
    in->Ue();
    in->Ue();
    in->Skip(1);
  }
  SkipReferenceSets(poc_lsb_bits, in);
  in->Skip(1 + 1);  // sps_temporal_mvp_enabled, strong_intra_smoothing_enabled
}

std::optional<VideoTiming> ParseVuiTiming(FieldReader* in) {
  if (in->Flag() && in->Bits(8) == kExtendedSar) in->Skip(16 + 16);
  if (in->Flag()) in->Skip(1);  // overscan_info
  if (in->Flag()) {             // video_signal_type
    in->Skip(3 + 1);
    if (in->Flag()) in->Skip(8 + 8 + 8);
  }
  if (in->Flag()) {  // chroma_loc_info
    in->Ue();
    in->Ue();
  }
  in->Skip(3);       // neutral_chroma_indication, field_seq, frame_field_info_present
  if (in->Flag()) {  // default_display_window
    for (int i = 0; i < 4; ++i) in->Ue();
  }
  return in->Flag() ? ParseTiming(in) : std::nullopt;
}

// What every H.265 SPS begins with; leaves `in` behind the id.
void ParseSpsHead(H265Sps* sps, FieldReader* in) {
  sps->vps_id = in->Bits(4);
  sps->max_sub_layers = in->Bits("sps_max_sub_layers_minus1", 3, kMaxSubLayers - 1) + 1;
  sps->temporal_id_nesting = in->Flag();
  sps->profile = ParseProfile(sps->max_sub_layers, in);
  sps->id = in->Ue("sps_seq_parameter_set_id", kH265SpsIds - 1);
}

}  // namespace

Result<H265Vps> ParseH265Vps(ByteSpan nal) {
  FieldReader in(NalPayload(nal, kH265NalHeaderBytes), "H.265 VPS");
  H265Vps vps;
  vps.id = in.Bits(4);
  in.Skip(1 + 1 + 6);  // base layer flags, vps_max_layers_minus1
  vps.max_sub_layers = in.Bits("vps_max_sub_layers_minus1", 3, kMaxSubLayers - 1) + 1;
  in.Skip(1 + 16);  // vps_temporal_id_nesting_flag, vps_reserved_0xffff_16bits
  vps.profile = ParseProfile(vps.max_sub_layers, &in);
  REEL_RETURN_IF_ERROR(in.status());
  // The rest is a hint only, as a VUI is.
  ParseSubLayerOrdering(vps.max_sub_layers, &in);
  const uint64_t layers = in.Bits(6) + 1;
  const uint64_t layer_sets = in.Ue("vps_num_layer_sets_minus1", 1023);
  in.Skip(layers * layer_sets);  // layer_id_included_flag
  if (in.Flag()) vps.timing = ParseTiming(&in);
  return vps;
}

Result<H265Sps> ParseH265Sps(ByteSpan nal) {
  FieldReader in(NalPayload(nal, kH265NalHeaderBytes), "H.265 SPS");
  H265Sps sps;
  ParseSpsHead(&sps, &in);
  ParseSize(&sps, &in);
  sps.bit_depth_luma = 8 + in.Ue("bit_depth_luma_minus8", 8);
  sps.bit_depth_chroma = 8 + in.Ue("bit_depth_chroma_minus8", 8);
  const int poc_lsb_bits = 4 + static_cast<int>(in.Ue("log2_max_pic_order_cnt_lsb_minus4", 12));
  sps.max_reorder_pictures = ParseSubLayerOrdering(sps.max_sub_layers, &in);
  REEL_RETURN_IF_ERROR(in.status());
  // Only hints stand behind the coding tools, so a fault among them costs the timing, not the SPS.
  SkipTools(poc_lsb_bits, &in);
  if (in.Flag()) sps.timing = ParseVuiTiming(&in);
  return sps;
}

Result<H265Pps> ParseH265Pps(ByteSpan nal) {
  FieldReader in(NalPayload(nal, kH265NalHeaderBytes), "H.265 PPS");
  H265Pps pps;
  pps.id = in.Ue("pps_pic_parameter_set_id", kH265PpsIds - 1);
  pps.sps_id = in.Ue("pps_seq_parameter_set_id", kH265SpsIds - 1);
  REEL_RETURN_IF_ERROR(in.status());
  return pps;
}

Result<uint32_t> ParseH265SpsId(ByteSpan nal) {
  FieldReader in(NalPayload(nal, kH265NalHeaderBytes), "H.265 SPS");
  H265Sps sps;
  ParseSpsHead(&sps, &in);
  REEL_RETURN_IF_ERROR(in.status());
  return sps.id;
}

}  // namespace reel
