// Explorer: lives through the worlds of seeds and looks at what power cuts leave of them.
//
// A state is a number: generation * kStatesPerGeneration + its number within the generation.
// Thread rule: an Explorer belongs to one thread; a Tally may be shared.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "tests/crash/generation.h"

namespace reel::crash {

inline constexpr uint64_t kStatesPerGeneration = 1'000'000;

// What has been looked at so far. Thread rule: any thread.
class Tally {
 public:
  void Count(uint64_t hash);
  void CountWorld();
  uint64_t states() const;
  uint64_t distinct() const;
  uint64_t worlds() const;

 private:
  mutable std::mutex mutex_;
  uint64_t states_ = 0;
  uint64_t worlds_ = 0;
  std::unordered_set<uint64_t> hashes_;
};

class Explorer {
 public:
  Explorer(Tally& tally, std::function<bool()> over) : tally_(tally), over_(std::move(over)) {}

  // All states of one seed's world, or `only` one of them. What is wrong, as a readable report; ""
  // if nothing is.
  std::string Explore(uint64_t seed, std::optional<uint64_t> only = std::nullopt);

  // As the above, with one place of the first life's segments damaged in each state. Half of the
  // worlds end in an orderly way.
  std::string Damage(uint64_t seed, std::optional<uint64_t> only = std::nullopt);

 private:
  std::string ExploreGeneration(const Generation& generation, std::optional<uint64_t> only);
  std::string Check(const Generation& generation, uint64_t number);

  Tally& tally_;
  const std::function<bool()> over_;
  std::vector<std::string> history_;  // stories of the generations before
};

}  // namespace reel::crash
