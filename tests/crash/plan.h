// Plan: everything about a crash world that its seed decides before it begins.
// Thread rule: a value.
#pragma once

#include <string>

#include "engine/testing/sim_disk.h"
#include "tests/sim/sim_world.h"

namespace reel::crash {

// An instant that never comes.
inline constexpr uint64_t kNever = UINT64_MAX;

struct Plan {
  WorldOptions world;
  CrashTraits traits;          // of every power cut
  size_t generations = 1;      // lives, each on what the crash of the one before left
  size_t ops = 0;              // of the workload of one life
  size_t streams_max = 1;      //
  uint32_t clean_bytes = 0;    // of a clean point, about
  uint64_t fault_percent = 0;  // of operations
  uint64_t close_percent = 0;
  uint64_t skip_percent = 0;  // of units that come late
  uint64_t tears = 1;         // power cuts at one instant

  std::string Text() const;
};

Plan PlanOf(uint64_t seed);

}  // namespace reel::crash
