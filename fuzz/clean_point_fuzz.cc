// Clean points: SEI, slice headers and NAL types of any unit in Annex B, as either codec.
#include "engine/base/check.h"
#include "engine/media/clean_point.h"
#include "engine/media/nal.h"
#include "engine/media/slice_header.h"

namespace {

using reel::ByteSpan;
using reel::CleanKind;
using reel::Codec;
using reel::PictureInfo;

void CheckInfo(const PictureInfo& info) {
  const bool recovery = info.clean == CleanKind::kRecoveryPoint;
  REEL_CHECK(info.has_picture || info.clean == CleanKind::kNone, "only a picture is clean");
  REEL_CHECK(!info.intra_refresh || recovery, "intra refresh is a recovery point");
  REEL_CHECK(info.intra_refresh == (info.recovery_count > 0), "intra refresh takes pictures");
  REEL_CHECK(info.recovery_count <= 65'535, "the count is bounded");
  const unsigned flags = reel::UnitFlagsOf(info);
  REEL_CHECK(((flags & reel::kUnitClean) != 0) == (info.clean != CleanKind::kNone), "flags agree");
}

// The last bytes choose what the slice headers are read with.
void FuzzSliceHeaders(ByteSpan input, const reel::NalList& nals) {
  if (input.size() < 4) return;
  const auto at = [&](size_t i) { return std::to_integer<unsigned>(input[input.size() - 1 - i]); };
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
  for (ByteSpan nal : nals) (void)reel::ParseH264Slice(nal, sps, pps);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan input = std::as_bytes(std::span(data, size));
  const auto nals = reel::SplitNals(input, reel::NalFraming::kAnnexB);
  if (!nals.ok()) return 0;
  CheckInfo(reel::ClassifyPicture(Codec::kH264, *nals));
  CheckInfo(reel::ClassifyPicture(Codec::kH265, *nals));
  FuzzSliceHeaders(input, *nals);
  return 0;
}
