#include "server/ingest/schedule.h"

#include <algorithm>
#include <ctime>

namespace reel::server {

bool InSchedule(const std::vector<WeekWindow>& schedule, WallTime time) {
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  const std::time_t seconds = time.ns / kNsPerSecond;
  std::tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return false;
  const int day = (local.tm_wday + 6) % 7;  // from Monday
  const auto minute = static_cast<uint32_t>((day * 24 + local.tm_hour) * 60 + local.tm_min);
  return std::any_of(schedule.begin(), schedule.end(), [minute](const WeekWindow& window) {
    return window.begin_minute <= minute && minute < window.end_minute;
  });
}

}  // namespace reel::server
