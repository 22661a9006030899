// CHECKs guard invariants (docs/INVARIANTS.md) and are on in release: a broken invariant stops the
// process before it can write a wrong byte. Errors the world can cause are Status, never CHECK.
#pragma once

namespace reel {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const char* why);
}  // namespace reel

#define REEL_CHECK(condition, why)                              \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::reel::CheckFailed(__FILE__, __LINE__, #condition, why); \
  } while (false)
