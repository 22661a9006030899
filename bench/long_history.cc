#include "bench/long_history.h"

#include <algorithm>
#include <iterator>

#include "engine/base/check.h"
#include "engine/testing/sim_clock.h"

namespace reel::bench {
namespace {

// Serials beyond those a benchmark's volume reaches.
constexpr uint64_t kFirstSerial = 1'000'000;
constexpr uint64_t kGopsInSegment = 1000;
constexpr uint32_t kGopBytes = 1'000'000 / 4096 * 4096;
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
  // All streams were recorded side by side.
  const uint64_t first = (minute * ids_.size() + stream) * gops_per_minute_;
  for (uint64_t gop = 0; gop < gops_per_minute_; ++gop) {
    GopRow& row = rows[gop];
    row.stream = ids_[stream].first;
    row.run = ids_[stream].second;
    row.begin = begin_ + gop_ * static_cast<int64_t>(minute * gops_per_minute_ + gop);
    row.end = row.begin + gop_ - kUnit;
    row.first_unit = UnitNumber{(minute * gops_per_minute_ + gop) * kGopUnits};
    row.flags = kGopClean;
    row.lead_bytes = 250'000;
    const uint64_t number = first + gop;
    row.pieces.push_back({VolumeNo{1}, SegmentSerial{kFirstSerial + number / kGopsInSegment},
                          number % kGopsInSegment * kGopBytes, kGopBytes, row.first_unit,
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
