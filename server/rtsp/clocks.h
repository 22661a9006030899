// The clocks of a camera: RTP time stamps made a line that does not wrap, decode times, the node's
// wall time of each unit, and how far the camera's own wall clock is off.
//
// Which clock footage is filed under: the node's. Cameras that were never set, or that jump, are
// common, and an investigator asks many cameras for one instant. What the camera says of its clock
// is measured and told, never believed.
// Thread rule: one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>

#include "reel/time.h"

namespace reel::server {

// 32-bit time stamps -> 64 bits: each within half the range of the one before.
class TimestampLine {
 public:
  int64_t Extend(uint32_t timestamp) {
    last_ = last_ ? *last_ + static_cast<int32_t>(timestamp - static_cast<uint32_t>(*last_))
                  : int64_t{timestamp};
    return *last_;
  }
  int64_t last() const { return last_.value_or(0); }

 private:
  std::optional<int64_t> last_;
};

// RTP carries presentation times alone. The decode time of a unit is the one of the presentation
// times so far that its place in decode order calls for: without B pictures its own, with them the
// one `reorder` pictures earlier. `reorder` begins as the parameter sets say, and grows when a
// picture is shown before one that came earlier, up to kMaxReorder.
//
//   decode order   I0 P3 B1 B2 P6      shown at 0 3 1 2 6, reorder 1
//   decode times   -1  0  1  2  3
class DecodeTimes {
 public:
  static constexpr size_t kMaxReorder = 16;

  void SetReorder(size_t pictures) {
    reorder_ = std::max(reorder_, std::min(pictures, kMaxReorder));
  }
  // Never falls but where presentation times jump, by over `jump`: then all begins anew.
  int64_t Next(int64_t pts, int64_t jump);

 private:
  size_t reorder_ = 0;
  std::multiset<int64_t> latest_;  // presentation times not yet used as decode times
  std::optional<int64_t> highest_pts_;
  std::optional<int64_t> last_;
  int64_t step_ = 1;
};

// Where media time stands on the node's wall clock. Each unit's arrival bounds it from above; the
// least delayed ones settle it. It follows the camera's rate, gives way by at most kSlewPerSecond
// where units come ever later, and is set anew when media time has jumped: one absurd time stamp
// gives that unit its arrival time and moves nothing, the kOutliersMax-th in a row does.
class ArrivalClock {
 public:
  static constexpr Duration kJump = std::chrono::seconds(10);
  static constexpr int kOutliersMax = 3;
  static constexpr Duration kSlewPerSecond = std::chrono::milliseconds(2);

  explicit ArrivalClock(uint32_t timescale) : timescale_(timescale) {}

  // When the unit of `media_time` was captured, as well as its arrival tells: never before the one
  // before, and never behind `arrival`, unless that itself has gone back.
  WallTime Place(int64_t media_time, WallTime arrival);

  // How late the last unit was against the earliest ones.
  Duration lateness() const { return lateness_; }

 private:
  Duration SinceBase(int64_t media_time) const;
  void Anchor(int64_t media_time, WallTime arrival);

  uint32_t timescale_;
  bool anchored_ = false;
  int64_t base_media_ = 0;
  WallTime base_wall_;
  WallTime slewed_at_;
  WallTime last_;
  int outliers_ = 0;
  Duration lateness_{0};
};

// The camera's wall clock against the node's, from its sender reports.
class CameraClock {
 public:
  static constexpr Duration kStep = std::chrono::milliseconds(500);

  // The report of `camera` arrived at `node`. Reports that wait on the way make the camera look
  // late: of the last few the earliest counts.
  void OnReport(WallTime camera, WallTime node);

  // Camera minus node; nullopt before the first report.
  std::optional<Duration> offset() const;
  // How fast the offset grows, over what is known since the last step; nullopt under a minute of
  // it.
  std::optional<double> drift_ppm() const;
  // How often it was set by kStep or more.
  uint64_t steps() const { return steps_; }

 private:
  static constexpr size_t kWindow = 8;

  std::deque<Duration> recent_;
  std::optional<Duration> first_offset_;  // since the last step
  WallTime first_at_;
  WallTime last_at_;
  uint64_t steps_ = 0;
};

}  // namespace reel::server
