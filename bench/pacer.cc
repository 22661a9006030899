#include "bench/pacer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "reel/clock.h"

namespace reel::bench {

MonoTime MonoNow() { return SystemClock().MonoNow(); }

Pacer::Pacer() : timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
  REEL_CHECK(timer_.valid(), "the kernel gives a timer");
}

void Pacer::WaitUntil(MonoTime at) {
  if (at <= MonoNow()) return;
  constexpr int64_t kSecondNs = 1'000'000'000;
  itimerspec when{};
  when.it_value.tv_sec = at.ns / kSecondNs;
  when.it_value.tv_nsec = at.ns % kSecondNs;
  REEL_CHECK(timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0,
             "a timer takes any instant");
  uint64_t expirations = 0;
  REEL_CHECK(read(timer_.get(), &expirations, sizeof expirations) == sizeof expirations,
             "a timer expires");
}

}  // namespace reel::bench
