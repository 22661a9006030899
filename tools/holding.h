// What a node holds of a stream.
//
// Thread rule: as Store's.
#pragma once

#include <optional>

#include "reel/store.h"

namespace reel {

struct Holding {
  Duration footage{0};
  uint64_t bytes = 0;
  uint64_t gops = 0;
  std::optional<WallRange> range;  // of its first and its last clean point
};

Result<Holding> HoldingOf(Store& store, StreamId stream);

}  // namespace reel
