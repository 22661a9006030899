#include "tests/crash/plan.h"

#include "engine/testing/sim_clock.h"

namespace reel::crash {

Plan PlanOf(uint64_t seed) {
  Rng rng(seed ^ 0xC4A54);
  Plan plan;
  WorldOptions& world = plan.world;
  world.seed = seed;
  world.volumes = rng.Chance(1, 3) ? 2 : 1;
  const bool array = rng.Chance(1, 4);
  world.granule_bytes = array ? 16U << 10 : 4096;
  world.segment_bytes = array ? 256U << 10 : 64U << 10;
  world.segments = 6 + rng.Below(5);
  world.placement = rng.Chance(1, 2) ? "gop" : "log";
  world.jitter_max = std::chrono::microseconds(rng.Chance(1, 4) ? 0 : 50 + rng.Below(20'000));
  world.buffer_bytes = 1U << 20;
  world.stream_buffer_bytes = 256U << 10;
  plan.traits.garbage = rng.Chance(1, 4);
  plan.traits.stripe_bytes = array ? world.granule_bytes : 0;
  plan.generations = 1 + rng.Below(4);
  plan.ops = array ? 40 + rng.Below(60) : 30 + rng.Below(90);
  plan.streams_max = 1 + rng.Below(4);
  plan.clean_bytes = static_cast<uint32_t>(1500 + rng.Below(rng.Chance(1, 4) ? 20'000 : 5000));
  plan.fault_percent = rng.Chance(1, 3) ? 0 : 2 + rng.Below(8);
  plan.close_percent = rng.Below(5);
  plan.skip_percent = rng.Chance(1, 3) ? 5 : 0;
  plan.tears = 1 + rng.Below(3);
  return plan;
}

std::string Plan::Text() const {
  std::string text =
      std::to_string(world.volumes) + " volume(s) of " + std::to_string(world.segments) +
      " segments of " + std::to_string(world.segment_bytes >> 10) + " KiB, granule " +
      std::to_string(world.granule_bytes >> 10) + " KiB, placement " + world.placement +
      ", requests up to " + std::to_string(world.jitter_max.count() / 1000) + " us late";
  if (traits.garbage) text += ", noise in torn sectors";
  if (traits.stripe_bytes != 0) text += ", write hole";
  return text + "; " + std::to_string(generations) + " lives of " + std::to_string(ops) +
         " operations, " + std::to_string(streams_max) + " stream(s), clean points of " +
         std::to_string(clean_bytes) + " bytes, faults " + std::to_string(fault_percent) +
         " %, closings " + std::to_string(close_percent) + " %, late units " +
         std::to_string(skip_percent) + " %";
}

}  // namespace reel::crash
