#include <algorithm>

#include "engine/media/field_reader.h"
#include "engine/media/nal_types.h"
#include "engine/media/parameter_sets.h"

namespace reel {
namespace {

constexpr uint32_t kMaxMacroblocksPerSide = kMaxSidePixels / 16;
constexpr uint32_t kExtendedSar = 255;

bool HasChromaInfo(uint8_t profile_idc) {
  constexpr uint8_t kProfiles[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  return std::find(std::begin(kProfiles), std::end(kProfiles), profile_idc) != std::end(kProfiles);
}

void SkipScalingList(int size, FieldReader* in) {
  // A scale of 0 says that the rest of the list repeats the last one.
  int scale = 8;
  for (int i = 0; i < size && scale != 0; ++i) {
    const int32_t delta = in->Se();
    if (delta < -128 || delta > 127) return in->Refuse("delta_scale", delta);
    scale = (scale + delta + 256) % 256;
  }
}

void ParseChromaInfo(H264Sps* sps, FieldReader* in) {
  sps->chroma_format_idc = in->Ue("chroma_format_idc", 3);
  if (sps->chroma_format_idc == 3) sps->separate_colour_plane = in->Flag();
  sps->bit_depth_luma = 8 + in->Ue("bit_depth_luma_minus8", 6);
  sps->bit_depth_chroma = 8 + in->Ue("bit_depth_chroma_minus8", 6);
  in->Skip(1);  // qpprime_y_zero_transform_bypass_flag
  if (!in->Flag()) return;
  const int lists = sps->chroma_format_idc == 3 ? 12 : 8;
  for (int i = 0; i < lists; ++i) {
    if (in->Flag()) SkipScalingList(i < 6 ? 16 : 64, in);
  }
}

void ParsePictureOrder(H264Sps* sps, FieldReader* in) {
  sps->frame_num_bits = 4 + static_cast<int>(in->Ue("log2_max_frame_num_minus4", 12));
  sps->poc_type = in->Ue("pic_order_cnt_type", 2);
  if (sps->poc_type == 0) {
    sps->poc_lsb_bits = 4 + static_cast<int>(in->Ue("log2_max_pic_order_cnt_lsb_minus4", 12));
  } else if (sps->poc_type == 1) {
    sps->delta_poc_always_zero = in->Flag();
    in->Se();  // offset_for_non_ref_pic
    in->Se();  // offset_for_top_to_bottom_field
    const uint32_t cycle = in->Ue("num_ref_frames_in_pic_order_cnt_cycle", 255);
    for (uint32_t i = 0; i < cycle; ++i) in->Se();
  } else {
    sps->max_reorder_pictures = 0;  // type 2: output order is decoding order
  }
}

// Sets the size; the sums cannot overflow because each offset is at most kMaxSidePixels.
void ParseCropping(uint32_t coded_width, uint32_t coded_height, H264Sps* sps, FieldReader* in) {
  sps->width = coded_width;
  sps->height = coded_height;
  if (!in->Flag()) return;
  const uint32_t chroma = sps->separate_colour_plane ? 0 : sps->chroma_format_idc;
  const uint32_t unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
  const uint32_t unit_y = (chroma == 1 ? 2U : 1U) * (sps->frame_mbs_only ? 1U : 2U);
  const uint32_t left = in->Ue("frame_crop_left_offset", kMaxSidePixels);
  const uint32_t right = in->Ue("frame_crop_right_offset", kMaxSidePixels);
  const uint32_t top = in->Ue("frame_crop_top_offset", kMaxSidePixels);
  const uint32_t bottom = in->Ue("frame_crop_bottom_offset", kMaxSidePixels);
  const uint32_t crop_x = (left + right) * unit_x;
  const uint32_t crop_y = (top + bottom) * unit_y;
  if (crop_x >= coded_width) return in->Refuse("horizontal cropping", crop_x);
  if (crop_y >= coded_height) return in->Refuse("vertical cropping", crop_y);
  sps->width -= crop_x;
  sps->height -= crop_y;
}

void SkipHrd(FieldReader* in) {
  const uint32_t count = in->Ue("cpb_cnt_minus1", 31) + 1;
  in->Skip(4 + 4);
  for (uint32_t i = 0; i < count; ++i) {
    in->Ue();
    in->Ue();
    in->Skip(1);
  }
  in->Skip(5 + 5 + 5 + 5);
}

void ParseVui(H264Sps* sps, FieldReader in) {
  if (in.Flag() && in.Bits(8) == kExtendedSar) in.Skip(16 + 16);
  if (in.Flag()) in.Skip(1);  // overscan_info
  if (in.Flag()) {            // video_signal_type
    in.Skip(3 + 1);
    if (in.Flag()) in.Skip(8 + 8 + 8);
  }
  if (in.Flag()) {  // chroma_loc_info
    in.Ue();
    in.Ue();
  }
  if (in.Flag()) {  // timing_info
    const VideoTiming timing{in.Bits(32), in.Bits(32)};
    in.Skip(1);  // fixed_frame_rate_flag
    if (in.ok() && timing.units_in_tick != 0 && timing.time_scale != 0) sps->timing = timing;
  }
  const bool nal_hrd = in.Flag();
  if (nal_hrd) SkipHrd(&in);
  const bool vcl_hrd = in.Flag();
  if (vcl_hrd) SkipHrd(&in);
  if (nal_hrd || vcl_hrd) in.Skip(1);  // low_delay_hrd_flag
  in.Skip(1);                          // pic_struct_present_flag
  if (!in.Flag()) return;              // bitstream_restriction_flag
  in.Skip(1);
  for (int i = 0; i < 4; ++i) in.Ue();
  const uint32_t reorder = in.Ue("max_num_reorder_frames", 16);
  if (in.ok()) sps->max_reorder_pictures = reorder;
}

// slice_group_map_type and what depends on it (flexible macroblock ordering).
void SkipSliceGroups(uint32_t groups, FieldReader* in) {
  const uint32_t type = in->Ue("slice_group_map_type", 6);
  if (type == 0) {
    for (uint32_t i = 0; i < groups; ++i) in->Ue();
  } else if (type == 2) {
    for (uint32_t i = 0; i + 1 < groups; ++i) {
      in->Ue();
      in->Ue();
    }
  } else if (type >= 3 && type <= 5) {
    in->Skip(1);
    in->Ue();
  } else if (type == 6) {
    const uint64_t units = uint64_t{in->Ue()} + 1;
    const uint64_t bits_each = groups > 4 ? 3 : groups > 2 ? 2 : 1;
    in->Skip(units * bits_each);
  }
}

}  // namespace

Result<H264Sps> ParseH264Sps(ByteSpan nal) {
  FieldReader in(NalPayload(nal, kH264NalHeaderBytes), "H.264 SPS");
  H264Sps sps;
  sps.profile_idc = static_cast<uint8_t>(in.Bits(8));
  sps.constraint_flags = static_cast<uint8_t>(in.Bits(8));
  sps.level_idc = static_cast<uint8_t>(in.Bits(8));
  sps.id = in.Ue("seq_parameter_set_id", kH264SpsIds - 1);
  if (HasChromaInfo(sps.profile_idc)) ParseChromaInfo(&sps, &in);
  ParsePictureOrder(&sps, &in);
  sps.max_ref_frames = in.Ue("max_num_ref_frames", 16);
  in.Skip(1);  // gaps_in_frame_num_value_allowed_flag
  const uint32_t width_mbs = in.Ue("pic_width_in_mbs_minus1", kMaxMacroblocksPerSide - 1) + 1;
  const uint32_t map_units =
      in.Ue("pic_height_in_map_units_minus1", kMaxMacroblocksPerSide - 1) + 1;
  sps.frame_mbs_only = in.Flag();
  const uint32_t height_mbs = map_units * (sps.frame_mbs_only ? 1 : 2);
  if (height_mbs > kMaxMacroblocksPerSide) in.Refuse("frame height in macroblocks", height_mbs);
  if (!sps.frame_mbs_only) in.Skip(1);  // mb_adaptive_frame_field_flag
  in.Skip(1);                           // direct_8x8_inference_flag
  ParseCropping(width_mbs * 16, height_mbs * 16, &sps, &in);
  REEL_RETURN_IF_ERROR(in.status());
  if (in.Flag()) ParseVui(&sps, in);
  return sps;
}

Result<H264Pps> ParseH264Pps(ByteSpan nal) {
  FieldReader in(NalPayload(nal, kH264NalHeaderBytes), "H.264 PPS");
  H264Pps pps;
  pps.id = in.Ue("pic_parameter_set_id", kH264PpsIds - 1);
  pps.sps_id = in.Ue("seq_parameter_set_id", kH264SpsIds - 1);
  in.Skip(1);  // entropy_coding_mode_flag
  pps.bottom_field_poc_present = in.Flag();
  const uint32_t groups = in.Ue("num_slice_groups_minus1", 7) + 1;
  if (groups > 1) SkipSliceGroups(groups, &in);
  in.Ue("num_ref_idx_l0_default_active_minus1", 31);
  in.Ue("num_ref_idx_l1_default_active_minus1", 31);
  in.Skip(1 + 2);                       // weighted prediction
  for (int i = 0; i < 3; ++i) in.Se();  // pic_init_qp, pic_init_qs, chroma_qp_index_offset
  in.Skip(1 + 1);                       // deblocking_filter_control, constrained_intra_pred
  pps.redundant_pic_cnt_present = in.Flag();
  REEL_RETURN_IF_ERROR(in.status());
  return pps;
}

}  // namespace reel
