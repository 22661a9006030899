// What a media file should have become: its units as an import records them, and what a node holds.
#pragma once

#include <string>
#include <vector>

#include "reel/store.h"

namespace reel {

struct PlainUnit {
  UnitNumber number;
  TrackId track;
  Bytes bytes;
  bool operator==(const PlainUnit&) const = default;
};

// The first `count` units of the file played over and over.
std::vector<PlainUnit> UnitsOfFile(const std::string& path, uint64_t count);

// All units of a stream, with each problem the cursor met as a test failure.
std::vector<PlainUnit> UnitsOfStream(Store& store, const std::string& stream);

}  // namespace reel
