// The machine's own clock and randomness: SystemClock(), SystemRandom() of reel/clock.h.
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "engine/base/check.h"
#include "reel/clock.h"

namespace reel {
namespace {

int64_t Now(clockid_t id) {
  timespec now{};
  REEL_CHECK(clock_gettime(id, &now) == 0, "the machine has this clock");
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Without /proc: an id of this process's own, so that nothing is compared that must not be.
BootId ReadBootId() {
  char text[36];
  const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  const ssize_t count = fd >= 0 ? read(fd, text, sizeof text) : -1;
  if (fd >= 0) close(fd);
  if (count == sizeof text) {
    if (const auto id = ParseId<BootId>(std::string_view(text, sizeof text))) return *id;
  }
  return NewId<BootId>(SystemRandom());
}

class MachineClock : public Clock {
 public:
  WallTime WallNow() override { return {Now(CLOCK_REALTIME)}; }
  // Counts suspended time too: ages of footage go on while a machine sleeps.
  MonoTime MonoNow() override { return {Now(CLOCK_BOOTTIME)}; }
  BootId boot_id() override { return boot_id_; }

 private:
  const BootId boot_id_ = ReadBootId();
};

class MachineRandom : public Random {
 public:
  void Fill(std::span<uint8_t> bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = getrandom(bytes.data(), bytes.size(), 0);
      REEL_CHECK(count > 0 || errno == EINTR, "the kernel gives random bytes");
      if (count > 0) bytes = bytes.subspan(static_cast<size_t>(count));
    }
  }
};

}  // namespace

// Never destroyed: threads may still ask while the process ends.
Clock& SystemClock() {
  static Clock& clock = *new MachineClock;
  return clock;
}

Random& SystemRandom() {
  static Random& random = *new MachineRandom;
  return random;
}

}  // namespace reel
