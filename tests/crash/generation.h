// Generation: one life of a node between two power cuts, with all that a model needs to judge what
// a power cut at any instant of it leaves. State: one such power cut, and how it is looked at.
// Thread rule: one thread.
#pragma once

#include "tests/crash/index_journal.h"
#include "tests/crash/lives.h"
#include "tests/crash/model.h"

namespace reel::crash {

struct Generation {
  uint64_t seed = 0;  // of the explored world
  size_t number = 0;  // 0: the first life, from the making of the node on
  Plan plan;
  std::unique_ptr<SimWorld> world;
  std::unique_ptr<IndexJournal> index;
  std::unique_ptr<Lives> lives;
  Model model;
  uint64_t first_instant = 0;  // before it there is no node to be opened
  std::vector<std::string> story;
};

struct State {
  uint64_t number = 0;  // within its generation
  uint64_t instant = 0;
  Cut cut;
  uint64_t tear_seed = 0;
  size_t index_batches = 0;   // of those the life wrote, the index still has; or
  bool index_empty = false;   // nothing at all
  bool record_first = false;  // before what the crash left has been worked off
  bool record_last = false;
  bool verify = false;
  bool backwards = false;

  std::string Text() const;
};

// The node is made.
Generation FirstGeneration(uint64_t seed, const Plan& plan);
// What the power cut leaves of the generation before: its life has still to be lived.
Generation NextGeneration(const Generation& before, const State& state);

uint64_t StateCount(const Generation& generation);
// A function of the generation and the number alone.
State StateOf(const Generation& generation, uint64_t number);

// Of the names and bytes of all its disks.
uint64_t HashOf(SimWorld& world);
std::unique_ptr<SimWorld> WorldAfter(const Generation& generation, const State& state);
std::unique_ptr<MemoryIndex> IndexAfter(const Generation& generation, const State& state);

}  // namespace reel::crash
