// The times of one track's units as they come: never a reason to wait, and never missing.
//
// What the source states is kept. A decode time that it does not state is that of presentation, or
// found as for RTP (server/rtsp/clocks.h) where a source gives presentation times alone. A unit
// without any time is as far behind the one before as it came later.
// Thread rule: one thread at a time.
#pragma once

#include <optional>

#include "engine/av/live_source.h"
#include "reel/time.h"
#include "server/rtsp/clocks.h"

namespace reel::server {

class LiveTimes {
 public:
  explicit LiveTimes(const PacketTrack& track);

  // Sets pts and dts of the next unit, which came at `now`.
  void Complete(LiveUnit* unit, MonoTime now);

 private:
  void Learn(const TrackInfo& info);

  const PacketTimes times_;
  const uint32_t timescale_;
  DecodeTimes decode_times_;  // kPtsOnly
  int64_t last_pts_ = 0;
  std::optional<MonoTime> last_came_;
};

}  // namespace reel::server
