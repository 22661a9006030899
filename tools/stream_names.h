// Streams by the names that people gave them.
//
// Thread rule: as Store's.
#pragma once

#include <string>
#include <vector>

#include "reel/store.h"

namespace reel {

// The streams of those names or UUIDs; all of them, by name, where none is given. NotFound.
Result<std::vector<StreamInfo>> ChooseStreams(Store& store, const std::vector<std::string>& names);

// A message of the engine's, which knows UUIDs alone, with the names of the streams it speaks of:
// "stream 0b3f…, " becomes "stream 'gate-east', ".
std::string WithNames(std::string text, const std::vector<StreamInfo>& streams);

}  // namespace reel
