#include "tools/local_time.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <set>

namespace reel {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr Duration kDay = std::chrono::hours{24};
constexpr size_t kDateChars = 10;  // 2026-11-22

// Of the zone against UTC at that time.
Duration OffsetAt(WallTime t) {
  const int64_t before_1970 = t.ns % kNsPerSecond < 0 ? 1 : 0;
  const time_t seconds = t.ns / kNsPerSecond - before_1970;
  tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return Duration{0};
  return std::chrono::seconds{local.tm_gmtoff};
}

std::string OffsetText(Duration offset) {
  if (offset == Duration{0}) return "Z";
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(std::chrono::abs(offset));
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%c%02d:%02d", offset < Duration{0} ? '-' : '+',
                static_cast<int>(minutes.count() / 60), static_cast<int>(minutes.count() % 60));
  return text.data();
}

bool Take(std::string_view* text, std::string_view word) {
  if (text->substr(0, word.size()) != word) return false;
  text->remove_prefix(word.size());
  return true;
}

// As "nn:nn" and more, or nothing.
bool LooksLikeClock(std::string_view text) {
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  return text.size() >= 5 && digit(0) && digit(1) && text[2] == ':' && digit(3) && digit(4);
}

bool LooksLikeDate(std::string_view text) {
  return text.size() >= kDateChars && text[4] == '-' && text[7] == '-';
}

// The instants whose clock on the wall shows `shown` (written as if it were UTC): none where the
// clocks jumped over it, two where they showed it twice.
std::set<WallTime> InstantsThatShow(WallTime shown) {
  std::set<WallTime> instants;
  for (const WallTime near : {shown - kDay, shown + kDay}) {
    const WallTime instant = shown - OffsetAt(near);
    if (OffsetAt(instant) == OffsetAt(near)) instants.insert(instant);
  }
  return instants;
}

}  // namespace

std::string LocalText(WallTime t, int decimals) {
  const Duration offset = OffsetAt(t);
  std::string text = FormatWall(t + offset, decimals);
  text.pop_back();  // the Z
  return text + OffsetText(offset);
}

Result<std::optional<WallTime>> ParseLocal(std::string_view text, WallTime now) {
  std::string_view clock = text;
  WallTime today = now + OffsetAt(now);
  std::string date = FormatWall(today, 0).substr(0, kDateChars);
  if (Take(&clock, "yesterday")) {
    date = FormatWall(today - kDay, 0).substr(0, kDateChars);
  } else if (LooksLikeDate(clock)) {
    date = clock.substr(0, kDateChars);
    clock.remove_prefix(kDateChars);
  } else if (!Take(&clock, "today") && !LooksLikeClock(clock)) {
    return std::optional<WallTime>();
  }
  if (clock.size() < text.size() && !clock.empty()) {
    if (clock.front() != ' ' && clock.front() != 'T') return std::optional<WallTime>();
    clock.remove_prefix(1);
  }
  if (!clock.empty() && !LooksLikeClock(clock)) return std::optional<WallTime>();
  std::string whole = date + "T" + (clock.empty() ? "00:00" : std::string(clock));
  const bool no_seconds = clock.size() <= 5;
  if (no_seconds) whole += ":00";
  const Result<WallTime> shown = ParseWall(whole + "Z");
  if (shown.status().code() == Code::kInvalidArgument) return std::optional<WallTime>();
  if (!shown.ok()) return shown.status();
  const std::set<WallTime> instants = InstantsThatShow(*shown);
  if (instants.size() == 1) return std::optional(*instants.begin());
  const std::string quoted = "'" + std::string(text) + "'";
  if (instants.empty()) {
    return InvalidArgument(quoted +
                           " never was: the clocks were put forward over it; give another");
  }
  return InvalidArgument(quoted + " was twice, the clocks were put back: write " +
                         LocalText(*instants.begin(), 0) + " or " +
                         LocalText(*instants.rbegin(), 0));
}

}  // namespace reel
