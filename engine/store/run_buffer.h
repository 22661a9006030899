// RunBuffer: one run's units between the producer and the disk, and what of them is durable.
//
// Thread rule: every call takes the run's lock; producers call Append, the volume's loop Collect
// and MarkDurable, maintenance Release, readers Live.
// Bounds: Limits::bytes of buffers held for this run (from Append until the index names the chunk),
// and the pool's bound for all runs together.
// Invariants (docs/INVARIANTS.md)
//   W1  accepted >= written >= durable, each monotone: unit numbers below them without a hole from
//       the first on.
//   W2  A chunk holds consecutive unit numbers, one set of tracks, and a clean point only at its
//       start.
//   W3  A chunk leaves memory only when it is durable and the index names it.
//   W4  Live units are shed from the first that finds no room to the next clean point that does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/store/chunk_builder.h"
#include "engine/store/footage.h"
#include "engine/store/interval_set.h"
#include "reel/store.h"

namespace reel {

class RunBuffer : public std::enable_shared_from_this<RunBuffer> {
 public:
  struct Limits {
    uint64_t bytes = 0;
    uint64_t chunk_bytes = format::kMaxChunkBytes;  // every volume's segments hold that much
    Duration flush_interval{0};
    Duration flush_phase{0};  // flushes fall due at multiples of the interval plus this: staggered
  };
  struct Identity {
    StreamId stream;
    RunId run;
    ClassId retention_class;
    uint32_t wall_uncertainty_us = 0;
    BootId boot_id;
  };

  RunBuffer(const Identity& identity, const Limits& limits, BufferPool& pool);

  const Identity& identity() const { return identity_; }

  // As RunWriter. kBulk without room: ResourceExhausted and `*full` set; wait for room, then call
  // again.
  Status Append(UnitNumber number, const UnitView& unit, AppendMode mode, MonoTime now, bool* full);
  Status SetTracks(const std::vector<TrackInfo>& tracks);
  // Units known from before (a resumed run): acknowledged again without being stored.
  void AddKnown(UnitNumber begin, UnitNumber end);
  // Everything accepted is due now.
  void Flush();
  void End();
  bool ended() const;
  // Lets go of everything held, durable or not: the store is going away.
  void Abandon();

  Watermarks watermarks() const;
  bool IsDurable(UnitNumber end) const;

  // When the next chunk falls due; max() with none. Without the lock.
  MonoTime due() const { return {due_ns_.load(std::memory_order_relaxed)}; }
  // Chunks due at `now`, at most `max_chunks`, in order.
  void Collect(MonoTime now, size_t max_chunks, std::vector<ChunkPtr>* out);
  // Chunks that a volume could not write come back, to be collected again before the others.
  void TakeBack(const std::vector<StreamChunkPtr>& chunks);

  // A chunk that moved from a stalled volume may become durable on both. True for the first alone,
  // which is the one the index names.
  bool Claim(const StreamChunk& chunk);
  void MarkWritten(const StreamChunk& chunk);
  // True if the watermark moved. REQUIRES: marked written before.
  bool MarkDurable(const StreamChunk& chunk);
  // The index names it: its buffer is free when nobody reads it any more (W3).
  void Release(const StreamChunk& chunk);

  std::vector<LiveChunk> Live() const;
  uint64_t held_bytes() const;
  // When the first unit that is not durable was accepted.
  std::optional<MonoTime> oldest_not_durable() const;
  bool idle() const;     // nothing held
  bool filling() const;  // half of Limits::bytes is held, or more

  // What has been shed since the last call, as gaps that are over; with `all` an open one too.
  std::vector<GapRow> TakeShed(bool all);

  uint64_t units_accepted() const { return units_accepted_.load(std::memory_order_relaxed); }
  uint64_t bytes_accepted() const { return bytes_accepted_.load(std::memory_order_relaxed); }
  uint64_t units_shed() const { return units_shed_.load(std::memory_order_relaxed); }
  uint64_t units_resent() const { return units_resent_.load(std::memory_order_relaxed); }

 private:
  // Where memory runs out in a call of the producer's, nothing has happened: the unit was not
  // accepted, and the call may come again.
  Status CheckUnit(const UnitView& unit) const;
  bool MustStartChunk(UnitNumber number, const UnitView& unit, WallTime wall) const;
  bool StartChunk(UnitNumber number, const UnitView& unit, WallTime wall, MonoTime now);
  std::optional<Buffer> TakeBuffer(uint64_t bytes);
  void FinishChunk();
  void ExpectGop();
  Status ShedUnit(const UnitView& unit, WallTime wall);
  void EndShed(WallTime until);
  void UpdateDue();
  MonoTime NextFlush(MonoTime now) const;
  WallTime KeptWall(UnitNumber number, const UnitView& unit) const;
  uint32_t UnitRoom() const;
  uint64_t UnitBytesMax() const;
  uint64_t ExpectedPayload(const UnitView& first) const;

  const Identity identity_;
  const Limits limits_;
  BufferPool& pool_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Bytes> tracks_;  // encoded
  std::array<uint8_t, 16> config_hash_{};
  std::array<uint8_t, 16> chunk_config_hash_{};  // of the last chunk
  std::vector<TrackId> track_ids_;
  bool has_video_ = false;
  bool ended_ = false;
  std::optional<ChunkBuilder> builder_;
  MonoTime builder_due_;
  MonoTime builder_first_due_;
  // Lists, into which a chunk can be moved without memory that might not be there.
  std::list<StreamChunkPtr> ready_;  // frozen, not collected
  std::list<StreamChunkPtr> held_;   // frozen, not released: ready, in flight or durable
  uint64_t held_bytes_ = 0;          // buffers of held_
  IntervalSet accepted_;
  IntervalSet written_;
  IntervalSet durable_;
  std::optional<UnitNumber> last_number_;
  WallTime last_wall_;
  // What the last interval and GOP took, to size the next chunk and extent.
  uint64_t interval_payload_bytes_ = 64U << 10;
  uint32_t interval_units_ = 16;
  uint64_t gop_mean_bytes_ = 0;       // of GOPs, the latest weighing a quarter
  uint64_t gop_deviation_bytes_ = 0;  // likewise, from that mean
  uint64_t gop_expected_bytes_ = 0;   // what the present one is given room for; 0: nothing known
  uint64_t gop_so_far_bytes_ = 0;
  // Shedding.
  std::optional<GapRow> shedding_;
  std::vector<GapRow> shed_done_;

  std::atomic<int64_t> due_ns_;
  std::atomic<uint64_t> units_accepted_ = 0;
  std::atomic<uint64_t> bytes_accepted_ = 0;
  std::atomic<uint64_t> units_shed_ = 0;
  std::atomic<uint64_t> units_resent_ = 0;
};

}  // namespace reel
