#include "tools/holding.h"

namespace reel {

Result<Holding> HoldingOf(Store& store, StreamId stream) {
  Holding holding;
  const Result<SeekPoint> first = store.Seek(stream, kWallMin, SeekRule::kAtOrBefore);
  if (first.status().code() == Code::kNotFound) return holding;
  if (!first.ok()) return first.status();
  REEL_ASSIGN_OR_RETURN(const SeekPoint last, store.Seek(stream, kWallMax, SeekRule::kBackward));
  holding.range = WallRange{first->begin, last.begin};
  const WallRange range{first->begin, last.begin + kCoverMax};
  REEL_ASSIGN_OR_RETURN(const Timeline timeline, store.GetTimeline(stream, range, Bucket::kDay));
  for (const CoverageRow& day : timeline.buckets) {
    holding.footage += day.covered;
    holding.bytes += day.bytes;
    holding.gops += day.gops;
  }
  return holding;
}

}  // namespace reel
