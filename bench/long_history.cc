#include "bench/long_history.h"

#include <algorithm>
#include <iterator>

#include "engine/base/check.h"
#include "engine/testing/sim_clock.h"

namespace reel::bench {
namespace {

// Serials beyond those a benchmark's volume reaches.
constexpr uint64_t kFirstSerial = 1'000'000;
constexpr uint32_t kBlock = 4096;
// Places and sizes differ from GOP to GOP as they do in the world: rows that are all alike would
// pack into a tenth of what real ones take.
constexpr uint64_t kGopsInSegment = 800;
constexpr uint64_t kSlotBlocks = 320;
constexpr uint64_t kLeastBlocks = 190;
constexpr uint32_t kLeastLeadBytes = 187'500;
constexpr uint32_t kLeadBytesSpan = 125'000;
constexpr uint32_t kGopUnits = 50;
constexpr Duration kUnit = std::chrono::milliseconds(40);
constexpr Duration kMinute = std::chrono::minutes(1);
constexpr size_t kBatchGops = 4096;

}  // namespace

LongHistory::LongHistory(const HistoryShape& shape)
    : gop_(shape.gop), gops_per_minute_(static_cast<uint64_t>(kMinute / shape.gop)) {
  REEL_CHECK(gops_per_minute_ > 0 && kMinute % shape.gop == Duration{0} && shape.streams > 0,
             "GOPs that divide a minute, of some streams");
  SeededRandom random(11);
  for (uint32_t i = 0; i < shape.streams; ++i)
    ids_.emplace_back(NewId<StreamId>(random), NewId<RunId>(random));
  minutes_ = shape.keyframes / (gops_per_minute_ * shape.streams) + 1;
  begin_ = shape.end - kMinute * static_cast<int64_t>(minutes_);
}

std::vector<GopRow> LongHistory::Minute(uint32_t stream, uint64_t minute) const {
  REEL_CHECK(stream < ids_.size() && minute < minutes_, "a minute of the history");
  std::vector<GopRow> rows(gops_per_minute_);
  for (uint64_t gop = 0; gop < gops_per_minute_; ++gop) {
    const uint64_t nth = minute * gops_per_minute_ + gop;  // of the stream
    // Recorded side by side: between two of a stream lies one of every other.
    const uint64_t number = nth * ids_.size() + stream;
    Rng rng(number);
    GopRow& row = rows[gop];
    row.stream = ids_[stream].first;
    row.run = ids_[stream].second;
    row.begin = begin_ + gop_ * static_cast<int64_t>(nth);
    row.end = row.begin + gop_ - kUnit;
    row.first_unit = UnitNumber{nth * kGopUnits};
    row.flags = kGopClean;
    row.lead_bytes = kLeastLeadBytes + static_cast<uint32_t>(rng.Below(kLeadBytesSpan));
    const uint64_t blocks = kLeastBlocks + rng.Below(kSlotBlocks - kLeastBlocks);
    const uint64_t skipped = rng.Below(kSlotBlocks - blocks + 1);
    const uint64_t offset = (number % kGopsInSegment * kSlotBlocks + skipped) * kBlock;
    row.pieces.push_back({VolumeNo{1}, SegmentSerial{kFirstSerial + number / kGopsInSegment},
                          offset, static_cast<uint32_t>(blocks * kBlock), row.first_unit,
                          kGopUnits});
  }
  return rows;
}

Status LongHistory::Write(Index& index) const {
  for (uint64_t minute = 0; minute < minutes_; ++minute) {
    IndexBatch batch;
    for (uint32_t stream = 0; stream < streams(); ++stream) {
      std::vector<GopRow> rows = Minute(stream, minute);
      std::move(rows.begin(), rows.end(), std::back_inserter(batch.gops));
      if (batch.gops.size() < kBatchGops) continue;
      REEL_RETURN_IF_ERROR(index.Write(batch));
      batch.gops.clear();
    }
    REEL_RETURN_IF_ERROR(index.Write(batch));
  }
  return index.Sync();
}

}  // namespace reel::bench
