// Times, lengths of time and sizes as people type them, and back as people read them.
//
//   time      2026-11-22T21:16:00Z  2026-11-22T22:16:00.250+01:00  now  now-2h  now+5m  -2h (=
//             now-2h), and in the user's time zone: today 09:30  yesterday 14:00  14:00  2026-11-22
//             14:00 (tools/local_time.h)
//   duration  90s  2h  1h30m  250ms  7d  2.5s
//   size      4096  64K  512M  10G  2T   (powers of 1024)
//
// Errors: InvalidArgument quoting the text and naming the forms that are taken.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "reel/status.h"
#include "reel/time.h"

namespace reel {

// Positive or zero, at most 100 years.
Result<Duration> ParseDuration(std::string_view text);

// A duration, or one behind a minus: "-2.5s".
Result<Duration> ParseOffset(std::string_view text);

// OutOfRange: outside of 1678..2262.
Result<WallTime> ParseTime(std::string_view text, WallTime now);

// Empty texts leave that side open (kWallMin, kWallMax). An empty or reversed range names both
// ends.
Result<WallRange> ParseRange(std::string_view from, std::string_view to, WallTime now);

// Whether the argument is a relative time and not an option: "-2h".
bool IsRelativeTime(std::string_view text);

Result<uint64_t> ParseSize(std::string_view text);

std::string FormatDuration(Duration duration);  // "2d 03h 04m", "1h 02m 03s", "12.250 s"
std::string FormatSize(uint64_t bytes);         // "12.4 MiB"

}  // namespace reel
