// The report of a failing state: how to see it again, what happened, what is wrong.
// Thread rule: free functions; any thread.
#pragma once

#include "tests/crash/damage_check.h"
#include "tests/crash/state_check.h"

namespace reel::crash {

// Says which state a program that dies was at; from then on for this thread.
void NoteRunning(uint64_t seed, uint64_t state);
void SayRunningWhenItDies();

// A line for each GOP of the model's streams and each segment that the index has.
std::vector<std::string> IndexLines(Index& index, const Generation& generation);

std::string StoryOf(const Generation& generation);
std::string ReportOfLife(const Generation& generation, const std::vector<std::string>& history,
                         const std::vector<std::string>& problems);
std::string ReportOfState(const Generation& generation, const std::vector<std::string>& history,
                          const State& state, StateCheck& check,
                          const std::vector<std::string>& index_before);

std::string ReportOfDamage(const Generation& generation, const State& state,
                           const DamageCheck& check);

}  // namespace reel::crash
