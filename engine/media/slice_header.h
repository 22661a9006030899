// The first fields of an H.264 slice header: what kind of slice it is, and which picture it is of.
//
// nullopt where the header does not parse. Nothing is allocated.
// Thread rule: pure functions. Source: ITU-T H.264 7.3.3, 7.4.1.2.4.
#pragma once

#include <optional>

#include "engine/media/parameter_sets.h"

namespace reel {

// What can be read without parameter sets.
struct H264SliceStart {
  uint32_t first_mb = 0;
  bool is_intra = false;  // I or SI
  uint32_t pps_id = 0;
};

// The fields that tell pictures apart: two slices belong to one picture if all are equal.
struct H264PictureKey {
  uint32_t pps_id = 0;
  bool is_reference = false;
  bool is_idr = false;
  uint32_t frame_num = 0;
  bool field_pic = false;
  bool bottom_field = false;
  uint32_t idr_pic_id = 0;
  uint32_t poc_lsb = 0;
  int32_t delta_poc_bottom = 0;
  std::array<int32_t, 2> delta_poc{};
  bool operator==(const H264PictureKey&) const = default;
};

struct H264Slice {
  H264PictureKey picture;
  bool is_redundant = false;  // repeats part of a picture: never the first of one
};

// `nal` is a whole slice NAL unit (type 1, 2 or 5).
std::optional<H264SliceStart> ParseH264SliceStart(ByteSpan nal);
std::optional<H264Slice> ParseH264Slice(ByteSpan nal, const H264Sps& sps, const H264Pps& pps);

}  // namespace reel
