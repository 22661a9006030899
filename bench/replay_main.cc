// reel_replay: a replay server as a program of its own, so that its CPU is not taken for that of
// who records from it. Prints "port N" when it answers; ends when its standard input does.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <optional>

#include "bench/replay_server.h"

namespace reel::bench {
namespace {

int Main(int argc, char** argv) {
  CLI::App app("Serves cameras over RTSP on loopback, at /camera-0 and on.");
  ReplayServer::Options options;
  std::string file;
  app.add_option("--cameras", options.cameras, "how many")->check(CLI::PositiveNumber);
  app.add_option("--loops", options.loops, "threads, 1..16");
  app.add_option("--port", options.port, "0: any");
  app.add_option("--file", file, "H.264 as Annex B, 25 pictures a second (default: synthetic)");
  CLI11_PARSE(app, argc, argv);
  std::optional<Trace> trace;
  std::optional<ReplayFootage> footage;
  if (file.empty()) {
    trace.emplace(TraceShape{});
    footage.emplace(*trace);
  } else {
    Result<ReplayFootage> read = ReplayFootage::OfFile(file);
    if (!read.ok()) {
      (void)fprintf(stderr, "%s\n", read.status().ToString().c_str());
      return 1;
    }
    footage.emplace(*std::move(read));
  }
  const auto server = ReplayServer::Start(*footage, options);
  if (!server.ok()) {
    (void)fprintf(stderr, "%s\n", server.status().ToString().c_str());
    return 1;
  }
  printf("port %u\n", unsigned{(*server)->port()});
  (void)fflush(stdout);
  std::array<char, 64> ignored{};
  while (read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) continue;
  return 0;
}

}  // namespace
}  // namespace reel::bench

// NOLINTNEXTLINE(bugprone-exception-escape): memory that runs out may end it
int main(int argc, char** argv) { return reel::bench::Main(argc, argv); }
