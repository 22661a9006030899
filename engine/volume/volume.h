// Volume: one disk or array that is being recorded to. Owns its superblock, its segment pool and
// its open segments; takes frozen chunks from its client, places, writes and syncs them, and
// reports which are durable.
//
// Thread rule: RunOnce, Drained, CloseSegments and Quiesce from one thread, the loop's; Maintain
// from one thread, the maintenance one; Digest from one thread, the digest one (all may be the
// same: the simulator's). pool(), number(), facts() and Spill from any thread. Ownership: the disk,
// clock, random and client outlive the volume.
// Durability: a chunk given to VolumeClient::OnDurable survives kill -9, kernel panic and power
// loss, to the device's flush.
// Bounds: at most Options::queue_depth writes and one sync per segment in flight; at most
// kMaxWaitingChunks chunks taken from the client and not yet placed; at most two segments per class
// take chunks. Durable chunks wait for their digest in the client's buffers, whose bound is theirs.
// Invariants (docs/INVARIANTS.md)
//   V1  A chunk is reported durable once per placing, when its seq is at or below its segment's
//       durable seq.
//   V2  After a failed write or sync its segment takes no more chunks and gets no footer from here:
//       it is salvaged later, and its chunks that are not durable are placed anew, content
//       unchanged.
//   V3  A buffer is not touched while a request on it is in flight.
#pragma once

#include <atomic>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/io/transfer.h"
#include "engine/segment/geometry.h"
#include "engine/segment/open_segment.h"
#include "engine/volume/pending_chunk.h"
#include "engine/volume/segment_pool.h"
#include "engine/volume/superblock_file.h"
#include "reel/log.h"

namespace reel {

enum class VolumeHealth : uint8_t {
  kGood,
  kSuspect,  // a write or sync failed; recording goes on in a new segment
  kStalled,  // for Options::stall_after a request has not come back, or no segment has had room
  kOffline,  // given up: nothing more is written
};

// What a volume needs from the store. All calls come from the thread that runs RunOnce or Maintain,
// as noted, and must not call back into the volume.
class VolumeClient {
 public:
  virtual ~VolumeClient() = default;
  // Loop. Up to `max_chunks` chunks that are due at `now`.
  virtual void Collect(VolumeNo volume, MonoTime now, size_t max_chunks,
                       std::vector<ChunkPtr>* out) = 0;
  // Loop. Their writes have completed; before OnDurable, and again after each placing.
  virtual void OnWritten(const std::vector<ChunkPtr>& chunks) = 0;
  // Loop. In order of seq within each segment.
  virtual void OnDurable(VolumeNo volume, const std::vector<ChunkPtr>& chunks) = 0;
  // Loop. `chunks` are not durable here and are the client's again, to be written anywhere. Those
  // with a serial may still be in flight: copy them, and expect some to become durable here after
  // all.
  virtual void OnTrouble(VolumeNo volume, VolumeHealth health, const Status& why,
                         const std::vector<ChunkPtr>& chunks) = 0;
  // Loop or maintenance. A segment was opened, sealed or, with kRetired, found to hold nothing.
  // `rows`: what a segment of an earlier session holds, by its footer or by salvage; empty for this
  // session's.
  virtual void OnSegment(const SegmentRow& row, const std::vector<format::ChunkRow>& rows) = 0;
  // Maintenance. What a salvage came across, before OnSegment.
  virtual void OnSalvage(const SalvageReport& report) = 0;
  // Maintenance. A segment left; the disk says so already.
  virtual void OnRecycled(const SegmentRow& row) = 0;
  // Maintenance. Whether what there is to say of segments that left is durable: their files begin
  // no other life before.
  virtual bool MayReuse(VolumeNo volume) = 0;
  // Maintenance. Whether the oldest segment may be recycled to make room now. Where it may not, it
  // can be read again.
  virtual bool MayRecycle(const SegmentRow& row) = 0;
};

class Volume {
 public:
  struct Options {
    VolumeNo number;
    NodeId node;
    bool take_over = false;  // a volume of another node is adopted instead of refused
    Epoch least_epoch;       // an older volume than the node remembers is refused
    uint64_t incarnation = 0;
    uint32_t queue_depth = 8;   // writes in flight
    uint32_t scan_threads = 1;  // that opening reads block 0 with
    Duration sync_interval = std::chrono::milliseconds(10);
    Duration stall_after = std::chrono::seconds(2);
    Duration spill_after = std::chrono::milliseconds(100);  // stalled, once Spill has been called
    Duration offline_after = std::chrono::seconds(20);
    MutableByteSpan buffers;  // region to register with the queue, may be empty
    LogSink log;
  };
  struct FormatOptions {
    NodeId node;
    uint64_t segment_bytes = 0;
    uint32_t segment_count_max = 0;
    uint32_t granule_bytes = 0;
    format::Placement placement = format::Placement::kLog;
  };
  static constexpr uint32_t kMinSegments = 6;
  static constexpr size_t kMaxWaitingChunks = 256;

