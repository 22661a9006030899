// Slice headers: any bytes as one H.264 slice, read with parameter sets that its last bytes choose.
#include "engine/base/check.h"
#include "engine/media/slice_header.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kChoices = 4;
  if (size < kChoices) return 0;
  const auto at = [&](size_t i) { return unsigned{data[size - 1 - i]}; };
  reel::H264Sps sps;
  sps.separate_colour_plane = (at(0) & 1) != 0;
  sps.frame_mbs_only = (at(0) & 2) != 0;
  sps.delta_poc_always_zero = (at(0) & 4) != 0;
  sps.poc_type = at(1) % 3;
  sps.frame_num_bits = 4 + static_cast<int>(at(2) % 13);
  sps.poc_lsb_bits = 4 + static_cast<int>(at(3) % 13);
  reel::H264Pps pps;
  pps.bottom_field_poc_present = (at(0) & 8) != 0;
  pps.redundant_pic_cnt_present = (at(0) & 16) != 0;

  const reel::ByteSpan nal = std::as_bytes(std::span(data, size - kChoices));
  const auto start = reel::ParseH264SliceStart(nal);
  const auto slice = reel::ParseH264Slice(nal, sps, pps);
  if (start) REEL_CHECK(start->pps_id < reel::kH264PpsIds, "the id is in range");
  if (!slice) return 0;
  const reel::H264PictureKey& picture = slice->picture;
  REEL_CHECK(start && start->pps_id == picture.pps_id, "both readers agree");
  REEL_CHECK(picture.frame_num < (1U << sps.frame_num_bits), "frame_num has its bits");
  REEL_CHECK(picture.poc_lsb < (1U << sps.poc_lsb_bits), "poc_lsb has its bits");
  REEL_CHECK(!picture.bottom_field || picture.field_pic, "a bottom field is a field");
  REEL_CHECK(!picture.field_pic || !sps.frame_mbs_only, "frames alone have no fields");
  REEL_CHECK(reel::ParseH264Slice(nal, sps, pps)->picture == picture, "the same each time");
  return 0;
}
