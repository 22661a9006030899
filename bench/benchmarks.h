// Every benchmark there is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/benchmark.h"

namespace reel::bench {

std::unique_ptr<Benchmark> NewAppendBenchmark(const std::string& placement);  // "gop" or "log"
std::vector<std::unique_ptr<Benchmark>> NewPacedBenchmarks();
std::unique_ptr<Benchmark> NewSeekBenchmark();
std::unique_ptr<Benchmark> NewFlatStreamsBenchmark();
std::unique_ptr<Benchmark> NewFlatHistoryBenchmark();
std::unique_ptr<Benchmark> NewReindexBenchmark();
std::unique_ptr<Benchmark> NewRecoveryBenchmark();
std::unique_ptr<Benchmark> NewExportBenchmark();
std::unique_ptr<Benchmark> NewPeersBenchmark();
std::unique_ptr<Benchmark> NewDayNightBenchmark();
std::unique_ptr<Benchmark> NewRotatingBenchmark();
std::unique_ptr<Benchmark> NewTroubleBenchmark();
std::unique_ptr<Benchmark> NewScaleBenchmark();
std::unique_ptr<Benchmark> NewRpcIngestBenchmark();
std::unique_ptr<Benchmark> NewRpcSeekBenchmark();
std::unique_ptr<Benchmark> NewRpcReadersBenchmark();

}  // namespace reel::bench