  // InvalidArgument names the option and its bound.
  static Status CheckFormat(const FormatOptions& options);

  // Makes an empty directory a volume. Durable on return. AlreadyExists, InvalidArgument (with the
  // bound).
  static Result<VolumeId> Format(Disk& disk, Clock& clock, Random& random,
                                 const FormatOptions& options);

  // Opens for writing: takes the one-writer lock, raises the epoch durably, reads every block 0.
  // Errors: NotFound, not a volume; FailedPrecondition: in use (names the pid), of another node,
  // older than the node remembers, newer format.
  static Result<std::unique_ptr<Volume>> Open(Disk& disk, Clock& clock, Random& random,
                                              VolumeClient& client, const Options& options);
  ~Volume();

  VolumeNo number() const { return options_.number; }
  const format::Superblock& superblock() const { return superblock_; }
  const DiskFacts& facts() const { return facts_; }
  // The largest chunk that a segment takes.
  uint64_t chunk_bytes_max() const {
    return SegmentGeometry{superblock_.segment_bytes, superblock_.granule_bytes}.data_bytes();
  }
  SegmentPool& pool() { return *pool_; }
  const std::vector<std::string>& notes() const { return notes_; }  // what opening found odd

  // One turn of the loop: collects, places, submits, reaps (waiting at most `wait`), syncs,
  // reports. True if anything moved.
  bool RunOnce(MonoTime now, Duration wait);
  // How long the oldest write or sync has been under way; zero with none. The loop's thread.
  Duration OldestRequest(MonoTime now) const;
  // Chunks that have been collected and not yet been handed to the disk. The loop's thread.
  size_t Backlog() const { return waiting_.size(); }

  // Nothing taken from the client is still on its way. Closes the open segments, so that Maintain
  // seals them; for an orderly stop.
  bool Drained() const;
  // True when that is done and nothing is left open; else call again after the next turn.
  bool CloseSegments();

  // What comes next goes to new segments, and the present ones are sealed; the ledger's stays. Of
  // the thread that runs RunOnce.
  void RollSegments() { CloseTaking(); }

  // Waits until nothing is in flight (V3), at most Options::offline_after; the last call of the
  // thread that runs RunOnce. Nothing that completes here is reported.
  void Quiesce();

  // Interrupts a waiting RunOnce; from any thread.
  void Wake() { queue_->Wake(); }

  // A stream of the client's will have no room before stall_after is over: a request that has been
  // out for spill_after is a stall now.
  void Spill() { spill_ = true; }

  // Computes the content ids of chunks that became durable, which their segment's footer needs: off
  // the loop, since it is the dearest step of all. False when there was nothing to do.
  bool Digest();

  // One blocking step of background work: seal, prepare a spare, recycle, salvage. False when there
  // was nothing to do.
  bool Maintain();
  // Whether Digest or Maintain still has something to hash, seal or salvage. Any thread.
  bool HasWork();

  VolumeHealth health() const { return health_.load(); }  // any thread

  // The catalogue row of a segment of this volume that holds `rows`. Any thread.
  SegmentRow RowOfRows(const format::SegmentHeader& header, SegmentState state,
                       const std::vector<format::ChunkRow>& rows) const;

 private:
  // An open segment and what is on its way to it.
  struct Active {
    std::unique_ptr<OpenSegment> segment;
    std::deque<ChunkPtr> not_durable;  // by seq
    uint32_t writes_in_flight = 0;
    Status failure;  // V2
    MonoTime last_sync;
    bool next_wanted = false;  // the spare that follows it has been asked for

