// Three kinds of time that are never mixed implicitly (docs/TIME.md):
//   WallTime   nanoseconds of UTC since 1970-01-01, 1678..2262; what an investigator asks for;
//   MonoTime   nanoseconds of one machine's monotonic clock; compares within one boot only;
//   MediaTime  a count in a track's own timescale; 90 kHz would lose 44.1 kHz audio.
// Ranges are half-open: begin is in, end is not.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "reel/status.h"
#include "reel/visibility.h"

namespace reel {

using Duration = std::chrono::nanoseconds;

struct WallTime {
  int64_t ns = 0;
  auto operator<=>(const WallTime&) const = default;
};
inline constexpr WallTime kWallMin{std::numeric_limits<int64_t>::min()};
inline constexpr WallTime kWallMax{std::numeric_limits<int64_t>::max()};

// Saturates at the ends of the range instead of overflowing.
REEL_API WallTime operator+(WallTime t, Duration d);
REEL_API WallTime operator-(WallTime t, Duration d);
REEL_API Duration operator-(WallTime a, WallTime b);

struct MonoTime {
  int64_t ns = 0;
  auto operator<=>(const MonoTime&) const = default;
};
inline MonoTime operator+(MonoTime t, Duration d) { return {t.ns + d.count()}; }
inline Duration operator-(MonoTime a, MonoTime b) { return Duration{a.ns - b.ns}; }

struct MediaTime {
  int64_t value = 0;
  uint32_t timescale = 0;  // units per second; 0 only in "no time given"
};

struct WallRange {
  WallTime begin;
  WallTime end;
  bool empty() const { return !(begin < end); }
  bool contains(WallTime t) const { return begin <= t && t < end; }
  auto operator<=>(const WallRange&) const = default;
};

// RFC 3339 in UTC with the given number of decimals of a second (0..9): 2026-11-22T21:16:00.250Z.
REEL_API std::string FormatWall(WallTime t, int decimals = 3);

// RFC 3339 with offset or Z, at most nine decimals. InvalidArgument names what is wrong.
REEL_API Result<WallTime> ParseWall(std::string_view text);

}  // namespace reel
