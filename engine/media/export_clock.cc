#include "engine/media/export_clock.h"

#include <algorithm>

namespace reel {
namespace {

// Further apart than this, media time and wall clock do not tell of the same thing.
constexpr int64_t kTrustSeconds = 10;
constexpr int64_t kNsPerSecond = 1'000'000'000;
// A range of a century is no range; cut there, ticks of any timescale fit 64 bits.
constexpr int64_t kMaxSeconds = int64_t{100} * 366 * 86'400;

}  // namespace

// Rounded to the nearest, so that ticks turned into nanoseconds turn back into the same.
int64_t ExportClock::ToTicks(Duration duration) const {
  const int64_t seconds = std::clamp(duration.count() / kNsPerSecond, -kMaxSeconds, kMaxSeconds);
  const int64_t rest = duration.count() % kNsPerSecond * timescale_;
  const int64_t half = rest < 0 ? -kNsPerSecond / 2 : kNsPerSecond / 2;
  return seconds * timescale_ + (rest + half) / kNsPerSecond;
}

int64_t ExportClock::DelayOf(const UnitView& unit, uint32_t timescale) {
  int64_t delay = 0;
  const bool overflows = __builtin_sub_overflow(unit.pts, unit.dts, &delay);
  return overflows || delay < 0 || delay > kTrustSeconds * timescale ? 0 : delay;
}

int64_t ExportClock::StepTo(const UnitView& unit) const {
  const int64_t wall_step = std::max<int64_t>(ToTicks(unit.wall - last_->wall), 0);
  int64_t media_step = 0;
  const bool overflows = __builtin_sub_overflow(unit.dts, last_->media_dts, &media_step);
  if (new_run_ || overflows || media_step < 0) return wall_step;
  const int64_t trust = kTrustSeconds * timescale_;
  const bool agree = media_step <= wall_step + trust && wall_step <= media_step + trust;
  return agree ? media_step : wall_step;
}

ExportClock::Times ExportClock::Place(const UnitView& unit) {
  Placed placed{.media_dts = unit.dts, .wall = unit.wall};
  if (last_) {
    placed.ideal_dts = last_->ideal_dts + StepTo(unit);
    placed.dts = std::max(placed.ideal_dts, last_->dts + 1);
    last_step_ = placed.dts - last_->dts;
  } else {
    placed.dts = placed.ideal_dts = ToTicks(unit.wall - start_);
  }
  new_run_ = false;
  last_ = placed;
  const int64_t delay = DelayOf(unit, timescale_);
  return {.pts = std::max(placed.ideal_dts + delay, placed.dts), .dts = placed.dts};
}

}  // namespace reel
