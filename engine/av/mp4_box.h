// The header of one box of an MP4 file.
//
// Thread rule: pure function of a file. Source: ISO/IEC 14496-12 4.2.
#pragma once

#include <optional>
#include <string>

#include "engine/av/input_file.h"

namespace reel {

struct Mp4Box {
  std::string type;  // four characters
  uint64_t begin_bytes = 0;
  uint64_t header_bytes = 0;
  uint64_t size_bytes = 0;  // header included
  uint64_t body_bytes() const { return begin_bytes + header_bytes; }
  uint64_t end_bytes() const { return begin_bytes + size_bytes; }
};

// The box at `at_bytes`; one of size 0 reaches to `limit_bytes`. nullopt if its header is cut off
// or says nonsense.
std::optional<Mp4Box> ReadMp4Box(const InputFile& file, uint64_t at_bytes, uint64_t limit_bytes);

}  // namespace reel
