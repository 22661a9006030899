#include "tests/faults/share.h"

#include <charconv>
#include <cstdlib>

namespace reel {

std::optional<uint64_t> EnvNumber(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  if (text == nullptr) return std::nullopt;
  const std::string_view view(text);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), number);
  if (error != std::errc{} || end != view.data() + view.size()) return std::nullopt;
  return number;
}

Share::Share(uint64_t default_seconds)
    : is_long_(EnvNumber("REEL_TEST_LONG").value_or(0) != 0),
      share_seconds_(EnvNumber("REEL_SHARE_SECONDS").value_or(default_seconds)),
      seed_(EnvNumber("REEL_SEED")
                .value_or(static_cast<uint64_t>(SystemClock().WallNow().ns / 1000) % 1'000'000)),
      begin_(SystemClock().MonoNow()) {}

double Share::seconds() const {
  return std::chrono::duration<double>(SystemClock().MonoNow() - begin_).count();
}

bool Share::over() const { return !is_long_ && seconds() >= static_cast<double>(share_seconds_); }

}  // namespace reel
