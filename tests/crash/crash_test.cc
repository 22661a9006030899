// Power cuts on the whole engine, by the million: whatever was acknowledged is there, nothing else
// appears.
//
//   REEL_SEED=<seed>                      begins with that world
//   REEL_SEED=<seed> REEL_STATE=<number>  looks at that one state alone
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/explorer.h"
#include "tests/crash/report.h"
#include "tests/faults/share.h"

namespace reel::crash {
namespace {

constexpr uint64_t kLongStates = 3'000'000;
// A seed that has found a fault stays here.
constexpr std::array<uint64_t, 19> kSeedsThatFoundFaults = {
    3,      18,     2004,   3000,   4003,   7006,    132623,   280204,    294912,   361235,
    536599, 589845, 699403, 711439, 990110, 2289758, 13356929, 164396193, 373280960};
constexpr uint64_t kLongDamages = 100'000;

void Print(const Tally& tally, const Share& share, double seconds) {
  std::printf(
      "%llu states in %.0f s (%.0f a second), %llu distinct, of %llu worlds; REEL_SEED=%llu\n",
      static_cast<unsigned long long>(tally.states()), seconds,
      static_cast<double>(tally.states()) / seconds,
      static_cast<unsigned long long>(tally.distinct()),
      static_cast<unsigned long long>(tally.worlds()),
      static_cast<unsigned long long>(share.seed()));
}

using Look = std::string (Explorer::*)(uint64_t seed, std::optional<uint64_t> only);

// The worlds that begin with those that once found a fault, and go on from the seed.
uint64_t SeedOf(const Share& share, uint64_t number) {
  const bool chosen = EnvNumber("REEL_SEED").has_value();
  if (chosen) return share.seed() + number;
  return number < kSeedsThatFoundFaults.size() ? kSeedsThatFoundFaults[number]
                                               : share.seed() + number;
}

// Explores world after world for `seconds`, or, in a long run, side by side until so many states
// have been seen; or looks at one state alone.
void Explore(uint64_t seconds, uint64_t states_max, Look look) {
  SayRunningWhenItDies();
  const Share share(seconds);
  Tally tally;
  if (const auto only = EnvNumber("REEL_STATE")) {
    const std::string wrong = (Explorer(tally, [] { return false; }).*look)(share.seed(), only);
    EXPECT_TRUE(wrong.empty()) << wrong;
    return;
  }
  std::atomic<bool> failed = false;
  const std::function<bool()> over = [&] {
    return failed || share.over() || (share.is_long() && tally.states() >= states_max);
  };
  std::atomic<uint64_t> next = 0;
  std::vector<std::string> wrong(share.is_long() ? 2 : 1);
  std::vector<std::thread> workers;
  workers.reserve(wrong.size());
  for (std::string& mine : wrong) {
    workers.emplace_back([&] {
      Explorer explorer(tally, over);
      while (!over()) {
        mine = (explorer.*look)(SeedOf(share, next++), std::nullopt);
        failed = failed || !mine.empty();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const std::string& report : wrong) EXPECT_TRUE(report.empty()) << report;
  Print(tally, share, share.seconds());
}

TEST(PowerCut, WhatWasAcknowledgedIsThereAndNothingElse) {
  Explore(70, kLongStates, &Explorer::Explore);
}

TEST(Damage, IsToldAndNeverServed) { Explore(20, kLongDamages, &Explorer::Damage); }

}  // namespace
}  // namespace reel::crash
