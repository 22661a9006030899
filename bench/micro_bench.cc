// Single functions of the recording and reading paths, for a look at one of them while it is
// changed: ./dev bench --micro [--benchmark_filter=...].
#include <benchmark/benchmark.h>

#include <algorithm>

#include "bench/micro_cases.h"
#include "engine/base/digest.h"

namespace reel::bench {
namespace {

Bytes Noise(size_t size) {
  Bytes bytes(size);
  Rng(5).Fill(bytes);
  return bytes;
}

void Crc(benchmark::State& state) {
  const Bytes bytes = Noise(static_cast<size_t>(state.range(0)));
  while (state.KeepRunning()) benchmark::DoNotOptimize(Crc32c(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Crc)->Arg(4096)->Arg(128 << 10);

void Sha(benchmark::State& state) {
  const Bytes bytes = Noise(static_cast<size_t>(state.range(0)));
  while (state.KeepRunning()) benchmark::DoNotOptimize(Sha256(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Sha)->Arg(128 << 10);

void EncodeChunk(benchmark::State& state) {
  ChunkCase chunk(static_cast<uint32_t>(state.range(0)));
  while (state.KeepRunning()) benchmark::DoNotOptimize(chunk.Encode());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(chunk.chunk_bytes()));
}
BENCHMARK(EncodeChunk)->Arg(6)->Arg(50);

void DecodeChunk(benchmark::State& state) {
  ChunkCase chunk(static_cast<uint32_t>(state.range(0)));
  chunk.Encode();
  while (state.KeepRunning()) benchmark::DoNotOptimize(chunk.DecodeAndVerify());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(chunk.chunk_bytes()));
}
BENCHMARK(DecodeChunk)->Arg(6)->Arg(50);

void MinuteCodec(benchmark::State& state) {
  MinuteCase minute;
  while (state.KeepRunning()) benchmark::DoNotOptimize(minute.RoundTrip());
}
BENCHMARK(MinuteCodec);

void IndexLookup(benchmark::State& state) {
  IndexCase index(static_cast<uint32_t>(state.range(0)));
  while (state.KeepRunning()) benchmark::DoNotOptimize(index.Lookup());
}
BENCHMARK(IndexLookup)->Arg(10'000)->Arg(100'000);

void Record(benchmark::State& state) {
  RecordCase camera;
  while (state.KeepRunning()) benchmark::DoNotOptimize(camera.Record(1));
}
BENCHMARK(Record)->Iterations(500);

void SalvageScan(benchmark::State& state) {
  SalvageCase segment(static_cast<uint32_t>(state.range(0)));
  while (state.KeepRunning()) benchmark::DoNotOptimize(segment.Scan());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(segment.segment_bytes()));
}
BENCHMARK(SalvageScan)->Arg(100);

}  // namespace
}  // namespace reel::bench

BENCHMARK_MAIN();
