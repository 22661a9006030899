#include "index/healing_index.h"

#include <filesystem>
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
  Result<OpenedIndex> opened = OpenOrMoveAside(path, options);
  if (opened.ok()) {
    healing->opening_ = *std::move(opened);
    healing->index_ = std::move(healing->opening_.index);
    return healing;
  }
  if (opened.status().code() != Code::kResourceExhausted) return opened.status();
  healing->Say(path + " has no room for the index, which is away until there is: " +
               opened.status().message());
  return healing;
}

void HealingIndex::Say(const std::string& what) const {
  if (options_.log) options_.log(LogLevel::kError, what);
}

void HealingIndex::OnLoss(std::function<void()> on_loss) {
  const std::unique_lock lock(mutex_);
  on_loss_ = std::move(on_loss);
}

template <class Operation>
auto HealingIndex::Try(Operation operation) -> decltype(operation(std::declval<Index&>())) {
  uint64_t generation = 0;
  Status failed = Unavailable("the index is away: " + path_);
  {
    const std::shared_lock lock(mutex_);
    generation = generation_;
    if (index_) {
      auto result = operation(*index_);
      failed = StatusOf(result);
      const bool heals =
          failed.code() == Code::kDataLoss || failed.code() == Code::kResourceExhausted;
      if (!heals) return result;
    }
  }
  REEL_RETURN_IF_ERROR(failed.code() == Code::kDataLoss ? Replace(generation, failed)
                                                        : OpenAgain(generation, failed));
  const std::shared_lock lock(mutex_);
  if (!index_) return failed;
  return operation(*index_);
}

void HealingIndex::TellLoss() {
  std::function<void()> on_loss;
  {
    const std::shared_lock lock(mutex_);
    on_loss = on_loss_;
  }
  if (on_loss) on_loss();
}

Status HealingIndex::Replace(uint64_t generation, const Status& failed) {
  {
    const std::unique_lock lock(mutex_);
    if (generation != generation_) return OkStatus();  // somebody else came first
    Say("the index is damaged: " + failed.message());
    ++generation_;
    index_.reset();
    REEL_ASSIGN_OR_RETURN(const std::string moved_to, MoveAside(path_));
    REEL_ASSIGN_OR_RETURN(index_, OpenRocksIndex(path_, options_));
    Say("the damaged index stands in " + moved_to + "; a new one is being filled");
  }
  TellLoss();
  return OkStatus();
}

// An index that was refused room takes nothing more until it is opened anew; meanwhile it is read.
Status HealingIndex::OpenAgain(uint64_t generation, const Status& failed) {
  // Opening writes a log and a manifest at least, and they grow at once.
  constexpr uintmax_t kRoomBytes = 8U << 20;
  {
    const std::unique_lock lock(mutex_);
    if (generation != generation_) return OkStatus();
    std::error_code error;
    const auto parent = std::filesystem::path(path_).parent_path();
    const std::filesystem::space_info space = std::filesystem::space(parent, error);
    if (error || space.available < kRoomBytes || !on_loss_) return failed;
    ++generation_;
    index_.reset();
    REEL_ASSIGN_OR_RETURN(OpenedIndex opened, OpenOrMoveAside(path_, options_));
    index_ = std::move(opened.index);
    Say("there is room for the index again; what it lacks is being filled in");
  }
  TellLoss();
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
