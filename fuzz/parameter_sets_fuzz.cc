// Parameter sets: each parser on any NAL unit, then the tracker on a list of them behind 4-byte
// lengths, as a TrackInfo's config.
#include "engine/base/check.h"
#include "engine/media/nal.h"
#include "engine/media/parameter_set_tracker.h"
#include "engine/media/parameter_sets.h"
#include "engine/media/video_format.h"

namespace {

using reel::ByteSpan;
using reel::Codec;

template <class Sps>
void CheckSps(const reel::Result<Sps>& sps) {
  if (!sps.ok()) return;
  REEL_CHECK(sps->width > 0 && sps->width <= reel::kMaxSidePixels, "width in range");
  REEL_CHECK(sps->height > 0 && sps->height <= reel::kMaxSidePixels, "height in range");
  REEL_CHECK(!sps->timing || sps->timing->time_scale > 0, "a time scale is never 0");
  REEL_CHECK(!reel::CodecString(*sps).empty(), "every SPS has a codec string");
}

void FuzzNal(ByteSpan nal) {
  CheckSps(reel::ParseH264Sps(nal));
  CheckSps(reel::ParseH265Sps(nal));
  if (const auto pps = reel::ParseH264Pps(nal); pps.ok()) {
    REEL_CHECK(pps->id < reel::kH264PpsIds && pps->sps_id < reel::kH264SpsIds, "ids in range");
  }
  if (const auto pps = reel::ParseH265Pps(nal); pps.ok()) {
    REEL_CHECK(pps->id < reel::kH265PpsIds && pps->sps_id < reel::kH265SpsIds, "ids in range");
  }
  if (const auto vps = reel::ParseH265Vps(nal); vps.ok()) {
    REEL_CHECK(vps->id < reel::kH265VpsIds, "ids in range");
  }
}

void FuzzConfig(Codec codec, ByteSpan config) {
  (void)reel::DescribeVideo(codec, config);
  const auto nals = reel::SplitNals(config, reel::NalFraming::kLength4);
  if (!nals.ok()) return;
  reel::ParameterSetTracker tracker(codec);
  (void)tracker.Observe(*nals);
  REEL_CHECK(tracker.config().size() <= reel::kMaxTrackConfigBytes, "the config is bounded");
  REEL_CHECK(tracker.generation() == (tracker.config().empty() ? 0U : 1U), "one change at most");
  const auto kept = reel::SplitNals(tracker.config(), reel::NalFraming::kLength4);
  REEL_CHECK(kept.ok(), "the config is well formed");
  reel::ParameterSetTracker again(codec);
  REEL_CHECK(again.Observe(*kept).ok(), "what was kept is kept again");
  REEL_CHECK(again.config() == tracker.config(), "the config is canonical");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan input = std::as_bytes(std::span(data, size));
  FuzzNal(input);
  FuzzConfig(Codec::kH264, input);
  FuzzConfig(Codec::kH265, input);
  return 0;
}
