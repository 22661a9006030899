#include "tools/time_args.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "tools/local_time.h"

namespace reel {
namespace {

constexpr Duration kDurationMax = std::chrono::hours{24 * 365 * 100};

struct TimeUnit {
  std::string_view name;
  Duration length;
};
// "ms" before "m": the first fit is taken.
constexpr std::array<TimeUnit, 5> kTimeUnits = {{{"ms", std::chrono::milliseconds{1}},
                                                 {"s", std::chrono::seconds{1}},
                                                 {"m", std::chrono::minutes{1}},
                                                 {"h", std::chrono::hours{1}},
                                                 {"d", std::chrono::hours{24}}}};

Status BadDuration(std::string_view text) {
  return InvalidArgument("'" + std::string(text) +
                         "' is no length of time: write it as 90s, 2h, 1h30m, 250ms or 7d");
}

Status BadTime(std::string_view text) {
  return InvalidArgument(
      "'" + std::string(text) +
      "' is no time: write it as 2026-11-22T21:16:00Z, '2026-11-22 14:00', 14:00, 'yesterday "
      "14:00', -2h or now");
}

Status OutOfYears(std::string_view text) {
  return OutOfRange("'" + std::string(text) +
                    "' is outside of the years 1678 to 2262 that a time "
                    "can have: check the year");
}

// Takes a number off the front of *text.
bool TakeNumber(std::string_view* text, uint64_t* number) {
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc{}) return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return true;
}

// Takes ".25" off the front of *text, if it is there: in billionths. False: a point without digits.
bool TakeFraction(std::string_view* text, int64_t* billionths) {
  *billionths = 0;
  if (text->empty() || text->front() != '.') return true;
  text->remove_prefix(1);
  size_t digits = 0;
  for (int64_t unit = 100'000'000; !text->empty() && unit > 0; unit /= 10, ++digits) {
    if (text->front() < '0' || text->front() > '9') break;
    *billionths += unit * (text->front() - '0');
    text->remove_prefix(1);
  }
  return digits > 0;
}

const TimeUnit* TakeUnit(std::string_view* text) {
  for (const TimeUnit& unit : kTimeUnits) {
    if (text->substr(0, unit.name.size()) != unit.name) continue;
    text->remove_prefix(unit.name.size());
    return &unit;
  }
  return nullptr;
}

std::string Print(const char* form, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  std::string_view rest = text;
  Duration total{0};
  do {
    uint64_t number = 0;
    if (!TakeNumber(&rest, &number)) return BadDuration(text);
    int64_t billionths = 0;
    if (!TakeFraction(&rest, &billionths)) return BadDuration(text);
    const TimeUnit* unit = TakeUnit(&rest);
    if (unit == nullptr) return BadDuration(text);
    const auto room = static_cast<uint64_t>((kDurationMax - total) / unit->length);
    if (number > room) return InvalidArgument("'" + std::string(text) + "' is over 100 years");
    // A day has 86 400 billion of them: no overflow.
    const Duration part = unit->length / 1'000'000 * billionths / 1000;
    total += static_cast<int64_t>(number) * unit->length + part;
  } while (!rest.empty());
  return total;
}

Result<Duration> ParseOffset(std::string_view text) {
  if (text.substr(0, 1) != "-") return ParseDuration(text);
  const Result<Duration> length = ParseDuration(text.substr(1));
  if (!length.ok()) return length.status();
  return -*length;
}

bool IsRelativeTime(std::string_view text) {
  return text.size() > 1 && text[0] == '-' && ParseDuration(text.substr(1)).ok();
}

Result<WallTime> ParseTime(std::string_view text, WallTime now) {
  std::string_view rest = text;
  const bool from_now = rest.substr(0, 3) == "now";
  if (from_now) rest.remove_prefix(3);
  if (from_now && rest.empty()) return now;
  if (!rest.empty() && (rest[0] == '-' || (from_now && rest[0] == '+'))) {
    const Result<Duration> distance = ParseDuration(rest.substr(1));
    if (!distance.ok()) return BadTime(text);
    return rest[0] == '-' ? now - *distance : now + *distance;
  }
  Result<WallTime> absolute = ParseWall(text);
  if (absolute.ok()) return absolute;
  if (absolute.status().code() == Code::kOutOfRange) return OutOfYears(text);
  const Result<std::optional<WallTime>> local = ParseLocal(text, now);
  if (local.status().code() == Code::kOutOfRange) return OutOfYears(text);
  if (!local.ok()) return local.status();
  return *local ? Result<WallTime>(**local) : BadTime(text);
}

Result<WallRange> ParseRange(std::string_view from, std::string_view to, WallTime now) {
  WallRange range{kWallMin, kWallMax};
  if (!from.empty()) {
    REEL_ASSIGN_OR_RETURN(range.begin, ParseTime(from, now));
  }
  if (!to.empty()) {
    REEL_ASSIGN_OR_RETURN(range.end, ParseTime(to, now));
  }
  if (!range.empty()) return range;
  return InvalidArgument(
      "the range from " + LocalText(range.begin) + " to " + LocalText(range.end) +
      (range.begin == range.end ? " is empty" : " is reversed") + ": --from must be before --to");
}

Result<uint64_t> ParseSize(std::string_view text) {
  constexpr std::string_view kUnits = "KMGT";
  std::string_view rest = text;
  uint64_t number = 0;
  const bool has_number = TakeNumber(&rest, &number);
  const size_t unit = rest.empty() ? 0 : kUnits.find(rest[0]) + 1;
  const bool well_formed = rest.empty() || (rest.size() == 1 && unit != 0);
  if (!has_number || !well_formed || number > (UINT64_MAX >> (10 * unit))) {
    return InvalidArgument("'" + std::string(text) +
                           "' is no size: write it as 4096, 64K, 512M, 10G or 2T");
  }
  return number << (10 * unit);
}

std::string FormatDuration(Duration duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto whole = std::llround(seconds);
  std::array<char, 64> text{};
  if (seconds < 60) return Print("%.3f s", seconds);
  const long long days = whole / 86'400;
  const long long hours = whole / 3600 % 24;
  const long long minutes = whole / 60 % 60;
  if (days > 0) {
    std::snprintf(text.data(), text.size(), "%lldd %02lldh %02lldm", days, hours, minutes);
  } else if (hours > 0) {
    std::snprintf(text.data(), text.size(), "%lldh %02lldm %02llds", hours, minutes, whole % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%lldm %02llds", minutes, whole % 60);
  }
  return text.data();
}

std::string FormatSize(uint64_t bytes) {
  constexpr std::array<const char*, 5> kForms = {"%.0f B", "%.1f KiB", "%.1f MiB", "%.1f GiB",
                                                 "%.1f TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kForms.size(); ++unit) value /= 1024;
  return Print(kForms[unit], value);
}

}  // namespace reel
