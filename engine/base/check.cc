#include "engine/base/check.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <utility>

namespace reel {
namespace {

std::mutex last_words_mutex;
LastWords* last_words = nullptr;  // a list
thread_local bool failing = false;

}  // namespace

LastWords::LastWords(LogSink sink) : sink_(std::move(sink)) {
  const std::lock_guard lock(last_words_mutex);
  next_ = std::exchange(last_words, this);
}

LastWords::~LastWords() {
  const std::lock_guard lock(last_words_mutex);
  LastWords** at = &last_words;
  while (*at != this) at = &(*at)->next_;
  *at = next_;
}

// Without an allocation: memory may be what is missing.
void CheckFailed(const char* file, int line, const char* condition, const char* why) {
  if (std::exchange(failing, true)) std::abort();  // a sink broke another one
  std::array<char, 1024> text{};
  std::snprintf(text.data(), text.size(), "reel: invariant broken at %s:%d: %s (%s)", file, line,
                condition, why);
  const std::lock_guard lock(last_words_mutex);  // kept: of two failures the first is told whole
  if (last_words == nullptr) std::fprintf(stderr, "%s\n", text.data());
  for (const LastWords* words = last_words; words != nullptr; words = words->next_) {
    words->sink_(LogLevel::kError, std::string_view(text.data()));
  }
  std::abort();
}

}  // namespace reel
