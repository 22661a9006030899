// What somebody may have meant by a name that is not there.
//
// Thread rule: pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace reel {

// The name in `names` closest to `name` by edit distance, if close enough to be a slip of the
// keyboard.
std::optional<std::string> NearestName(const std::string& name,
                                       const std::vector<std::string>& names);

}  // namespace reel
