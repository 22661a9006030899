// Putting a damaged index aside: nothing of it is ever deleted.
#pragma once

#include <string>

#include "index/rocks_index.h"

namespace reel {

// Renames the directory `path` to `path`.damaged-<n>, the first n that is free. Durable on return.
// Returns the new name. The index in it is closed.
Result<std::string> MoveAside(const std::string& path);

}  // namespace reel
