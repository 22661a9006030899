// Keyframes of cameras that never were, so that lookups happen in an index of the size a goal asks
// for without footage of that size. Written through Index::Write, a minute of a stream at a time.
#pragma once

#include "reel/index.h"

namespace reel::bench {

struct FillerShape {
  uint64_t keyframes = 1'000'000;
  uint32_t streams = 1000;
  Duration gop{std::chrono::seconds(2)};
  WallTime end;  // of the newest
};

Status FillIndex(Index& index, const FillerShape& shape);

}  // namespace reel::bench
