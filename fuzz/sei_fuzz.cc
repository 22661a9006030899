// SEI: any bytes as one SEI NAL unit of either codec.
#include "engine/base/check.h"
#include "engine/media/sei.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const reel::ByteSpan nal = std::as_bytes(std::span(data, size));
  if (const auto point = reel::FindRecoveryPoint(reel::Codec::kH264, nal)) {
    REEL_CHECK(point->count >= 0 && point->count <= 65'535, "recovery_frame_cnt is in range");
  }
  if (const auto point = reel::FindRecoveryPoint(reel::Codec::kH265, nal)) {
    REEL_CHECK(point->count >= -32'768 && point->count <= 32'767, "recovery_poc_cnt is in range");
  }
  return 0;
}
