#include "tests/crash/index_journal.h"

#include <algorithm>

#include "engine/base/check.h"

namespace reel::crash {

IndexJournal::IndexJournal(const SimWorld& world, std::unique_ptr<MemoryIndex> start)
    : world_(world), now_(std::move(start)) {
  snapshots_.push_back(now_->Clone());
}

size_t IndexJournal::BatchesAt(uint64_t instant) const {
  const auto end = std::upper_bound(written_at_.begin(), written_at_.end(), instant);
  return static_cast<size_t>(end - written_at_.begin());
}

std::unique_ptr<MemoryIndex> IndexJournal::After(size_t batches) const {
  const size_t snapshot = batches / kBatchesPerSnapshot;
  std::unique_ptr<MemoryIndex> index = snapshots_[snapshot]->Clone();
  for (size_t i = snapshot * kBatchesPerSnapshot; i < batches; ++i) {
    REEL_CHECK(index->Write(batches_[i]).ok(), "what was written once can be written again");
  }
  return index;
}

Status IndexJournal::Write(const IndexBatch& batch) {
  REEL_RETURN_IF_ERROR(now_->Write(batch));
  batches_.push_back(batch);
  written_at_.push_back(world_.now());
  if (batches_.size() % kBatchesPerSnapshot == 0) snapshots_.push_back(now_->Clone());
  return OkStatus();
}

Result<std::vector<GopRow>> IndexJournal::Gops(StreamId stream, WallTime from, Direction direction,
                                               size_t limit) {
  return now_->Gops(stream, from, direction, limit);
}
Result<std::vector<RunRow>> IndexJournal::Runs(StreamId stream, WallRange range, size_t limit) {
  return now_->Runs(stream, range, limit);
}
Result<std::vector<GapRow>> IndexJournal::Gaps(StreamId stream, WallRange range, size_t limit) {
  return now_->Gaps(stream, range, limit);
}
Result<std::vector<CoverageRow>> IndexJournal::Coverage(StreamId stream, WallRange range,
                                                        Bucket bucket) {
  return now_->Coverage(stream, range, bucket);
}
Result<std::vector<StreamRow>> IndexJournal::Streams() { return now_->Streams(); }
Result<std::vector<SegmentRow>> IndexJournal::Segments(VolumeNo volume) {
  return now_->Segments(volume);
}
Result<std::optional<VolumeProgress>> IndexJournal::Progress(VolumeNo volume) {
  return now_->Progress(volume);
}

}  // namespace reel::crash
