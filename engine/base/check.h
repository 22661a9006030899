// CHECKs guard invariants (docs/INVARIANTS.md) and are on in release: a broken invariant stops the
// process before it can write a wrong byte. Errors the world can cause are Status, never CHECK.
#pragma once

#include "reel/log.h"

namespace reel {

// Hands one line to every LastWords there is, or to stderr when there is none, and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const char* why);

// While it lives, `sink` is told why the process ends. Thread rule: made and destroyed by any
// thread; the sink is called by the thread that found the invariant broken, whatever locks it
// holds.
class LastWords {
 public:
  explicit LastWords(LogSink sink);
  ~LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;

 private:
  friend void CheckFailed(const char* file, int line, const char* condition, const char* why);
  const LogSink sink_;
  LastWords* next_;
};

}  // namespace reel

#define REEL_CHECK(condition, why)                              \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::reel::CheckFailed(__FILE__, __LINE__, #condition, why); \
  } while (false)
