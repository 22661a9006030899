// Block 0 of any bytes.
#include "engine/format/segment_header.h"

#include "fuzz/block_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reel::FuzzBlock(reel::FuzzBytes(data, size), reel::format::DecodeSegmentHeader,
                  reel::format::EncodeSegmentHeader);
  return 0;
}
