// A page of the timelines of many streams.
//
// Thread rule: from any thread. Blocks: reads the index. Bounds: stretches of time are halved until
// one has no more rows than a page should, down to an hour; so a page has page_size rows and those
// of one more stretch.
#pragma once

#include <reel/v1/playback.pb.h>
#include "server/rpc/visit.h"

namespace reel::server {

inline constexpr int kMaxTimelineStreams = 256;
inline constexpr Duration kMaxTimelineRange = std::chrono::hours(24 * 3660);

Status MakeTimelinePage(Store& store, Visit& visit, const v1::TimelineRequest& request,
                        v1::TimelineResponse* page);

// Where the next page begins: stream by its position in the request, and time.
struct TimelinePlace {
  uint32_t stream = 0;
  WallTime time;
  bool operator==(const TimelinePlace&) const = default;
};
std::string FormatPlace(const TimelinePlace& place);
// InvalidArgument: none of ours, or outside of what is asked for.
Result<TimelinePlace> ParsePlace(const std::string& token, uint32_t streams, WallRange range);

}  // namespace reel::server
