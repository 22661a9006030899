// SimClock, SeededRandom, Rng: time and chance as a test wants them. Time moves only when the test
// or a simulated disk moves it; chance is a function of a seed.
#pragma once

#include <mutex>

#include "reel/clock.h"

namespace reel {

// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
// Thread rule: a value; one thread at a time.
class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}

  uint64_t Next();
  // 0 <= result < bound; bound is at least 1.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  // True `times` out of `out_of`.
  bool Chance(uint64_t times, uint64_t out_of) { return Below(out_of) < times; }
  void Fill(MutableByteSpan bytes);

 private:
  uint64_t state_;
};

// Thread rule: all calls from any thread at once; the order of calls decides who gets which bytes.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : rng_(seed) {}
  void Fill(std::span<uint8_t> bytes) override;

 private:
  std::mutex mutex_;
  Rng rng_;
};

// Thread rule: all calls from any thread at once.
class SimClock : public Clock {
 public:
  // Starts at 2026-01-01T00:00:00Z, mono 1 s.
  explicit SimClock(uint64_t boot_seed = 1);

  WallTime WallNow() override;
  MonoTime MonoNow() override;
  BootId boot_id() override;

  // Both clocks move; `by` is never negative.
  void Advance(Duration by);
  // Only the wall clock moves, either way: somebody set it.
  void JumpWall(Duration by);
  // Only the monotonic clock moves: the wall clock is slewed or stands still.
  void AdvanceMono(Duration by);
  // The machine starts again: mono begins anew under another boot id.
  void Reboot(uint64_t boot_seed);

 private:
  std::mutex mutex_;
  WallTime wall_;
  MonoTime mono_;
  BootId boot_id_;
};

}  // namespace reel
