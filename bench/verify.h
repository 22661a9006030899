// Reading back what a benchmark wrote.
#pragma once

#include "bench/node.h"
#include "bench/trace.h"

namespace reel::bench {

bool SameBytes(ByteSpan a, ByteSpan b);

// Reads what there is of a stream in `range` and compares each unit with the trace, whose number 0
// stands at `begin`. DataLoss at the first unit that differs, at damage, or when fewer than
// `least_units` came.
Status VerifyStream(Store& store, StreamId camera, const Trace& trace, uint32_t stream,
                    WallTime begin, WallRange range, uint64_t least_units);

// Every chunk of every segment.
Status VerifyChunks(BenchNode& node);

// The same, and that the engine complained of nothing and shed nothing.
Status VerifyNode(BenchNode& node);

}  // namespace reel::bench
