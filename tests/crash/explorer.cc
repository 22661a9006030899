#include "tests/crash/explorer.h"

#include "tests/crash/damage_check.h"
#include "tests/crash/life.h"
#include "tests/crash/report.h"
#include "tests/crash/state_check.h"

namespace reel::crash {

void Tally::Count(uint64_t hash) {
  const std::lock_guard lock(mutex_);
  ++states_;
  hashes_.insert(hash);
}

void Tally::CountWorld() {
  const std::lock_guard lock(mutex_);
  ++worlds_;
}

uint64_t Tally::states() const {
  const std::lock_guard lock(mutex_);
  return states_;
}

uint64_t Tally::distinct() const {
  const std::lock_guard lock(mutex_);
  return hashes_.size();
}

uint64_t Tally::worlds() const {
  const std::lock_guard lock(mutex_);
  return worlds_;
}

std::string Explorer::Explore(uint64_t seed, std::optional<uint64_t> only) {
  const Plan plan = PlanOf(seed);
  history_.clear();
  Generation generation = FirstGeneration(seed, plan);
  tally_.CountWorld();
  for (;;) {
    NoteRunning(seed, generation.number * kStatesPerGeneration);
    Life life(&generation);
    life.Run(Life::Ending::kKilled);
    if (!life.problems().empty()) return ReportOfLife(generation, history_, life.problems());
    const std::string wrong = ExploreGeneration(generation, only);
    const bool last = generation.number + 1 >= plan.generations;
    const bool found = only && *only / kStatesPerGeneration == generation.number;
    if (!wrong.empty() || last || found || over_()) return wrong;
    Rng rng(Rng(seed * 64 + generation.number).Next());
    const State next = StateOf(generation, rng.Below(StateCount(generation)));
    history_.push_back(StoryOf(generation));
    history_.push_back(next.Text());
    generation = NextGeneration(generation, next);
  }
}

std::string Explorer::Damage(uint64_t seed, std::optional<uint64_t> only) {
  constexpr uint64_t kDamagesPerWorld = 60;
  Plan plan = PlanOf(seed);
  plan.fault_percent = 0;
  Generation generation = FirstGeneration(seed, plan);
  tally_.CountWorld();
  NoteRunning(seed, 0);
  const bool settled = seed % 2 == 0;
  Life life(&generation);
  life.Run(settled ? Life::Ending::kClosed : Life::Ending::kKilled);
  if (!life.problems().empty()) return ReportOfLife(generation, {}, life.problems());
  const uint64_t end = only ? *only + 1 : kDamagesPerWorld;
  for (uint64_t number = only.value_or(0); number < end && !over_(); ++number) {
    NoteRunning(seed, number);
    State state = StateOf(generation, number % StateCount(generation));
    state.number = number;
    state.tear_seed += number;
    if (settled) {
      state.instant = generation.world->now();
      state.index_batches = generation.index->BatchesAt(state.instant);
    } else {
      state.instant =
          generation.world->now() -
          std::min<uint64_t>(number, generation.world->now() - generation.first_instant);
      state.index_batches =
          std::min(state.index_batches, generation.index->BatchesAt(state.instant));
    }
    state.cut = generation.world->CutAt(state.instant);
    DamageCheck check(generation, state, settled);
    tally_.Count(check.Hash());
    check.Run();
    if (!check.problems().empty()) return ReportOfDamage(generation, state, check);
  }
  return "";
}

std::string Explorer::ExploreGeneration(const Generation& generation,
                                        std::optional<uint64_t> only) {
  if (only) {
    if (*only / kStatesPerGeneration != generation.number) return "";
    return Check(generation, *only % kStatesPerGeneration);
  }
  const uint64_t count = StateCount(generation);
  for (uint64_t number = 0; number < count && !over_(); ++number) {
    const std::string wrong = Check(generation, number);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string Explorer::Check(const Generation& generation, uint64_t number) {
  NoteRunning(generation.seed, generation.number * kStatesPerGeneration + number);
  const State state = StateOf(generation, number);
  StateCheck check(generation, state, /*keep_log=*/false);
  tally_.Count(check.Hash());
  check.Run();
  if (check.problems().empty()) return "";
  StateCheck again(generation, state, /*keep_log=*/true);
  const std::vector<std::string> index_before = IndexLines(again.index(), generation);
  again.Run();
  return ReportOfState(generation, history_, state, again, index_before);
}

}  // namespace reel::crash
