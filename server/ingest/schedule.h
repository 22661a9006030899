// Whether a moment lies in a week's windows, in the node's local time.
//
// Thread rule: pure function (and the machine's time zone).
#pragma once

#include <vector>

#include "reel/time.h"
#include "server/config/config.h"

namespace reel::server {

bool InSchedule(const std::vector<WeekWindow>& schedule, WallTime time);

}  // namespace reel::server
