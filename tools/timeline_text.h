// A timeline drawn in text: a bar of cells over a range of time.
//
//   #  footage throughout    +  in part    .  none
//
// Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reel/store.h"

namespace reel {

// `cells` characters, each standing for an equal part of `range`. Spans may overlap, in any order.
// A cell is '#' only if no instant of it is without footage.
// REQUIRES: a range that is not empty, cells > 0.
std::string DrawBar(const std::vector<Span>& spans, WallRange range, size_t cells);

// Footage within `range`, overlapping spans counted once.
Duration CoveredTime(const std::vector<Span>& spans, WallRange range);

}  // namespace reel
