// reel_bench: whole-store benchmarks against the goals of docs/BENCHMARKS.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bench/benchmark.h"
#include "bench/histogram.h"
#include "bench/pacer.h"

namespace reel::bench {
namespace {

struct Arguments {
  std::vector<std::string> names;
  std::string directory = "build/bench";
  Settings settings;
  int rounds = 0;
  uint64_t volume_gib = 0;
  double seconds = 0;
};

bool IsWanted(const Benchmark& benchmark, const Arguments& arguments) {
  const auto& names = arguments.names;
  if (names.empty()) return arguments.settings.full || !benchmark.only_in_full();
  return std::find(names.begin(), names.end(), benchmark.name()) != names.end();
}

int Run(const Arguments& arguments) {
  Settings settings = arguments.settings;
  settings.rounds = arguments.rounds != 0 ? arguments.rounds : settings.full ? 5 : 3;
  if (arguments.volume_gib != 0) settings.volume_bytes = arguments.volume_gib << 30;
  if (arguments.seconds != 0) {
    settings.paced_seconds = arguments.seconds;
  } else if (settings.full) {
    settings.paced_seconds *= 3;
  }
  std::filesystem::create_directories(arguments.directory);
  Report report;
  bool failed = false;
  for (const auto& benchmark : AllBenchmarks()) {
    if (!IsWanted(*benchmark, arguments)) continue;
    settings.directory = arguments.directory + "/" + benchmark->name();
    const MonoTime begin = MonoNow();
    const Status status = RunBenchmark(*benchmark, settings, arguments.directory, &report);
    printf("  %s in %.0f s\n", status.ok() ? "done" : status.ToString().c_str(),
           Seconds(MonoNow() - begin));
    failed |= !status.ok();
  }
  std::ofstream(arguments.directory + "/goals.json") << report.Json().dump(1) << "\n";
  const std::string table = report.Table();
  std::ofstream(arguments.directory + "/goals.md") << table;
  printf("\n%s", table.c_str());
  return failed ? 1 : 0;
}

int Main(int argc, char** argv) {
  CLI::App app("Measures Reel beside raw disks and its peers; one table at the end.");
  Arguments arguments;
  bool list = false;
  app.add_option("names", arguments.names, "benchmarks to run (default: all)");
  app.add_flag("--full", arguments.settings.full, "5 rounds, longer runs");
  app.add_flag("--list", list, "name the benchmarks and the rows of the goals they measure");
  app.add_option("--rounds", arguments.rounds, "rounds that must count");
  const std::string instead = " instead of what the goals ask for";
  app.add_option("--streams", arguments.settings.streams, "streams" + instead);
  app.add_option("--readers", arguments.settings.readers, "greedy readers" + instead);
  app.add_option("--keyframes", arguments.settings.keyframes, "keyframes in the index" + instead);
  app.add_option("--volume-gib", arguments.volume_gib, "GiB of disk for footage instead of 8");
  app.add_option("--seconds", arguments.seconds,
                 "seconds of a paced run instead of 7 (--full: 21)");
  app.add_option("--dir", arguments.directory, "where to work, on the disk to measure");
  CLI11_PARSE(app, argc, argv);
  if (!list) return Run(arguments);
  for (const auto& benchmark : AllBenchmarks()) {
    printf("%-16s %-8s %s\n", benchmark->name().c_str(), benchmark->rows().c_str(),
           benchmark->what().c_str());
  }
  return 0;
}

}  // namespace
}  // namespace reel::bench

// NOLINTNEXTLINE(bugprone-exception-escape): memory that runs out may end a benchmark
int main(int argc, char** argv) { return reel::bench::Main(argc, argv); }
