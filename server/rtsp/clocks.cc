#include "server/rtsp/clocks.h"

#include <algorithm>

namespace reel::server {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

// Saturates at some 73 years; exact to the nanosecond below.
Duration ToDuration(int64_t ticks, uint32_t timescale) {
  const int64_t scale = timescale;
  const int64_t seconds = std::clamp<int64_t>(ticks / scale, -2'300'000'000, 2'300'000'000);
  return Duration{seconds * kNsPerSecond + ticks % scale * kNsPerSecond / scale};
}

}  // namespace

int64_t DecodeTimes::Next(int64_t pts, int64_t jump) {
  const bool jumped = highest_pts_ && (pts > *highest_pts_ + jump || pts < *highest_pts_ - jump);
  if (jumped) {
    latest_.clear();
    last_.reset();
    highest_pts_.reset();
  }
  if (highest_pts_ && pts < *highest_pts_) {
    const auto shown_later = std::distance(latest_.upper_bound(pts), latest_.end());
    SetReorder(static_cast<size_t>(std::max<ptrdiff_t>(shown_later, 1)));
  } else if (highest_pts_) {
    step_ = std::max<int64_t>(1, (pts - *highest_pts_) / static_cast<int64_t>(reorder_ + 1));
  }
  highest_pts_ = std::max(highest_pts_.value_or(pts), pts);
  latest_.insert(pts);
  int64_t dts = *latest_.begin();
  if (latest_.size() > reorder_) {
    latest_.erase(latest_.begin());
  } else {
    // The first ones: as if pictures had been shown before.
    dts -= step_ * static_cast<int64_t>(reorder_ + 1 - latest_.size());
  }
  if (last_) dts = std::max(dts, *last_);
  last_ = dts;
  return dts;
}

Duration ArrivalClock::SinceBase(int64_t media_time) const {
  return ToDuration(media_time - base_media_, timescale_);
}

void ArrivalClock::Anchor(int64_t media_time, WallTime arrival) {
  anchored_ = true;
  base_media_ = media_time;
  base_wall_ = slewed_at_ = arrival;
  outliers_ = 0;
  lateness_ = Duration{0};
}

WallTime ArrivalClock::Place(int64_t media_time, WallTime arrival) {
  if (!anchored_) {
    Anchor(media_time, arrival);
    last_ = arrival;
    return arrival;
  }
  WallTime at = base_wall_ + SinceBase(media_time);
  Duration late = arrival - at;
  if (late > kJump || late < -kJump) {
    if (++outliers_ >= kOutliersMax) Anchor(media_time, arrival);
    at = arrival;
  } else {
    outliers_ = 0;
    if (late < Duration{0}) {
      base_wall_ = base_wall_ + late;
      at = arrival;
      late = Duration{0};
    } else {
      const Duration since = std::max(Duration{0}, arrival - slewed_at_);
      const Duration most{static_cast<int64_t>(static_cast<double>(since.count()) *
                                               static_cast<double>(kSlewPerSecond.count()) /
                                               static_cast<double>(kNsPerSecond))};
      base_wall_ = base_wall_ + std::min(late, most);
    }
    slewed_at_ = arrival;
    lateness_ = late;
  }
  last_ = std::max(last_, at);
  return last_;
}

void CameraClock::OnReport(WallTime camera, WallTime node) {
  const Duration measured = camera - node;
  const std::optional<Duration> known = offset();
  const bool stepped = known && (measured > *known + kStep || measured < *known - kStep);
  if (stepped) {
    ++steps_;
    recent_.clear();
    first_offset_.reset();
  }
  recent_.push_back(measured);
  if (recent_.size() > kWindow) recent_.pop_front();
  last_at_ = node;
  if (recent_.size() == kWindow && !first_offset_) {
    first_offset_ = offset();
    first_at_ = node;
  }
}

std::optional<Duration> CameraClock::offset() const {
  if (recent_.empty()) return std::nullopt;
  return *std::max_element(recent_.begin(), recent_.end());
}

std::optional<double> CameraClock::drift_ppm() const {
  constexpr Duration kLeast = std::chrono::minutes(1);
  if (!first_offset_ || last_at_ - first_at_ < kLeast) return std::nullopt;
  const Duration change = *offset() - *first_offset_;
  return static_cast<double>(change.count()) / static_cast<double>((last_at_ - first_at_).count()) *
         1e6;
}

}  // namespace reel::server
