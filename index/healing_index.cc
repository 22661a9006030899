#include "index/healing_index.h"

#include <mutex>
#include <utility>

#include "index/move_aside.h"

namespace reel {
namespace {

template <class T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}
Status StatusOf(const Status& status) { return status; }

}  // namespace

Result<std::unique_ptr<HealingIndex>> HealingIndex::Open(const std::string& path,
                                                         const IndexOptions& options) {
  std::unique_ptr<HealingIndex> healing(new HealingIndex(path, options));
  REEL_ASSIGN_OR_RETURN(healing->opening_, OpenOrMoveAside(path, options));
  healing->index_ = std::move(healing->opening_.index);
  return healing;
}

template <class Operation>
auto HealingIndex::Try(Operation operation) -> decltype(operation(std::declval<Index&>())) {
  uint64_t generation = 0;
  {
    const std::shared_lock lock(mutex_);
    if (!index_) return Unavailable("the index is away: " + path_);
    generation = generation_;
    auto result = operation(*index_);
    if (StatusOf(result).code() != Code::kDataLoss) return result;
    if (options_.log)
      options_.log(LogLevel::kError, "the index is damaged: " + StatusOf(result).message());
  }
  if (const Status replaced = Replace(generation); !replaced.ok()) return replaced;
  const std::shared_lock lock(mutex_);
  return operation(*index_);
}

Status HealingIndex::Replace(uint64_t generation) {
  {
    const std::unique_lock lock(mutex_);
    if (generation != generation_) return OkStatus();  // somebody else came first
    index_.reset();
    REEL_ASSIGN_OR_RETURN(const std::string moved_to, MoveAside(path_));
    REEL_ASSIGN_OR_RETURN(index_, OpenRocksIndex(path_, options_));
    ++generation_;
    if (options_.log) {
      options_.log(LogLevel::kError,
                   "the damaged index stands in " + moved_to + "; a new one is being filled");
    }
  }
  if (on_loss_) on_loss_();
  return OkStatus();
}

Status HealingIndex::Write(const IndexBatch& batch) {
  return Try([&](Index& index) { return index.Write(batch); });
}
Status HealingIndex::Sync() {
  return Try([](Index& index) { return index.Sync(); });
}
Result<std::vector<GopRow>> HealingIndex::Gops(StreamId stream, WallTime from, Direction direction,
                                               size_t limit) {
  return Try([&](Index& index) { return index.Gops(stream, from, direction, limit); });
}
Result<std::vector<RunRow>> HealingIndex::Runs(StreamId stream, WallRange range, size_t limit) {
  return Try([&](Index& index) { return index.Runs(stream, range, limit); });
}
Result<std::vector<GapRow>> HealingIndex::Gaps(StreamId stream, WallRange range, size_t limit) {
  return Try([&](Index& index) { return index.Gaps(stream, range, limit); });
}
Result<std::vector<CoverageRow>> HealingIndex::Coverage(StreamId stream, WallRange range,
                                                        Bucket bucket) {
  return Try([&](Index& index) { return index.Coverage(stream, range, bucket); });
}
Result<std::vector<StreamRow>> HealingIndex::Streams() {
  return Try([](Index& index) { return index.Streams(); });
}
Result<std::vector<SegmentRow>> HealingIndex::Segments(VolumeNo volume) {
  return Try([&](Index& index) { return index.Segments(volume); });
}
Result<std::optional<VolumeProgress>> HealingIndex::Progress(VolumeNo volume) {
  return Try([&](Index& index) { return index.Progress(volume); });
}

}  // namespace reel
