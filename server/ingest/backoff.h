// Backoff: when to try a camera again.
//
// A lost connection is tried again soon, then at growing distances up to half a minute; a refused
// login after five minutes at first and then up to an hour, since cameras lock accounts that are
// tried too often. Each wait is drawn from the upper half of its range, so that the cameras of a
// switch that failed do not come back in one instant.
// Thread rule: one thread at a time.
#pragma once

#include <algorithm>

#include "reel/clock.h"

namespace reel::server {

class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kLongest = std::chrono::seconds(30);
  static constexpr Duration kLoginFirst = std::chrono::minutes(5);
  static constexpr Duration kLoginLongest = std::chrono::hours(1);

  explicit Backoff(Random& random) : random_(random) {}

  Duration AfterLoss() { return Draw(Grow(&loss_, kFirst, kLongest)); }
  Duration AfterRefusedLogin() { return Draw(Grow(&login_, kLoginFirst, kLoginLongest)); }
  // It has recorded for a while.
  void Reset() { loss_ = login_ = Duration{0}; }

 private:
  static Duration Grow(Duration* last, Duration first, Duration longest) {
    *last = last->count() == 0 ? first : std::min(2 * *last, longest);
    return *last;
  }
  Duration Draw(Duration longest) {
    std::array<uint8_t, 2> chance{};
    random_.Fill(chance);
    const int64_t part = chance[0] * 256 + chance[1];
    return longest / 2 + longest / 2 / 65'536 * part;
  }

  Random& random_;
  Duration loss_{0};
  Duration login_{0};
};

}  // namespace reel::server
