// Timeline: when a stream has footage and why it has none elsewhere.
//
// Spans are what the runs say, without the gaps the ledger knows, as far as footage has not been
// recycled; a span ends at the time of its last unit, so that one of a single unit is empty. Every
// stretch of the range between spans is a gap with its cause (engine/store/history.h), except where
// footage goes on within kFootageTolerance. The future is neither footage nor gap. Where clocks
// disagree, footage ahead of the recorder's clock counts as past.
//
// Thread rule: from any thread. Cost follows the numbers of runs, gaps and buckets, not of GOPs.
#pragma once

#include "engine/store/footage.h"
#include "reel/store.h"

namespace reel {

// ResourceExhausted: more than History::kMaxRows runs or gaps.
Result<Timeline> TimelineIn(Footage& footage, StreamId stream, WallRange range, Bucket bucket);

}  // namespace reel
