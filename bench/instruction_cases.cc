// One step of the engine under callgrind: instruction_cases CASE. What is counted is what happens
// within Counted, which tests/bench/instructions.py tells callgrind.
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "bench/micro_cases.h"
#include "bench/receive_case.h"
#include "engine/base/check.h"

namespace reel::bench {

// Not inline, so that callgrind finds its name.
__attribute__((noinline)) uint64_t Counted(const std::function<uint64_t()>& step) { return step(); }

namespace {

uint64_t EncodeChunk() {
  ChunkCase chunk(50);
  return Counted([&] { return chunk.Encode(); });
}

uint64_t VerifyChunk() {
  ChunkCase chunk(50);
  chunk.Encode();
  return Counted([&] { return chunk.DecodeAndVerify() ? 1U : 0U; });
}

uint64_t MinuteRow() {
  const MinuteCase minute;
  return Counted([&] { return minute.RoundTrip(); });
}

uint64_t IndexLookup() {
  IndexCase index(3000);
  // The first ones open the tables.
  for (int i = 0; i < 20; ++i) (void)index.Lookup();
  return Counted([&] {
    uint64_t found = 0;
    for (int i = 0; i < 20; ++i) found += index.Lookup() ? 1U : 0U;
    REEL_CHECK(found == 20, "what is counted finds what it looks for");
    return found;
  });
}

uint64_t Record() {
  RecordCase camera;
  camera.Record(50);
  return Counted([&] { return camera.Record(100); });
}

uint64_t SalvageScan() {
  SalvageCase segment(10);
  return Counted([&] { return segment.Scan(); });
}

uint64_t ReceiveRtp() {
  ReceiveCase camera(100);
  uint64_t bytes = 0;
  while (camera.Read()) bytes = Counted([&] { return camera.Receive(); });
  return bytes;
}

}  // namespace
}  // namespace reel::bench

int main(int argc, char** argv) {
  const std::map<std::string, uint64_t (*)()> cases = {{"encode-chunk", reel::bench::EncodeChunk},
                                                       {"verify-chunk", reel::bench::VerifyChunk},
                                                       {"minute-row", reel::bench::MinuteRow},
                                                       {"index-lookup", reel::bench::IndexLookup},
                                                       {"record", reel::bench::Record},
                                                       {"salvage-scan", reel::bench::SalvageScan},
                                                       {"receive-rtp", reel::bench::ReceiveRtp}};
  const auto chosen = cases.find(argc == 2 ? argv[1] : "");
  if (chosen == cases.end()) return 2;
  printf("%llu\n", static_cast<unsigned long long>(chosen->second()));
  return 0;
}