    bool quiet() const { return writes_in_flight == 0 && !segment->sync_in_flight(); }
  };
  // A group of chunks that fills whole granules; completes when all its writes have.
  struct Group {
    uint32_t writes_left = 0;
    std::vector<ChunkPtr> written;
  };
  struct InFlight {
    Active* active = nullptr;  // null: the slot is free
    ChunkPtr chunk;            // null for a sync
    std::shared_ptr<Group> group;
    std::optional<IoTransfer> transfer;
    MonoTime since;
  };
  struct Digested {
    SegmentSerial serial;
    format::ChunkRow row;
    ContentId content_id;
  };
  // How a spare is wanted: ahead of need, or by chunks that wait for it.
  enum class Want : uint8_t { kNot, kAhead, kAtOnce };
  struct SealJob {
    SegmentSerial serial;
    SegmentRow row;
    Bytes footer;
  };

  Volume(Disk& disk, Clock& clock, VolumeClient& client, const Options& options);
  Status Start(Random& random);

  // volume_place.cc: from waiting chunks to submitted writes
  bool PlaceWaiting(MonoTime now);
  bool PlaceGroup(std::span<const ChunkPtr> chunks, MonoTime now);
  bool PlaceIn(Active* active, std::span<const ChunkPtr> chunks, MonoTime now);
  bool OpenAnother(ClassId retention_class);
  void CloseTaking();
  void FillPlace(Active* active, PendingChunk* chunk, const Place& place);
  size_t GroupSize(size_t begin) const;
  void Submit(InFlight in_flight);
  void SubmitSlot(size_t slot);

  // volume.cc: completions, syncs, failures
  void Complete(const IoCompletion& completion);
  void WriteDone(size_t slot);
  void SyncDone(size_t slot);
  void RegisterBuffers();
  void StartSyncs(MonoTime now);
  void ReportDurable(Active* active);
  void Report();
  void TakeDigests();
  void Fail(Active* active, const Status& why);
  void Retire(MonoTime now);
  void RequeueFailed(Active* active);
  void Watch(MonoTime now);
  void HandBack(const Status& why);
  void GoOffline(const Status& why);
  void FreeSlot(size_t slot);
  void WantSpare(ClassId retention_class, Want want);
  void Log(LogLevel level, const std::string& text) const;

  // volume_maintain.cc
  bool SealNext();
  bool PrepareOrFree();
  bool PrepareNext();
  SegmentRow RetiredRow(const format::SegmentHeader& header);
  bool RecycleNext(bool at_once);
  bool SalvageNext();
  SegmentRow RowFor(const format::SegmentHeader& header, SegmentState state) const;

  Disk& disk_;
  Clock& clock_;
  VolumeClient& client_;
  const Options options_;
  format::Superblock superblock_;
  DiskFacts facts_;
  std::vector<std::string> notes_;
  std::unique_ptr<DiskLock> lock_;
  std::unique_ptr<SegmentPool> pool_;
  std::unique_ptr<IoQueue> queue_;

  // Loop state.
  std::deque<ChunkPtr> waiting_;
  std::map<ClassId, std::vector<Active*>> taking_;  // at most two each, older first
  std::vector<std::unique_ptr<Active>> active_;     // taking chunks, or closed and not yet done
  std::vector<InFlight> slots_;
  uint32_t writes_in_flight_ = 0;
  MonoTime waiting_since_;  // of some class nothing has been placed since, with something waiting
  MonoTime stall_told_;
  uint32_t failures_in_a_row_ = 0;
  bool buffers_registered_ = false;
  std::atomic<VolumeHealth> health_ = VolumeHealth::kGood;
  std::vector<ChunkPtr> written_now_;  // these two are reported at the end of the turn
  std::vector<ChunkPtr> durable_now_;

  // Shared between loop and maintenance.
  std::mutex mutex_;
  std::deque<ChunkPtr> to_digest_;  // in order of seq within each segment
  std::deque<Digested> digested_;   // likewise
  bool digesting_ = false;          // some are in neither
  std::atomic<bool> spill_ = false;
  std::atomic<bool> closing_ = false;
  std::atomic<uint32_t> prepare_failures_ = 0;  // in a row
  std::deque<SealJob> seal_jobs_;
  std::map<ClassId, Want> wanted_spares_;
  bool salvaging_ = false;  // Maintain's own
  // Nothing is free and nothing can be recycled: what is open is all there is.
  std::atomic<bool> starving_ = false;
  MonoTime salvage_not_before_{std::numeric_limits<int64_t>::min()};
};

}  // namespace reel
