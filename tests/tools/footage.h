// What a node holds of a stream, and whether it is what a media file held.
#pragma once

#include <string>
#include <vector>

#include "reel/store.h"

namespace reel {

// All units of a stream; whatever stood in the way is a test failure.
std::vector<Unit> ReadStream(Store& store, const std::string& stream);

// The units are the first ones of the file, played over and over: numbers, tracks and every byte.
void ExpectUnitsOfFile(const std::vector<Unit>& units, const std::string& path);

}  // namespace reel
