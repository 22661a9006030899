// Makes one clock that never falls of the decode times of a file's tracks: how long after the first
// unit each was captured.
//
// A track's time that jumps (back at all, or forward by more than kJump) is judged by the track's
// next one: if that is back on the old course, the jump was one absurd stamp and moves nothing; if
// it goes on from the jump, a jump forward is missing time and a jump back a new clock that goes on
// from where the old one was. A jump with nothing behind it moves nothing.
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reel/time.h"

namespace reel {

// Saturates at 73 years. REQUIRES: timescale is not 0.
Duration MediaToDuration(int64_t time, uint32_t timescale);

class CaptureClock {
 public:
  static constexpr Duration kJump = std::chrono::seconds(10);

  explicit CaptureClock(size_t tracks) : tracks_(tracks) {}

  // Whether Advance() needs the track's next time to judge this one.
  bool NeedsNext(size_t track, Duration dts) const;

  // The offset of the next unit, whose track's next one is at `next` if there is one known.
  Duration Advance(size_t track, Duration dts, std::optional<Duration> next);

 private:
  struct Track {
    std::optional<Duration> last;  // on this clock
    Duration shift{};              // from the track's own clock to this one
  };

  Duration At(const Track& track, Duration dts) const;
  bool Jumps(const Track& track, Duration at) const;
  Duration Judge(Track* track, Duration at, std::optional<Duration> next) const;

  std::vector<Track> tracks_;
  std::optional<Duration> origin_;
  Duration now_{};
};

}  // namespace reel
