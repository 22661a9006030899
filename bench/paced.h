// PacedCameras: an open loop of many cameras. Every unit has a due time that does not depend on the
// load; latency counts from there to the moment the store reports the unit durable, so a store that
// falls behind shows it in full (no coordinated omission). Cameras are spread over the GOP, as they
// are in the world: their key pictures do not come together. Unless a recorder has just come back:
// then each begins anew, and all of them at once.
// Thread rule: one thread calls, the store's feed thread records latencies.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "bench/histogram.h"
#include "bench/node.h"
#include "bench/pacer.h"
#include "bench/trace.h"

namespace reel::bench {

class PacedCameras {
 public:
  enum class Spread : uint8_t { kGop, kUnit };
  // Told on the feed's thread how far a camera is durable.
  using Watcher = std::function<void(uint32_t camera, uint64_t durable_end)>;

  // Of these cameras of the node, all with this trace.
  PacedCameras(BenchNode& node, std::vector<StreamId> cameras, const Trace& trace,
               Spread spread = Spread::kGop);

  // Before Begin.
  void Watch(Watcher watcher) { acks_->watcher = std::move(watcher); }

  Status Begin();
  // Appends what falls due within `length`, live; what is shed fails Finish. Only units that are
  // due in the part `recorded` give a latency: at the very end none follows that would fill a
  // small chunk, which then waits for longer than any in the middle.
  struct Part {
    Duration begin;
    Duration end;
  };
  Status Run(Duration length, Part recorded);
  // Waits until everything is durable.
  Status Finish();
  // The last `units_max` units of each `step`-th camera, byte for byte.
  Status Verify(uint32_t step, uint64_t units_max) const;

  // After Finish.
  const Histogram& ack() const { return acks_->latency; }
  uint64_t payload_bytes() const { return payload_bytes_; }
  // How late units were handed over: the load generator's own doing or the store's back pressure.
  const Histogram& lateness() const { return lateness_; }
  WallTime begin_wall(uint32_t camera) const {
    return WallTime{wall_begin_.ns + offset_ns_[camera]};
  }

 private:
  // What the feed thread records, shared with it: it may tell of a run a moment after its end.
  struct Acks {
    std::vector<uint64_t> units;  // of each camera so far
    std::vector<MonoTime> first_due;
    Duration unit_time{0};
    std::atomic<int64_t> record_from_ns = 0;
    std::atomic<int64_t> record_until_ns = 0;
    Histogram latency;
    Watcher watcher;

    void OnDurable(uint32_t camera, uint64_t end);
  };

  MonoTime Due(uint32_t camera, uint64_t number) const;

  BenchNode& node_;
  std::vector<StreamId> cameras_;
  const Trace& trace_;
  std::vector<std::unique_ptr<RunWriter>> writers_;
  std::vector<int64_t> offset_ns_;  // of a camera's first unit
  std::vector<uint32_t> order_;     // cameras by when in a unit time they are due
  std::vector<uint64_t> next_;      // number of each camera's next unit
  MonoTime begin_;
  WallTime wall_begin_;
  int64_t slot_ = 0;  // unit times since begin_
  uint64_t payload_bytes_ = 0;
  std::shared_ptr<Acks> acks_;
  uint64_t shed_ = 0;
  Histogram lateness_;
};

}  // namespace reel::bench
