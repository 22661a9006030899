// Rounds between probes.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bench/benchmark.h"

namespace reel::bench {
namespace {

constexpr uint64_t kProbeBytes = uint64_t{1} << 30;
// Two probes that differ by more than this make the round between them void.
constexpr double kProbesDiffer = 0.25;

struct Probes {
  double before = 0;
  double after = 0;
  double Mean() const { return (before + after) / 2; }
  bool Alike() const {
    return std::max(before, after) - std::min(before, after) <=
           kProbesDiffer * std::max(before, after);
  }
};

// The better of two: the first pass after other work still meets its traces.
Result<double> Probe(RawProbe* probe) {
  double best = 0;
  for (int pass = 0; pass < 2; ++pass) {
    REEL_ASSIGN_OR_RETURN(const RawFigures raw, probe->Write());
    best = std::max(best, raw.bytes_per_second);
  }
  return best;
}

nlohmann::json JsonOf(const Round& round, const Probes& probes, bool counts) {
  nlohmann::json figures = nlohmann::json::array();
  for (const Figure& figure : round.figures)
    figures.push_back({{"goal", figure.goal}, {"value", figure.value}, {"peer", figure.peer}});
  return {{"round", round.number},
          {"counts", counts},
          {"probe_before_gb_s", probes.before / 1e9},
          {"probe_after_gb_s", probes.after / 1e9},
          {"figures", figures},
          {"details", round.details}};
}

void PutProbe(const Probes& probes, Round* round) {
  for (Figure& figure : round->figures) {
    for (const std::string& goal : round->beside_probe) {
      if (figure.goal == goal) figure.peer = probes.Mean() / 1e9;
    }
  }
}

Result<nlohmann::json> RunRounds(Benchmark& benchmark, const Settings& settings, Report* report) {
  std::unique_ptr<RawProbe> probe;
  if (benchmark.probed()) {
    REEL_ASSIGN_OR_RETURN(probe, RawProbe::Create(settings.directory + "/probe", kProbeBytes));
  }
  nlohmann::json rounds = nlohmann::json::array();
  std::string note;
  int counted = 0;
  // What is simulated differs by its seed alone: one will do where time is short.
  const int wanted = benchmark.one_round_is_enough() && !settings.full ? 1 : settings.rounds;
  for (int number = 1; counted < wanted && number <= 2 * wanted; ++number) {
    Round round;
    round.number = number;
    Probes probes;
    if (probe) {
      REEL_ASSIGN_OR_RETURN(probes.before, Probe(probe.get()));
    }
    REEL_RETURN_IF_ERROR(benchmark.Run(&round));
    if (probe) {
      REEL_ASSIGN_OR_RETURN(probes.after, Probe(probe.get()));
    }
    PutProbe(probes, &round);
    note = round.note;
    const bool counts = probes.Alike();
    for (const Figure& figure : round.figures) {
      if (counts) report->Add(figure);
      printf("  %d %-9s %12.4f  beside %10.4f%s\n", number, figure.goal.c_str(), figure.value,
             figure.peer, counts ? "" : "  void: its probes differ");
    }
    (void)fflush(stdout);
    counted += counts ? 1 : 0;
    rounds.push_back(JsonOf(round, probes, counts));
  }
  if (!note.empty()) report->AddNote(benchmark.name() + ": " + note);
  if (counted < wanted) {
    report->AddNote(benchmark.name() + ": only " + std::to_string(counted) + " of " +
                    std::to_string(rounds.size()) +
                    " rounds count, in the others the probes before"
                    " and after differ by more than 25 %: the machine was not quiet.");
  }
  return rounds;
}

// What is removed is gone from the device as well before anything is measured: a file system that
// discards does so behind the removal, gigabytes at a time, and holds up all writes meanwhile.
void RemoveAll(const std::string& directory) {
  std::filesystem::remove_all(directory);
  sync();
}

}  // namespace

Status RunBenchmark(Benchmark& benchmark, const Settings& settings,
                    const std::string& json_directory, Report* report) {
  printf("%s: %s\n", benchmark.name().c_str(), benchmark.what().c_str());
  (void)fflush(stdout);
  RemoveAll(settings.directory);
  std::filesystem::create_directories(settings.directory);
  Status status = benchmark.SetUp(settings);
  nlohmann::json rounds;
  if (status.ok()) {
    Result<nlohmann::json> run = RunRounds(benchmark, settings, report);
    status = run.status();
    if (run.ok()) rounds = *std::move(run);
    const Status verified = benchmark.TearDown();
    if (status.ok()) status = verified;
  }
  RemoveAll(settings.directory);
  const nlohmann::json all = {{"benchmark", benchmark.name()},
                              {"what", benchmark.what()},
                              {"status", status.ToString()},
                              {"rounds", rounds}};
  std::ofstream(json_directory + "/" + benchmark.name() + ".json") << all.dump(1) << "\n";
  return status;
}

}  // namespace reel::bench
