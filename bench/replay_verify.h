// Reading back what was recorded of a replay server.
#pragma once

#include "bench/trace.h"

namespace reel::bench {

// What came from `camera` since then, byte for byte: one run, every picture of it behind the one
// before, nothing lost, and at least `least_units`. DataLoss says what is wrong.
Status VerifyReplay(Store& store, StreamId stream, const Trace& trace, uint32_t camera,
                    WallTime since, uint64_t least_units);

}  // namespace reel::bench
