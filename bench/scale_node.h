// ScaleNode: months of a large node in a minute. The real store, with its segment pools, catalogue,
// ledger, receipts and recycling, the real index in RocksDB, and simulated time.
//
// What is scaled: a stream writes one GOP of one unit each `step` in place of all that it records
// in that time, and a segment has 128 KiB in place of 1 GiB. So chunks, bytes and the number of
// segments are not the world's; streams, volumes, days and what a segment's life costs are.
// Cameras have a main and a sub stream, which writes a third as much.
// Thread rule: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/thin_disk.h"
#include "index/rocks_index.h"
#include "reel/store.h"

namespace reel::bench {

struct ScaleShape {
  std::string directory;  // of the index, empty
  uint32_t cameras = 1500;
  uint32_t volumes = 12;
  uint32_t segments = 525;  // of each volume
  Duration step = std::chrono::hours(24);
  uint64_t buffer_bytes = uint64_t{512} << 20;
};

class ScaleNode {
 public:
  static Result<std::unique_ptr<ScaleNode>> Open(const ScaleShape& shape);
  ~ScaleNode();

  // Each stream records one GOP, and all become durable; then the step passes. ResourceExhausted
  // when a unit is refused, DeadlineExceeded when one does not become durable.
  Status Record();

  // Of the streams' oldest footage, least and most; with every GOP since then in the index.
  struct Ages {
    Duration least{0};
    Duration most{0};
    uint64_t gops = 0;
  };
  Result<Ages> CheckFootage();
  // Live segments of footage, by volume least and most. DataLoss where a newer one was recycled
  // while an older one still lives.
  struct Pools {
    uint64_t least = 0;
    uint64_t most = 0;
    uint64_t ledger = 0;
  };
  Result<Pools> CheckPools();
  uint64_t IndexBytes() const;
  Status CompactIndex() { return index_->Compact(); }
  Status Verify();

  // Ends as a crash does and opens again, on disks with that latency. What it took until the first
  // unit was durable again, and until nothing was left to do.
  struct Recovery {
    Duration opened{0};
    Duration slowest_volume{0};  // what opening takes with all volumes side by side
    Duration idle{0};
    double open_cpu_seconds = 0;
    uint64_t reads = 0;
    uint64_t segments = 0;
  };
  Result<Recovery> Crash(const SimLatency& latency);

  StoreCounters counters() { return store_->counters(); }
  uint64_t turns_without_room() const { return turns_without_room_; }
  uint64_t buffer_bytes_max() const { return buffer_bytes_max_; }
  uint64_t disk_bytes_held() const;
  uint64_t rounds() const { return round_; }
  // The first thing that the store complained of; "" if it did not.
  std::string complaint() const { return complaints_.empty() ? "" : complaints_.front(); }

 private:
  struct Stream {
    StreamId id;
    uint32_t unit_bytes = 0;
    std::unique_ptr<RunWriter> writer;
    uint64_t next = 0;
  };

  explicit ScaleNode(ScaleShape shape) : shape_(std::move(shape)) {}
  Store::Options OptionsFor();
  Status BeginRuns();

  const ScaleShape shape_;
  SimClock clock_;
  SeededRandom random_{5};
  std::vector<std::unique_ptr<ThinDisk>> disks_;  // the state's, then the volumes'
  std::unique_ptr<RocksIndex> index_;
  std::vector<std::string> complaints_;
  std::unique_ptr<Store> store_;
  std::vector<Stream> streams_;  // their writers before the store
  uint64_t round_ = 0;
  uint64_t turns_without_room_ = 0;
  uint64_t buffer_bytes_max_ = 0;
};

}  // namespace reel::bench
