#include "engine/av/capture_clock.h"

#include <algorithm>
#include <limits>

namespace reel {
namespace {

constexpr int64_t kMaxNs = std::numeric_limits<int64_t>::max();
// Own clocks may count from 1970. From one unit to another it is half of that at most, so that no
// sum of offset and shift overflows.
constexpr Duration kFarthestTime{kMaxNs / 4};
constexpr Duration kFarthestOffset{kMaxNs / 8};

}  // namespace

Duration MediaToDuration(int64_t time, uint32_t timescale) {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t scale = timescale;
  const int64_t seconds = time / scale;
  if (seconds >= kFarthestTime.count() / kSecond) return kFarthestTime;
  if (seconds <= -kFarthestTime.count() / kSecond) return -kFarthestTime;
  return Duration{seconds * kSecond + time % scale * kSecond / scale};
}

Duration CaptureClock::At(const Track& track, Duration dts) const {
  return std::clamp(dts - *origin_, -kFarthestOffset, kFarthestOffset) + track.shift;
}

// A track may well begin before the unit of another that came first.
bool CaptureClock::Jumps(const Track& track, Duration at) const {
  return (track.last && at < *track.last) || at > track.last.value_or(now_) + kJump;
}

bool CaptureClock::NeedsNext(size_t track, Duration dts) const {
  return origin_ && Jumps(tracks_[track], At(tracks_[track], dts));
}

Duration CaptureClock::Judge(Track* track, Duration at, std::optional<Duration> next) const {
  const Duration last = track->last.value_or(now_);
  if (!next || *next < at) return last;
  if (at > last) return at;
  if (*next < last) track->shift += last - at;
  return last;
}

Duration CaptureClock::Advance(size_t track, Duration dts, std::optional<Duration> next) {
  Track& state = tracks_[track];
  if (!origin_) origin_ = dts;
  Duration at = At(state, dts);
  if (Jumps(state, at)) {
    if (next) next = At(state, *next);
    at = Judge(&state, at, next);
  }
  state.last = at;
  now_ = std::max(now_, at);
  return now_;
}

}  // namespace reel
