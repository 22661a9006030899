// Drops what stands in dead segments while RocksDB compacts: GOPs without a living piece, dead
// pieces of the others, buckets nothing of which lives. Reads never show these anyway, so when it
// happens does not matter. A row it cannot read is kept, for a read to find it.
//
// Thread rule: Publish from any thread; filters work on the set published when they were made.
#pragma once

#include <rocksdb/compaction_filter.h>

#include <memory>
#include <mutex>

#include "index/dead_segments.h"

namespace reel {

class DeadRowFilterFactory : public rocksdb::CompactionFilterFactory {
 public:
  // Only deaths that are durable: what is dropped here must not come back to life with a log whose
  // tail is lost.
  void Publish(std::shared_ptr<const DeadSegments> dead);

  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override;
  const char* Name() const override { return "reel.DeadRowFilterFactory"; }

 private:
  std::mutex mutex_;
  std::shared_ptr<const DeadSegments> dead_ = std::make_shared<DeadSegments>();
};

}  // namespace reel
