// The superblock of any bytes.
#include "engine/format/superblock.h"

#include "fuzz/block_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reel::FuzzBlock(reel::FuzzBytes(data, size), reel::format::DecodeSuperblock,
                  reel::format::EncodeSuperblock);
  return 0;
}
