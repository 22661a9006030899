// SimNode: the real engine on simulated disks and simulated time, driven by hand. For what needs
// hours of footage, other disks than this machine has, or counts that must not vary.
// Thread rule: one thread, or the callers of one SimCrew: what these wait for on a disk, they wait
// for side by side. The index lives in memory.
#pragma once

#include <memory>
#include <vector>

#include "engine/testing/memory_index.h"
#include "engine/testing/sim_clock.h"
#include "engine/testing/sim_disk.h"
#include "reel/store.h"

namespace reel::bench {

struct SimShape {
  size_t volumes = 1;
  std::string placement = "gop";
  uint64_t segment_bytes = uint64_t{16} << 20;
  uint32_t segments = 8;  // of each volume
  uint64_t buffer_bytes = uint64_t{64} << 20;
  Duration flush_interval = std::chrono::milliseconds(250);
  SimLatency latency;
  bool rotational = false;
  LogSink log;
};

// A disk that a store may own, though `disk` outlives it.
std::unique_ptr<Disk> Lend(Disk& disk);

class SimNode {
 public:
  static Result<std::unique_ptr<SimNode>> Open(const SimShape& shape);
  // The store is gone at once, as its process would be; disks, index and time stay.
  void Kill() { store_.reset(); }
  // After Kill.
  Status Reopen();

  Store& store() { return *store_; }
  Index& index() { return index_; }
  SimClock& clock() { return clock_; }
  SimDisk& volume(size_t n) { return *disks_[n + 1]; }
  // Turns of the store until `at`; simulated time passes in the disks' work and in waiting.
  void RunUntil(MonoTime at);

 private:
  SimNode() = default;

  SimClock clock_;
  SeededRandom random_{5};
  std::vector<std::unique_ptr<SimDisk>> disks_;  // the state's, then the volumes'
  MemoryIndex index_;
  Store::Options options_;
  std::unique_ptr<Store> store_;  // the last member: it uses the others
};

}  // namespace reel::bench
