// HealingIndex: an index that outlives its own damage. When an operation finds bytes that cannot be
// verified, the directory is put aside (nothing is deleted), an empty index takes its place, and
// the owner is told, who then fills it again from the segments while recording goes on. Where the
// disk has no room to open it, it is away (Unavailable) until there is room again, and one that
// could not be written for want of room is opened anew then: a full state directory keeps no
// recorder from starting, and is made up for when it is full no more.
//
// Thread rule: reel/index.h. Operations wait while the index is being replaced.
#pragma once

#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>

#include "index/rocks_index.h"

namespace reel {

class HealingIndex : public Index {
 public:
  // As OpenOrMoveAside, but for ResourceExhausted; opening() says whether that had to begin anew.
  static Result<std::unique_ptr<HealingIndex>> Open(const std::string& path,
                                                    const IndexOptions& options);

  // Called once per loss, from the thread that came across the damage, after the empty index is in
  // place and with no lock held, and when there is room again: Store::RebuildIndex. Without it an
  // index without room stays as it is.
  void OnLoss(std::function<void()> on_loss);

  // Whether opening found damage, and where the former index stands now.
  const OpenedIndex& opening() const { return opening_; }
  RocksIndex& rocks() { return *index_; }  // REQUIRES: it is not away

  Status Write(const IndexBatch& batch) override;
  Status Sync() override;
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
  HealingIndex(std::string path, IndexOptions options)
      : path_(std::move(path)), options_(std::move(options)) {}

  // Runs `operation` on the present index; after a loss once more on its successor.
  template <class Operation>
  auto Try(Operation operation) -> decltype(operation(std::declval<Index&>()));
  Status Replace(uint64_t generation, const Status& failed);
  Status OpenAgain(uint64_t generation, const Status& failed);
  void TellLoss();
  void Say(const std::string& what) const;

  const std::string path_;
  const IndexOptions options_;
  std::function<void()> on_loss_;
  std::shared_mutex mutex_;
  OpenedIndex opening_;
  std::unique_ptr<RocksIndex> index_;
  uint64_t generation_ = 0;
};

}  // namespace reel
