// MemoryIndex: the simulated form of Index and the model its contract suite compares with: sorted
// maps, every answer computed from the rows anew, nothing cached. Coverage costs all rows of a
// stream.
//
// Thread rule: as Index; one lock around everything. Durable: nothing; Sync does nothing.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <tuple>

#include "reel/index.h"

namespace reel {

class MemoryIndex : public Index {
 public:
  MemoryIndex() = default;

  // What it holds now, in an index of its own: a crash may give the next life an older one.
  std::unique_ptr<MemoryIndex> Clone() const;

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
  using SegmentKey = std::pair<VolumeNo, SegmentSerial>;

  struct Rows {
    std::map<std::tuple<StreamId, WallTime, RunId, UnitNumber>, GopRow> gops;
    std::map<std::tuple<StreamId, WallTime, RunId>, RunRow> runs;
    std::map<std::tuple<StreamId, WallTime, GapCause>, GapRow> gaps;
    std::map<StreamId, StreamRow> streams;
    std::map<SegmentKey, SegmentRow> segments;
    std::set<SegmentKey> dead;
    std::map<VolumeNo, VolumeProgress> volumes;
  };

  static Status WriteSegment(const SegmentRow& row, Rows* rows);
  // The row without its dead pieces; nullopt when none is left.
  std::optional<GopRow> Living(const GopRow& row) const;
  std::vector<GopRow> LivingOf(StreamId stream) const;

  mutable std::mutex mutex_;
  Rows rows_;
};

}  // namespace reel
