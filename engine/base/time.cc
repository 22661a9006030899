#include "reel/time.h"

#include <array>
#include <cstdio>

namespace reel {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

// Reads exactly `count` digits at *pos.
bool ReadDigits(std::string_view text, size_t* pos, int count, int64_t* value) {
  *value = 0;
  for (int i = 0; i < count; ++i, ++*pos) {
    if (*pos >= text.size() || text[*pos] < '0' || text[*pos] > '9') return false;
    *value = *value * 10 + (text[*pos] - '0');
  }
  return true;
}

bool ReadChar(std::string_view text, size_t* pos, std::string_view allowed) {
  if (*pos >= text.size() || allowed.find(text[*pos]) == std::string_view::npos) return false;
  ++*pos;
  return true;
}

// Decimals of a second after the point, as nanoseconds.
bool ReadFraction(std::string_view text, size_t* pos, int64_t* ns) {
  int64_t scale = kNsPerSecond;
  *ns = 0;
  const size_t begin = *pos;
  while (*pos < text.size() && text[*pos] >= '0' && text[*pos] <= '9') {
    if (scale == 1) return false;
    scale /= 10;
    *ns += (text[*pos] - '0') * scale;
    ++*pos;
  }
  return *pos > begin;
}

bool ReadOffset(std::string_view text, size_t* pos, int64_t* seconds) {
  *seconds = 0;
  if (ReadChar(text, pos, "Zz")) return true;
  const bool negative = *pos < text.size() && text[*pos] == '-';
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!ReadChar(text, pos, "+-") || !ReadDigits(text, pos, 2, &hours) ||
      !ReadChar(text, pos, ":") || !ReadDigits(text, pos, 2, &minutes) || hours > 23 ||
      minutes > 59) {
    return false;
  }
  *seconds = (hours * 60 + minutes) * 60 * (negative ? -1 : 1);
  return true;
}

Status BadTime(std::string_view text) {
  return InvalidArgument("not a time: '" + std::string(text) +
                         "' (want RFC 3339, as 2026-11-22T14:05:00Z)");
}

}  // namespace

WallTime operator+(WallTime t, Duration d) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(t.ns, d.count(), &sum)) return {sum};
  return d.count() > 0 ? kWallMax : kWallMin;
}
WallTime operator-(WallTime t, Duration d) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(t.ns, d.count(), &difference)) return {difference};
  return d.count() < 0 ? kWallMax : kWallMin;
}
Duration operator-(WallTime a, WallTime b) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(a.ns, b.ns, &difference)) return Duration{difference};
  return a.ns > b.ns ? Duration::max() : Duration::min();
}

std::string FormatWall(WallTime t, int decimals) {
  int64_t seconds = t.ns / kNsPerSecond;
  int64_t fraction = t.ns % kNsPerSecond;
  if (fraction < 0) {
    fraction += kNsPerSecond;
    --seconds;
  }
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): calendar types only
  const sys_seconds at{std::chrono::seconds{seconds}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{at - day};
  std::array<char, 64> text{};
  int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", int{date.year()},
      unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  std::string out(text.data(), static_cast<size_t>(size));
  if (decimals > 0) {
    size = std::snprintf(text.data(), text.size(), "%09lld", static_cast<long long>(fraction));
    out += '.';
    out.append(text.data(), static_cast<size_t>(std::min(decimals, size)));
  }
  return out + 'Z';
}

Result<WallTime> ParseWall(std::string_view text) {
  size_t pos = 0;
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  if (!ReadDigits(text, &pos, 4, &year) || !ReadChar(text, &pos, "-") ||
      !ReadDigits(text, &pos, 2, &month) || !ReadChar(text, &pos, "-") ||
      !ReadDigits(text, &pos, 2, &day) || !ReadChar(text, &pos, "Tt ") ||
      !ReadDigits(text, &pos, 2, &hour) || !ReadChar(text, &pos, ":") ||
      !ReadDigits(text, &pos, 2, &minute) || !ReadChar(text, &pos, ":") ||
      !ReadDigits(text, &pos, 2, &second)) {
    return BadTime(text);
  }
  int64_t fraction_ns = 0;
  if (pos < text.size() && text[pos] == '.') {
    ++pos;
    if (!ReadFraction(text, &pos, &fraction_ns)) return BadTime(text);
  }
  int64_t offset_seconds = 0;
  if (!ReadOffset(text, &pos, &offset_seconds) || pos != text.size()) return BadTime(text);
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // A leap second (:60) is taken as the first instant of the next minute.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return BadTime(text);
  const int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  int64_t seconds = days * kSecondsPerDay + (hour * 60 + minute) * 60 + second - offset_seconds;
  // Before 1970 count back from the next whole second: the one that the first instants of the range
  // are in begins outside it.
  if (seconds < 0) {
    ++seconds;
    fraction_ns -= kNsPerSecond;
  }
  int64_t ns = 0;
  if (__builtin_mul_overflow(seconds, kNsPerSecond, &ns) ||
      __builtin_add_overflow(ns, fraction_ns, &ns)) {
    return OutOfRange("time outside 1678..2262: '" + std::string(text) + "'");
  }
  return WallTime{ns};
}

}  // namespace reel
