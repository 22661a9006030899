// SimWorld: a node on simulated disks: one for its state, one per volume, on one clock. What the
// disks did is kept in one order across all of them, so that a power cut hits them at one instant.
//
// Thread rule: single-threaded, like its disks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/testing/memory_index.h"
#include "engine/testing/sim_clock.h"
#include "engine/testing/sim_disk.h"
#include "reel/store.h"

namespace reel {

struct WorldOptions {
  uint64_t seed = 1;
  size_t volumes = 1;
  uint64_t segment_bytes = 128U << 10;
  uint64_t segments = 12;
  uint32_t granule_bytes = 4096;
  std::string placement = "log";
  Duration jitter_max = std::chrono::microseconds(200);  // up to which requests overtake each other
  uint64_t buffer_bytes = 8U << 20;
  uint64_t stream_buffer_bytes = 1U << 20;
};

// How far each disk's journal was at one instant.
using Cut = std::vector<size_t>;

class SimWorld {
 public:
  explicit SimWorld(const WorldOptions& options);
  // The world as a power cut leaves it, ten seconds later: machine booted anew, no faults. A write
  // hole (CrashTraits::stripe_bytes) opens on the volumes alone: the node's state stands elsewhere.
  SimWorld(const SimWorld& before, const Cut& cut, uint64_t tear_seed, const CrashTraits& traits);

  Status Init();
  // A manual store on this world.
  Result<std::unique_ptr<Store>> Open(Index& index, bool read_only = false);
  Store::Options OptionsFor(Index* index);

  static std::string PathOf(size_t disk);  // 0: state
  SimDisk& disk(size_t i) { return *disks_[i]; }
  size_t disk_count() const { return disks_.size(); }
  SimClock& clock() { return *clock_; }
  Random& random() { return *random_; }
  const WorldOptions& options() const { return options_; }

  // Instants: 0 is the beginning, and one more comes with each call that left a trace.
  size_t now() const { return cuts_.size(); }
  // REQUIRES: instant <= now().
  Cut CutAt(size_t instant) const;

  // Called while a blocking read is under way, as if other threads ran meanwhile.
  std::function<void()> on_read;

  std::vector<std::string> log;  // what the store said
  bool keep_log = true;          // off where thousands of worlds a second are made

 private:
  void Note();

  WorldOptions options_;
  std::unique_ptr<SimClock> clock_;
  std::unique_ptr<SeededRandom> random_;
  std::vector<std::unique_ptr<SimDisk>> disks_;
  std::vector<Cut> cuts_;  // of instants 1, 2, ...

  friend class BorrowedDisk;
};

}  // namespace reel
