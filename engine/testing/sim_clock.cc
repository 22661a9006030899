#include "engine/testing/sim_clock.h"

#include <cstring>

#include "engine/base/check.h"

namespace reel {
namespace {

constexpr WallTime kSimWallStart{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z
constexpr MonoTime kSimMonoStart{1'000'000'000};

BootId BootIdOf(uint64_t seed) {
  SeededRandom random(seed);
  return NewId<BootId>(random);
}

}  // namespace

uint64_t Rng::Next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

void Rng::Fill(MutableByteSpan bytes) {
  while (!bytes.empty()) {
    const uint64_t word = Next();
    const size_t count = std::min(bytes.size(), sizeof word);
    std::memcpy(bytes.data(), &word, count);
    bytes = bytes.subspan(count);
  }
}

void SeededRandom::Fill(std::span<uint8_t> bytes) {
  std::lock_guard lock(mutex_);
  rng_.Fill(std::as_writable_bytes(bytes));
}

SimClock::SimClock(uint64_t boot_seed)
    : wall_(kSimWallStart), mono_(kSimMonoStart), boot_id_(BootIdOf(boot_seed)) {}

WallTime SimClock::WallNow() {
  std::lock_guard lock(mutex_);
  return wall_;
}

MonoTime SimClock::MonoNow() {
  std::lock_guard lock(mutex_);
  return mono_;
}

BootId SimClock::boot_id() {
  std::lock_guard lock(mutex_);
  return boot_id_;
}

void SimClock::Advance(Duration by) {
  REEL_CHECK(by >= Duration::zero(), "time does not go back; use JumpWall");
  std::lock_guard lock(mutex_);
  wall_ = wall_ + by;
  mono_ = mono_ + by;
}

void SimClock::JumpWall(Duration by) {
  std::lock_guard lock(mutex_);
  wall_ = wall_ + by;
}

void SimClock::AdvanceMono(Duration by) {
  REEL_CHECK(by >= Duration::zero(), "monotonic time does not go back");
  std::lock_guard lock(mutex_);
  mono_ = mono_ + by;
}

void SimClock::Reboot(uint64_t boot_seed) {
  std::lock_guard lock(mutex_);
  mono_ = kSimMonoStart;
  boot_id_ = BootIdOf(boot_seed);
}

}  // namespace reel
