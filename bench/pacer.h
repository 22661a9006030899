// Pacer: an open loop's clock. Waits until a given instant whatever the load does, so that work
// that comes late is late by its own measure (no coordinated omission).
// Thread rule: one thread.
#pragma once

#include "engine/io/unique_fd.h"
#include "reel/time.h"

namespace reel::bench {

MonoTime MonoNow();  // CLOCK_MONOTONIC, as SystemClock()

// What paced runs leave out of their figures at the start.
inline constexpr Duration kPacedWarmUp = std::chrono::seconds(3);

class Pacer {
 public:
  Pacer();
  // Returns at `at`, at once when that is past.
  void WaitUntil(MonoTime at);

 private:
  UniqueFd timer_;
};

}  // namespace reel::bench
