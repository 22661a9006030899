// Hours of a week in words: "mon-fri 07:00-19:00", "sat,sun", "mon 22:00-06:00" (into Tuesday).
//
// Thread rule: pure.
#pragma once

#include <string_view>
#include <vector>

#include "reel/status.h"
#include "server/config/config.h"

namespace reel::server {

inline constexpr uint32_t kMinutesOfDay = 24 * 60;
inline constexpr uint32_t kMinutesOfWeek = 7 * kMinutesOfDay;

// The windows, each inside of one week. InvalidArgument says what a line must look like.
Result<std::vector<WeekWindow>> ParseWeek(std::string_view text);

}  // namespace reel::server
