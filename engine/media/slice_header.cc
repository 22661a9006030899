#include "engine/media/slice_header.h"

#include "engine/media/field_reader.h"
#include "engine/media/nal_types.h"

namespace reel {
namespace {

constexpr uint32_t kMaxMacroblocks = 139'264;  // level 6.2
constexpr uint32_t kTypeI = 2;
constexpr uint32_t kTypeSi = 4;

FieldReader OpenSlice(ByteSpan nal) {
  return FieldReader(NalPayload(nal, kH264NalHeaderBytes), "H.264 slice header");
}

H264SliceStart ParseStart(FieldReader* in) {
  H264SliceStart start;
  start.first_mb = in->Ue("first_mb_in_slice", kMaxMacroblocks - 1);
  const uint32_t type = in->Ue("slice_type", 9) % 5;
  start.is_intra = type == kTypeI || type == kTypeSi;
  start.pps_id = in->Ue("pic_parameter_set_id", kH264PpsIds - 1);
  return start;
}

}  // namespace

std::optional<H264SliceStart> ParseH264SliceStart(ByteSpan nal) {
  FieldReader in = OpenSlice(nal);
  const H264SliceStart start = ParseStart(&in);
  if (!in.ok()) return std::nullopt;
  return start;
}

std::optional<H264Slice> ParseH264Slice(ByteSpan nal, const H264Sps& sps, const H264Pps& pps) {
  FieldReader in = OpenSlice(nal);
  H264Slice slice;
  H264PictureKey& key = slice.picture;
  key.pps_id = ParseStart(&in).pps_id;
  key.is_reference = (nal[0] & std::byte{0x60}) != std::byte{0};
  key.is_idr = H264NalType(nal) == H264Nal::kIdrSlice;
  if (sps.separate_colour_plane) in.Skip(2);
  key.frame_num = in.Bits(sps.frame_num_bits);
  if (!sps.frame_mbs_only) {
    key.field_pic = in.Flag();
    if (key.field_pic) key.bottom_field = in.Flag();
  }
  if (key.is_idr) key.idr_pic_id = in.Ue("idr_pic_id", 65'535);
  const bool bottom_poc = pps.bottom_field_poc_present && !key.field_pic;
  if (sps.poc_type == 0) {
    key.poc_lsb = in.Bits(sps.poc_lsb_bits);
    if (bottom_poc) key.delta_poc_bottom = in.Se();
  } else if (sps.poc_type == 1 && !sps.delta_poc_always_zero) {
    key.delta_poc[0] = in.Se();
    if (bottom_poc) key.delta_poc[1] = in.Se();
  }
  if (pps.redundant_pic_cnt_present) slice.is_redundant = in.Ue("redundant_pic_cnt", 127) > 0;
  if (!in.ok()) return std::nullopt;
  return slice;
}

}  // namespace reel
