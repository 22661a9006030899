#include "bench/scale_index.h"

#include <filesystem>

#include "bench/usage.h"
#include "engine/testing/sim_clock.h"
#include "index/rocks_index.h"

namespace reel::bench {
namespace {

constexpr uint32_t kBlock = 4096;
constexpr uint32_t kGopBlocks = 260;
constexpr uint64_t kGopsInSegment = 1000;  // of 1 GiB
constexpr VolumeNo kVolume{1};

uint64_t TableBytes(const std::string& directory) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".sst") bytes += entry.file_size();
  }
  return bytes;
}

class Writer {
 public:
  Writer(Index& index, const IndexGrowthShape& shape) : index_(index), shape_(shape) {
    SeededRandom random(11);
    for (uint32_t i = 0; i < shape.streams; ++i)
      streams_.emplace_back(NewId<StreamId>(random), NewId<RunId>(random));
    per_minute_ = static_cast<uint64_t>(std::chrono::minutes(1) / shape.gop);
    ring_ = per_minute_ * shape.streams * shape.ring_minutes / kGopsInSegment;
  }

  uint64_t written() const { return number_; }
  uint64_t live() const { return number_ - retired_ * kGopsInSegment; }

  // A minute of every stream.
  Status Minute(uint64_t minute) {
    IndexBatch batch;
    for (const auto& [stream, run] : streams_) {
      for (uint64_t gop = 0; gop < per_minute_; ++gop, ++number_) {
        GopRow row;
        row.stream = stream;
        row.run = run;
        row.begin = WallTime{1'767'225'600'000'000'000} +
                    std::chrono::minutes(static_cast<int64_t>(minute)) +
                    shape_.gop * static_cast<int64_t>(gop);
        row.end = row.begin + shape_.gop - std::chrono::milliseconds(40);
        row.first_unit = UnitNumber{(minute * per_minute_ + gop) * 50};
        row.flags = kGopClean;
        // A camera's clock wavers, and no picture is as large as the one before.
        row.begin = row.begin + std::chrono::microseconds(rng_.Below(2000));
        row.lead_bytes = 200'000 + static_cast<uint32_t>(rng_.Below(100'000));
        const auto length = static_cast<uint32_t>(kGopBlocks - rng_.Below(kGopBlocks / 4)) * kBlock;
        row.pieces.push_back({kVolume, Serial(number_),
                              number_ % kGopsInSegment * kGopBlocks * kBlock, length,
                              row.first_unit, 50});
        batch.gops.push_back(std::move(row));
      }
      if (batch.gops.size() >= 4096) REEL_RETURN_IF_ERROR(Write(&batch));
    }
    return Write(&batch);
  }

 private:
  static SegmentSerial Serial(uint64_t number) { return {1 + number / kGopsInSegment}; }

  Status Write(IndexBatch* batch) {
    // What no longer finds room beside the newest.
    for (; Serial(number_).value > retired_ + ring_; ++retired_) {
      SegmentRow dead;
      dead.volume = kVolume;
      dead.serial = {retired_ + 1};
      dead.file_number = static_cast<uint32_t>(retired_ % ring_);
      dead.state = SegmentState::kRetired;
      batch->segments.push_back(dead);
    }
    REEL_RETURN_IF_ERROR(index_.Write(*batch));
    *batch = {};
    return OkStatus();
  }

  Index& index_;
  const IndexGrowthShape& shape_;
  std::vector<std::pair<StreamId, RunId>> streams_;
  uint64_t per_minute_ = 0;
  uint64_t ring_ = 0;  // segments
  uint64_t number_ = 0;
  uint64_t retired_ = 0;
  Rng rng_{3};
};

}  // namespace

Result<IndexGrowth> GrowIndex(const IndexGrowthShape& shape) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<RocksIndex> index,
                        OpenRocksIndex(shape.directory, {}));
  const Usage before = Usage::Now();
  Writer writer(*index, shape);
  IndexGrowth growth;
  uint64_t minute = 0;
  for (size_t life = 0; life < growth.bytes_packed.size(); ++life) {
    for (uint32_t i = 0; i < shape.ring_minutes; ++i) REEL_RETURN_IF_ERROR(writer.Minute(minute++));
    REEL_RETURN_IF_ERROR(index->Sync());
    growth.bytes_as_it_is[life] = TableBytes(shape.directory);
    REEL_RETURN_IF_ERROR(index->Compact());
    growth.bytes_packed[life] = TableBytes(shape.directory);
  }
  growth.keyframes_live = writer.live();
  growth.keyframes_written = writer.written();
  growth.cpu_seconds = (Usage::Now() - before).cpu_seconds;
  return growth;
}

}  // namespace reel::bench
