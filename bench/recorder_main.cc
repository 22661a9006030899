// reel_recorder: the process that reel_bench kills (bench/recorder.h).
#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/recorder.h"

namespace reel::bench {
namespace {

int Main(int argc, char** argv) {
  CLI::App app("Records until its standard input ends, or until it is killed.");
  RecorderOptions options;
  app.add_option("--root", options.root, "of the node")->required();
  app.add_option("--streams", options.streams, "cameras");
  app.add_option("--acks", options.acks_path, "file that is told what is durable")->required();
  app.add_option("--look-for", options.look_for_path, "such a file of an earlier life");
  CLI11_PARSE(app, argc, argv);
  const Status status = Record(options);
  if (!status.ok()) (void)fprintf(stderr, "reel_recorder: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace reel::bench

// NOLINTNEXTLINE(bugprone-exception-escape): memory that runs out may end a benchmark
int main(int argc, char** argv) { return reel::bench::Main(argc, argv); }
