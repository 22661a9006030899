#include "bench/index_filler.h"

#include "engine/base/check.h"
#include "engine/testing/sim_clock.h"

namespace reel::bench {
namespace {

// Serials beyond those a benchmark's volume reaches.
constexpr uint64_t kFirstSerial = 1'000'000;
constexpr uint32_t kGopBytes = 1'000'000 / 4096 * 4096;

}  // namespace

Status FillIndex(Index& index, const FillerShape& shape) {
  SeededRandom random(11);
  std::vector<std::pair<StreamId, RunId>> streams;
  for (uint32_t i = 0; i < shape.streams; ++i)
    streams.emplace_back(NewId<StreamId>(random), NewId<RunId>(random));
  const auto per_minute = static_cast<uint64_t>(std::chrono::minutes(1) / shape.gop);
  REEL_CHECK(per_minute > 0 && shape.streams > 0, "GOPs of at most a minute, of some streams");
  const uint64_t minutes = shape.keyframes / (per_minute * shape.streams) + 1;
  uint64_t number = 0;
  for (uint64_t minute = 0; minute < minutes; ++minute) {
    const WallTime begin = shape.end - std::chrono::minutes(static_cast<int64_t>(minutes - minute));
    IndexBatch batch;
    for (const auto& [stream, run] : streams) {
      for (uint64_t gop = 0; gop < per_minute; ++gop, ++number) {
        GopRow row;
        row.stream = stream;
        row.run = run;
        row.begin = begin + shape.gop * static_cast<int64_t>(gop);
        row.end = row.begin + shape.gop - std::chrono::milliseconds(40);
        row.first_unit = UnitNumber{(minute * per_minute + gop) * 50};
        row.flags = kGopClean;
        row.lead_bytes = 250'000;
        row.pieces.push_back({VolumeNo{1}, SegmentSerial{kFirstSerial + number / 1000},
                              number % 1000 * kGopBytes, kGopBytes, row.first_unit, 50});
        batch.gops.push_back(std::move(row));
      }
      if (batch.gops.size() < 4096) continue;
      REEL_RETURN_IF_ERROR(index.Write(batch));
      batch.gops.clear();
    }
    REEL_RETURN_IF_ERROR(index.Write(batch));
  }
  return index.Sync();
}

}  // namespace reel::bench
