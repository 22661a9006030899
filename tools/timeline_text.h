// A timeline drawn in text: a bar of cells over a range of time.
//
//   #  footage throughout    +  in part    .  none
//
// Thread rule: pure functions of the time zone.
#pragma once

#include <string>
#include <vector>

#include "reel/store.h"

namespace reel {

// `cells` characters, each standing for an equal part of `range`. Spans may overlap, in any order.
// A cell is '#' only if no instant of it is without footage.
// REQUIRES: a range that is not empty, cells > 0.
std::string DrawBar(const std::vector<Span>& spans, WallRange range, size_t cells);

// What stands above bars of that many cells: times of the user's zone at equal distances, each
// beginning where its instant is; days where the range is longer than two, else hours and minutes.
// REQUIRES: as DrawBar.
std::string DrawAxis(WallRange range, size_t cells);

// Footage within `range`, overlapping spans counted once.
Duration CoveredTime(const std::vector<Span>& spans, WallRange range);

}  // namespace reel
