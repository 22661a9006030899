// Spindles: simulated rotating disks that record, one store on all of them, with viewers beside.
// Every caller that waits for a disk does so by itself (SimCrew), as threads do in production:
// recording, each volume's background work, each viewer, a scrub.
//
// A disk serves one request at a time; a transfer that does not begin where the last one ended
// costs a seek and half a turn, and bytes move at the speed of the inner tracks, the slowest there
// are. The distance of a seek is not modelled.
// Thread rule: one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/histogram.h"
#include "bench/sim_crew.h"
#include "bench/sim_node.h"
#include "bench/trace.h"

namespace reel::bench {

SimLatency SpindleLatency();
TraceShape SubStreamShape();  // 256 kbit/s

class Spindles {
 public:
  // Of the twelve. Footage lies in memory; a disk's part of the streams is as large as with twelve.
  static constexpr uint32_t kDisks = 4;
  static constexpr uint32_t kCamerasPerDisk = 25;  // each a main and a sub stream

  static Result<std::unique_ptr<Spindles>> Open(uint64_t seed);

  SimDisk& disk(size_t n) { return node_->volume(n); }
  MonoTime now() { return node_->clock().MonoNow(); }
  Store& store() { return node_->store(); }

  // Time passes, cameras record, viewers look: one every 25 ms once `Measure` has been called.
  Status RunFor(Duration length);
  // Percentiles count from here. The disk in trouble, if any; its viewers count apart.
  void Measure(std::optional<size_t> trouble);
  // Again what has been acknowledged so far: a disk that dies still answers what it had begun.
  void NoteAcked();
  // What stands on the disk in trouble cannot be read: viewers of it are refused.
  void ExpectRefusals() { refusals_expected_ = true; }
  void StartScrub(uint64_t bytes_per_second);
  // Ends looks and the scrub, waits until all is durable, and reads everything that was accepted
  // and not acknowledged yet at Measure or NoteAcked, each unit compared with the trace.
  Status Finish();

  // Of units due since Measure; streams that recorded to the disk in trouble then, and the others.
  const Histogram& ack(bool trouble) const { return ack_[trouble ? 1 : 0]; }
  // Key pictures that stood on the disk in trouble, and all others.
  const Histogram& key(bool trouble) const { return key_[trouble ? 1 : 0]; }
  uint64_t refused() const { return refused_; }
  uint64_t scrubbed_bytes() const { return scrubbed_bytes_; }
  uint64_t units_checked() const { return units_checked_; }
  uint64_t append_errors() const { return append_errors_; }
  const std::vector<std::string>& log() const { return log_; }

 private:
  struct Stream {
    const Trace* trace = nullptr;
    StreamId id;
    std::unique_ptr<RunWriter> writer;
    MonoTime first_due;
    WallTime begin;
    uint64_t next = 0;
    uint64_t acked = 0;
    uint64_t acked_before = 0;  // at Measure or NoteAcked
    bool trouble = false;       // recorded to that disk then

    MonoTime Due(uint64_t number) const {
      return first_due + trace->UnitTime() * static_cast<int64_t>(number);
    }
    WallTime TimeOf(uint64_t number) const {
      return begin + trace->UnitTime() * static_cast<int64_t>(number);
    }
  };

  explicit Spindles(uint64_t seed) : rng_(seed) {}
  Status AddStreams();
  void Acked(Stream* stream, const Watermarks& marks);
  void AppendDue();
  void Turn(MonoTime until);
  bool LookIsDue();
  void Look();
  Status ReadKey(const Stream& stream, WallTime at, bool* refused);
  Status Check(const Stream& stream);
  Status CheckStored(const Stream& stream, uint64_t begin, uint64_t end);
  Status CheckUnit(const Stream& stream, const Item& item) const;
  bool OnTrouble(const Stream& stream, WallTime at);
  uint32_t IndexOf(const Stream& stream) const;

  Trace main_{TraceShape{}};
  Trace sub_{SubStreamShape()};
  std::vector<std::string> log_;
  std::unique_ptr<SimNode> node_;
  std::vector<Stream> streams_;
  SimCrew crew_;
  Rng rng_;
  uint64_t turner_ = 0;  // who turns the store
  bool measuring_ = false;
  bool scrubbing_ = false;
  bool refusals_expected_ = false;
  std::optional<VolumeNo> trouble_;
  MonoTime measured_from_;
  MonoTime next_look_;
  Status problem_;  // the first that a viewer or the scrub came across
  Histogram ack_[2];
  Histogram key_[2];
  uint64_t refused_ = 0;
  uint64_t scrubbed_bytes_ = 0;
  uint64_t units_checked_ = 0;
  uint64_t append_errors_ = 0;
};

}  // namespace reel::bench
