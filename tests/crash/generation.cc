#include "tests/crash/generation.h"

#include <algorithm>

#include "engine/base/check.h"

namespace reel::crash {
namespace {

// A seed for one purpose of one generation.
uint64_t SeedFor(const Generation& generation, uint64_t purpose) {
  return Rng(Rng(generation.seed * 64 + generation.number).Next() ^ purpose).Next();
}

// Other worlds find more than more instants of one.
constexpr uint64_t kStatesMax = 150;

uint64_t Instants(const Generation& generation) {
  return generation.world->now() - generation.first_instant + 1;
}

// From one instant that is cut to the next.
uint64_t Stride(const Generation& generation) {
  return Instants(generation) * generation.plan.tears / kStatesMax + 1;
}

}  // namespace

Generation FirstGeneration(uint64_t seed, const Plan& plan) {
  Generation first;
  first.seed = seed;
  first.plan = plan;
  first.world = std::make_unique<SimWorld>(plan.world);
  first.index = std::make_unique<IndexJournal>(*first.world, std::make_unique<MemoryIndex>());
  first.lives = std::make_unique<Lives>(*first.world);
  REEL_CHECK(first.world->Init().ok(), "a node can be made");
  first.first_instant = first.world->now();
  return first;
}

Generation NextGeneration(const Generation& before, const State& state) {
  Generation next;
  next.seed = before.seed;
  next.number = before.number + 1;
  next.plan = before.plan;
  next.world = WorldAfter(before, state);
  next.index = std::make_unique<IndexJournal>(*next.world, IndexAfter(before, state));
  next.lives = std::make_unique<Lives>(*next.world);
  next.model = before.model;
  next.model.CutAt(state.instant);
  for (ModelRun& run : next.model.runs) {
    for (uint64_t n = 0; n < run.units.size(); ++n) {
      ModelUnit& unit = run.units[n];
      unit.gone |= before.lives->MayBeGone(run.id, n, state.cut);
      if (unit.acked_at != 0 || next.lives->Holds(run.id, n)) continue;
      if (before.lives->MayBeGone(run.id, n, state.cut)) unit.acked_at = kNever;
    }
  }
  return next;
}

uint64_t StateCount(const Generation& generation) {
  const uint64_t stride = Stride(generation);
  return (Instants(generation) + stride - 1) / stride * generation.plan.tears;
}

State StateOf(const Generation& generation, uint64_t number) {
  Rng rng(SeedFor(generation, 2 + number));
  const Plan& plan = generation.plan;
  State state;
  state.number = number;
  const uint64_t stride = Stride(generation);
  const uint64_t instant = number / plan.tears * stride + SeedFor(generation, 1) % stride;
  state.instant = generation.first_instant + std::min(instant, Instants(generation) - 1);
  state.cut = generation.world->CutAt(state.instant);
  state.tear_seed = rng.Next();
  const size_t batches = generation.index->BatchesAt(state.instant);
  switch (rng.Below(4)) {
    case 0:
      state.index_empty = true;
      break;
    case 1:
      state.index_batches = rng.Below(batches + 1);
      break;
    default:
      state.index_batches = batches;
  }
  state.record_first = rng.Chance(1, 4);
  state.record_last = !state.record_first && rng.Chance(1, 4);
  state.verify = rng.Chance(1, 4);
  state.backwards = rng.Chance(1, 8);
  return state;
}

uint64_t HashOf(SimWorld& world) {
  uint64_t hash = 0;
  for (size_t disk = 0; disk < world.disk_count(); ++disk) {
    hash = Rng(hash ^ world.disk(disk).ContentHash()).Next();
  }
  return hash;
}

std::unique_ptr<SimWorld> WorldAfter(const Generation& generation, const State& state) {
  return std::make_unique<SimWorld>(*generation.world, state.cut, state.tear_seed,
                                    generation.plan.traits);
}

std::unique_ptr<MemoryIndex> IndexAfter(const Generation& generation, const State& state) {
  return state.index_empty ? std::make_unique<MemoryIndex>()
                           : generation.index->After(state.index_batches);
}

std::string State::Text() const {
  std::string text = "power cut at instant " + std::to_string(instant) + ", entries";
  for (const size_t entries : cut) text += " " + std::to_string(entries);
  text += ", tear seed " + std::to_string(tear_seed) + ", index ";
  text += index_empty ? "empty" : "after " + std::to_string(index_batches) + " batches";
  if (record_first) text += ", recorded to before it is idle";
  if (record_last) text += ", recorded to in the end";
  return text;
}

}  // namespace reel::crash
