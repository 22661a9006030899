// Benchmark: one measurement that is repeated in rounds, each between two raw probes.
//
// Every benchmark verifies afterwards what it wrote: an error, a shed unit, a complaint of the
// engine or a byte that is not the trace's fails the round, whatever its figures.
// Thread rule: one thread.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/raw_probe.h"
#include "bench/report.h"
#include "reel/status.h"

namespace reel::bench {

struct Settings {
  std::string directory;  // on the disk that is measured; this benchmark's own
  bool full = false;
  int rounds = 3;
  // Of it, how much may be used, and how long a paced run lasts.
  uint64_t volume_bytes = uint64_t{8} << 30;
  double paced_seconds = 7;
  // Instead of what the goal asks for; 0: as it asks. For curves, and for smaller machines.
  uint32_t streams = 0;
  uint32_t readers = 0;
  uint64_t keyframes = 0;
};

struct Round {
  int number = 0;
  // Before it; the one after is not known yet. The benchmark's figures are put beside the mean of
  // both by giving their peer as a multiple of what the probe wrote a second (peer_probes).
  double probe_bytes_per_second = 0;
  std::vector<Figure> figures;
  std::vector<std::string> beside_probe;  // goals whose peer is the raw write probe
  nlohmann::json details = nlohmann::json::object();
  // Where something smaller stands in for what a goal asks: said below the table.
  std::string note;
};

class Benchmark {
 public:
  virtual ~Benchmark() = default;
  virtual std::string name() const = 0;
  virtual std::string what() const = 0;
  virtual std::string rows() const = 0;  // of the goals: "a b n"
  // The disk's speed decides its figures: a round between two unlike probes says nothing.
  virtual bool probed() const { return true; }
  // On simulated time: this machine has no part in its figures.
  virtual bool simulated() const { return false; }
  // A round that takes a minute, or whose figures do not vary: in a quick run there is one.
  virtual bool one_round_is_enough() const { return simulated(); }
  // Not in a quick run of everything, unless it is named.
  virtual bool only_in_full() const { return false; }
  virtual Status SetUp(const Settings& settings) = 0;
  virtual Status Run(Round* round) = 0;
  // Verifies what is left of all rounds.
  virtual Status TearDown() = 0;
};

// In the order they run.
std::vector<std::unique_ptr<Benchmark>> AllBenchmarks();

// Runs `rounds` rounds that count (void ones are repeated, at most as often again) and adds their
// figures to the report; one JSON file per benchmark in `json_directory`.
Status RunBenchmark(Benchmark& benchmark, const Settings& settings,
                    const std::string& json_directory, Report* report);

}  // namespace reel::bench
