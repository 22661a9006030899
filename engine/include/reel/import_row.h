// Where footage came from that was not recorded from a camera, but handed in: kept in the ledger
// beside the run it was recorded as, for as long as its footage is.
#pragma once

#include <array>
#include <string>

#include "reel/time.h"
#include "reel/types.h"

namespace reel {

struct ImportRow {
  StreamId stream;
  RunId run;                // key
  WallTime begin;           // of the footage
  WallTime end = kWallMin;  // kWallMin: not known, being imported or broken off
  WallTime imported;        // when that began
  // How far the source's clock was ahead. The times of the footage have been corrected by it.
  Duration clock_offset{0};
  uint64_t source_bytes = 0;
  std::array<uint8_t, 32> source_sha256{};
  // Texts of at most 255 bytes of UTF-8 without control characters; may be empty.
  std::string owner;   // who handed it in
  std::string source;  // name of the file
  bool operator==(const ImportRow&) const = default;
};

}  // namespace reel
