// Clock and Random: the seams for time and chance. The real forms ask the machine; the simulated
// ones (engine/testing) are seeded and stepped by the test.
// Thread rule: all calls may be made from any thread at once.
#pragma once

#include "reel/time.h"
#include "reel/types.h"
#include "reel/visibility.h"

namespace reel {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime WallNow() = 0;
  virtual MonoTime MonoNow() = 0;  // never goes back
  virtual BootId boot_id() = 0;    // MonoTimes with different boot ids do not compare
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(std::span<uint8_t> bytes) = 0;
};

template <class Id>
Id NewId(Random& random) {
  Id id;
  random.Fill(id.bytes);
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0F) | 0x40);  // RFC 4122 version 4
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3F) | 0x80);
  return id;
}

// The machine's own; live as long as the process.
REEL_API Clock& SystemClock();
REEL_API Random& SystemRandom();

}  // namespace reel
