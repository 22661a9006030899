#include "bench/benchmarks.h"

namespace reel::bench {

std::vector<std::unique_ptr<Benchmark>> AllBenchmarks() {
  std::vector<std::unique_ptr<Benchmark>> all;
  all.push_back(NewAppendBenchmark("gop"));
  all.push_back(NewAppendBenchmark("log"));
  for (auto& paced : NewPacedBenchmarks()) all.push_back(std::move(paced));
  all.push_back(NewPeersBenchmark());
  all.push_back(NewSeekBenchmark());
  all.push_back(NewFlatStreamsBenchmark());
  all.push_back(NewFlatHistoryBenchmark());
  all.push_back(NewReindexBenchmark());
  all.push_back(NewRecoveryBenchmark());
  all.push_back(NewExportBenchmark());
  all.push_back(NewDayNightBenchmark());
  all.push_back(NewRotatingBenchmark());
  all.push_back(NewTroubleBenchmark());
  all.push_back(NewScaleBenchmark());
  all.push_back(NewRpcIngestBenchmark());
  all.push_back(NewRpcSeekBenchmark());
  all.push_back(NewRpcReadersBenchmark());
  return all;
}

}  // namespace reel::bench
