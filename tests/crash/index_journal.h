// IndexJournal: an index that remembers what was written to it and when, so that a crash may find
// it as it was at any earlier instant.
// Thread rule: one thread.
#pragma once

#include "engine/testing/memory_index.h"
#include "tests/sim/sim_world.h"

namespace reel::crash {

class IndexJournal : public Index {
 public:
  // Begins with what `start` holds; `world` tells the time and outlives it.
  IndexJournal(const SimWorld& world, std::unique_ptr<MemoryIndex> start);

  // Batches that had been written by `instant`.
  size_t BatchesAt(uint64_t instant) const;
  // The index as it was after so many batches.
  std::unique_ptr<MemoryIndex> After(size_t batches) const;

  Status Write(const IndexBatch& batch) override;
  Status Sync() override { return OkStatus(); }
  Result<std::vector<GopRow>> Gops(StreamId stream, WallTime from, Direction direction,
                                   size_t limit) override;
  Result<std::vector<RunRow>> Runs(StreamId stream, WallRange range, size_t limit) override;
  Result<std::vector<GapRow>> Gaps(StreamId stream, WallRange range, size_t limit) override;
  Result<std::vector<CoverageRow>> Coverage(StreamId stream, WallRange range,
                                            Bucket bucket) override;
  Result<std::vector<StreamRow>> Streams() override;
  Result<std::vector<SegmentRow>> Segments(VolumeNo volume) override;
  Result<std::optional<VolumeProgress>> Progress(VolumeNo volume) override;

 private:
  static constexpr size_t kBatchesPerSnapshot = 16;

  const SimWorld& world_;
  std::unique_ptr<MemoryIndex> now_;
  std::vector<std::unique_ptr<MemoryIndex>> snapshots_;  // [i]: after i * kBatchesPerSnapshot
  std::vector<IndexBatch> batches_;
  std::vector<uint64_t> written_at_;
};

}  // namespace reel::crash
