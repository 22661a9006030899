#include "server/config/week.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace reel::server {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

Status Malformed(std::string_view text) {
  return InvalidArgument("'" + std::string(text) +
                         "' is no part of a week: write \"mon-fri 07:00-19:00\", \"sat,sun\" or "
                         "\"mon 22:00-06:00\"");
}

std::optional<size_t> DayOf(std::string_view text) {
  const auto* const at = std::find(kDays.begin(), kDays.end(), text);
  if (at == kDays.end()) return std::nullopt;
  return static_cast<size_t>(at - kDays.begin());
}

// "mon-fri,sun": a flag for each day.
std::optional<std::array<bool, 7>> DaysOf(std::string_view text) {
  std::array<bool, 7> days{};
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const size_t dash = part.find('-');
    const auto first = DayOf(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : DayOf(part.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    for (size_t day = *first;; day = (day + 1) % kDays.size()) {
      days.at(day) = true;
      if (day == *last) break;
    }
    if (comma == std::string_view::npos) return days;
    text.remove_prefix(comma + 1);
  }
}

// "07:00", up to "24:00".
std::optional<uint32_t> MinuteOf(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto number = [](std::string_view digits) -> std::optional<uint32_t> {
    uint32_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || at != end) return std::nullopt;
    return value;
  };
  const auto hour = number(text.substr(0, 2));
  const auto minute = number(text.substr(3));
  if (!hour || !minute || *minute > 59 || *hour * 60 + *minute > kMinutesOfDay) return std::nullopt;
  return *hour * 60 + *minute;
}

}  // namespace

Result<std::vector<WeekWindow>> ParseWeek(std::string_view text) {
  const size_t space = text.find(' ');
  const auto days = DaysOf(text.substr(0, space));
  uint32_t begin = 0;
  uint32_t end = kMinutesOfDay;
  if (space != std::string_view::npos) {
    const std::string_view hours = text.substr(space + 1);
    const size_t dash = hours.find('-');
    const auto from = MinuteOf(hours.substr(0, dash));
    const auto to =
        dash == std::string_view::npos ? std::nullopt : MinuteOf(hours.substr(dash + 1));
    if (!from || !to || *from == *to || *from == kMinutesOfDay) return Malformed(text);
    begin = *from;
    end = *to < *from ? *to + kMinutesOfDay : *to;
  }
  if (!days) return Malformed(text);
  std::vector<WeekWindow> windows;
  for (uint32_t day = 0; day < kDays.size(); ++day) {
    if (!days->at(day)) continue;
    const WeekWindow window{day * kMinutesOfDay + begin, day * kMinutesOfDay + end};
    windows.push_back({window.begin_minute, std::min(window.end_minute, kMinutesOfWeek)});
    // Sunday night goes on in Monday morning.
    if (window.end_minute > kMinutesOfWeek)
      windows.push_back({0, window.end_minute - kMinutesOfWeek});
  }
  return windows;
}

}  // namespace reel::server
