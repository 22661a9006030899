// Wall time in the user's time zone (TZ, else the machine's): what people read and type. Programs
// get UTC (FormatWall).
//
// Errors: InvalidArgument, quoting the text. Thread rule: pure functions of the zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reel/status.h"
#include "reel/time.h"

namespace reel {

// RFC 3339 with the zone's offset, so that it can be typed back: 2026-11-22T22:16:00.250+01:00, or
// with a Z where the zone is UTC.
std::string LocalText(WallTime t, int decimals = 3);

// "today 09:30", "yesterday 14:00:05.5", "14:00", "2026-11-22 14:00", "2026-11-22T14:00",
// "yesterday" (its midnight); nullopt for what has no such form. An hour that the change of clocks
// left out or repeated is refused.
Result<std::optional<WallTime>> ParseLocal(std::string_view text, WallTime now);

}  // namespace reel
