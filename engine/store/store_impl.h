// StoreImpl: the facade's parts and how they hang together.
//
//   producers -> RunBuffer -> Volume (loop thread each) -> OnDurable -> IndexFeed -> Index
//                                \-> Maintain (maintenance thread each): seal, spare, recycle,
//                                salvage
//                                \-> Digest (digest thread each): content ids for the footers
//   feed thread: flushes the feed, writes ledger records that became due, calls on_durable
//
// Lock order: mutex_ (streams, runs, assignments) before a run's lock; the feed's, the ledger's and
// the pools' locks are taken last and held for no call outward. No lock is held across I/O, but the
// feed's that puts its flushes in order.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/latency_meter.h"
#include "engine/store/footage.h"
#include "engine/store/index_feed.h"
#include "engine/store/ledger.h"
#include "engine/store/ledger_hole.h"
#include "engine/store/ledger_judge.h"
#include "engine/store/node_file.h"
#include "engine/store/run_buffer.h"
#include "engine/volume/volume.h"
#include "reel/store.h"

namespace reel {

using RunBufferPtr = std::shared_ptr<RunBuffer>;
using RunList = std::vector<RunBufferPtr>;

// A run that is being recorded, or has ended and is not all in the index yet.
struct ActiveRun {
  RunBufferPtr buffer;
  std::atomic<VolumeNo> volume;  // changed under the store's lock
  uint64_t load = 0;             // what it brings a volume, by its tracks
  WallTime begun;
  std::optional<EndCause> end;
  std::function<void(const Watermarks&)> on_durable;
  Watermarks told;  // what on_durable was last told
};

// The ledger's own run on one volume.
struct LedgerRun {
  RunBufferPtr buffer;
  uint64_t next_number = 0;
};

// Copying the ledger forward: `old` may go once all of `to_copy` has been appended and the ledger
// run is durable up to `until`.
struct LedgerCopy {
  std::vector<SegmentSerial> old;  // empty: none under way
  std::deque<format::LedgerRecord> to_copy;
  UnitNumber until;
  size_t sealed_max =
      1;  // sealed ledger segments that are left alone: twice what the last copy took
};

struct VolumeSlot {
  format::NodeVolume node;  // number, id, path
  std::unique_ptr<Disk> disk;
  std::unique_ptr<Volume> volume;     // null when away or read-only
  std::unique_ptr<SegmentPool> view;  // read-only
  format::Superblock superblock;
  Status away;  // why it cannot be used
  LedgerRun ledger;
  std::mutex ledger_mutex;  // orders ledger appends
  // Gaps and ends of runs that found no room in the ledger's buffer: the feed thread brings them.
  // At most kLedgerWaitingMax; beyond, the log alone knows of them. Under ledger_mutex.
  std::deque<format::LedgerRecord> ledger_waiting;
  std::shared_ptr<const RunList> runs =
      std::make_shared<RunList>();           // assigned here; swapped whole
  uint64_t load = 0;                         // of these, under the store's lock
  MonoTime last_collect;                     // loop thread only
  std::atomic<bool> ledger_grew = true;      // a segment of it was sealed since the last look
  LedgerCopy ledger_copy;                    // maintenance thread only
  bool in_step = false;                      // likewise: a step is under way
  std::atomic<bool> ledger_copying = false;  // one is under way
  UnitNumber receipts_end;                   // likewise: of the last receipt in the ledger run
  std::set<SegmentSerial> ledger_unread;  // not read whole: never let go; opening, then maintenance
  // Found to say nothing that others do not (LedgerJudge): free without a copy; as the above.
  std::set<SegmentSerial> ledger_redundant;
  std::atomic<bool> segments_closed = false;  // for an orderly stop
  std::atomic<bool> roll_segments = false;    // close the open ones, go on in new ones
  std::thread loop;
  std::thread maintenance;
  std::thread digest;

  SegmentPool* pool() const { return volume ? &volume->pool() : view.get(); }
};

class StoreImpl final : public Store, private VolumeClient, private Footage {
 public:
  explicit StoreImpl(const Options& options);
  ~StoreImpl() override;

  Status Start();  // store_open.cc

  Result<StreamInfo> CreateStream(const std::string& name) override;
  Result<StreamInfo> CreateStreamAs(const std::string& name, StreamId id) override;
  Result<StreamInfo> RenameStream(StreamId stream, const std::string& name) override;
  Result<StreamInfo> RetireStream(StreamId stream, bool retired) override;
  Result<StreamInfo> FindStream(const std::string& name_or_id) override;
  std::vector<StreamInfo> Streams() override;
  Result<std::unique_ptr<RunWriter>> BeginRun(StreamId stream, const RunOptions& options) override;
  Status RecordGap(const GapRow& gap) override;
  Status RecordImport(const ImportRow& import) override;
  std::vector<ImportRow> Imports() override;
  Result<SeekPoint> Seek(StreamId stream, WallTime time, SeekRule rule) override;
  std::vector<StreamMoment> SeekAll(const std::vector<StreamId>& streams, WallTime time,
                                    SeekRule rule) override;
  Result<std::optional<Absence>> WhyNothing(StreamId stream, WallTime time) override;
  Result<std::unique_ptr<Cursor>> Read(StreamId stream, const CursorOptions& options) override;
  Result<Timeline> GetTimeline(StreamId stream, WallRange range, Bucket bucket) override;
  Result<std::vector<std::unique_ptr<VirtualMp4>>> OpenExport(
      StreamId stream, const ExportOptions& options) override;
  std::vector<VolumeInfo> Volumes() override;
  Result<std::vector<SegmentRow>> Segments(VolumeNo volume) override;
  StoreCounters counters() override;
  using Store::Verify;
  Result<VerifyReport> Verify(const VerifyOptions& options) override;
  void RebuildIndex() override;
  bool RunOnce(Duration wait) override;
  Status WaitIdle(Duration wait) override;
  Status Close() override;

  // For RunWriterImpl (store_runs.cc).
  Status Append(ActiveRun& run, UnitNumber number, const UnitView& unit, AppendMode mode);
  Status WaitDurable(const RunBuffer& run, UnitNumber end, Duration wait);
  void Kick(const ActiveRun& run);
  Status EndRun(const std::shared_ptr<ActiveRun>& run, EndCause cause);

 private:
  // VolumeClient
  void Collect(VolumeNo volume, MonoTime now, size_t max_chunks,
               std::vector<ChunkPtr>* out) override;
  void OnWritten(const std::vector<ChunkPtr>& chunks) override;
  void OnDurable(VolumeNo volume, const std::vector<ChunkPtr>& chunks) override;
  void OnTrouble(VolumeNo volume, VolumeHealth health, const Status& why,
                 const std::vector<ChunkPtr>& chunks) override;
  void OnSegment(const SegmentRow& row, const std::vector<format::ChunkRow>& rows) override;
  void OnSalvage(const SalvageReport& report) override;
  void OnRecycled(const SegmentRow& row) override;
  bool MayReuse(VolumeNo volume) override;
  bool MayRecycle(const SegmentRow& row) override;

  // Footage
  Index& index() override { return *index_; }
  Clock& clock() override { return clock_; }
  Result<SegmentLease> Lease(VolumeNo volume, SegmentSerial serial) override;
  BufferPool* read_buffers() override { return read_buffers_.get(); }
  HelperThreads* helpers() override { return helpers_.get(); }
  ReaderGate::Turn WaitForTurn() override;
  std::vector<LiveChunk> Live(StreamId stream) override;
  uint64_t WaitForMore(StreamId stream, uint64_t seen, Duration wait) override;
  bool IsRecording(StreamId stream, RunId run) override;
  std::vector<WallTime> SessionBegins() override { return ledger_.SessionBegins(); }
  WallTime StreamCreated(StreamId stream) override;
  void OnDamage(StreamId stream, const Status& status) override;

  // store_open.cc
  Status FindVolume(VolumeSlot* slot);
  Status OpenVolumes();
  Status OpenVolume(VolumeSlot* slot);
  Status OpenView(VolumeSlot* slot);
  Status OpenForReading();
  void TrustIndexed(VolumeSlot* slot);
  Status LoadStreams();
  void LoadLedger(VolumeSlot* slot, bool names_known);
  Status LoadLedgerSegment(VolumeSlot* slot, SegmentSerial serial, LedgerRecords* records);
  bool ReadDeferredLedger();
  Status BeginLedger(VolumeSlot* slot);
  Status FeedScratch();
  void StartThreads();

  // store_ledger.cc
  static Status ReadLedgerRecords(const SegmentLease& lease,
                                  const std::vector<format::ChunkRow>& rows,
                                  LedgerRecords* records);
  // And keeps what it says.
  Status TakeLedgerRecords(const SegmentLease& lease, const std::vector<format::ChunkRow>& rows,
                           LedgerRecords* records);
  Status ReadLedgerSegment(VolumeNo volume, SegmentSerial serial,
                           const std::vector<format::ChunkRow>& rows);
  static void JudgeLedger(VolumeSlot* slot);
  // Appends to the volume's ledger; the number to wait for. ResourceExhausted: no room just now.
  Result<UnitNumber> AppendLedger(VolumeSlot* slot, const format::LedgerRecord& record);
  // With the slot's ledger_mutex held.
  Result<UnitNumber> AppendLedgerLocked(VolumeSlot* slot, const format::LedgerRecord& record);
  // Appends to the ledger of `volume`, or of every usable volume with number 0, and waits until
  // durable; then the ledger in memory has it too.
  Status WriteLedger(VolumeNo volume, const format::LedgerRecord& record);
  static size_t ReceiptsMax(const VolumeSlot& slot);
  void AppendLedgers(const format::LedgerRecord& record, const std::string& what);
  bool AppendWaiting(VolumeSlot* slot);
  void RecordShed(const ActiveRun& run, bool all);
  bool FinishEndedRuns();

  // store_ledger_copy.cc
  bool CompactLedger(VolumeSlot* slot);
  bool CompactLedgerOnce(VolumeSlot* slot);
  bool BeginLedgerCopy(VolumeSlot* slot);
  void PlanLedgerCopy(VolumeSlot* slot, std::vector<SegmentSerial> old);
  bool AppendLedgerCopy(VolumeSlot* slot);
  bool DropLedger(VolumeSlot* slot, SegmentSerial serial);
  bool DropOldLedger(VolumeSlot* slot);
  void PruneLedger();

  // store_threads.cc
  void LoopThread(VolumeSlot* slot);
  void MaintenanceThread(VolumeSlot* slot);
  void DigestThread(VolumeSlot* slot);
  void NoteTurn(const Volume& volume, MonoTime began);
  void FeedThread();
  void Pause(Duration wait);
  bool FeedOnce();
  static void Tell(ActiveRun* run);
  bool MaintainOnce(VolumeSlot* slot);
  bool IndexNext(VolumeSlot* slot);
  static Result<std::vector<format::ChunkRow>> RowsOf(const SegmentLease& lease);
  std::optional<SegmentSerial> NextToIndex(VolumeSlot* slot);
  void StopThreads();
  bool WaitFor(const std::function<bool()>& done, Duration wait);
  bool Idle();
  bool LedgersAreCopied();

  // store_verify.cc
  static bool VerifySegment(VolumeSlot& slot, const format::SegmentHeader& header,
                            const VerifyOptions& options, VerifyReport* total);

  // store_streams.cc
  Status CheckNewName(const std::string& name);
  Result<StreamInfo> WriteStream(const format::StreamRecord& record);
  Result<StreamInfo> CreateStreamLocked(const std::string& name, StreamId id);
  Status CheckNotRetired(const format::StreamRecord& record);

  // store_runs.cc
  VolumeSlot* Slot(VolumeNo volume);
  VolumeSlot* PickVolume(VolumeNo other_than);
  // Of those that are not offline.
  VolumeSlot* PickAmong(const std::function<bool(const VolumeSlot&)>& may);
  void Assign(const std::shared_ptr<ActiveRun>& run, VolumeSlot* slot);
  void Unassign(const ActiveRun& run);
  void MoveRuns(VolumeNo volume, const std::string& why);
  void MoveOffOffline();
  void SpillFilling(const std::vector<std::shared_ptr<ActiveRun>>& runs);
  static void AddToSlot(VolumeSlot* slot, const RunBufferPtr& buffer);
  static void RemoveFromSlot(VolumeSlot* slot, const RunBufferPtr& buffer);
  Status Resume(StreamId stream, RunId run, RunBuffer* buffer);
  std::optional<format::StreamRecord> KnownStream(StreamId id);
  std::optional<format::StreamRecord> KnownStream(const std::string& name);
  StreamInfo InfoOf(const format::StreamRecord& record);
  RunBuffer::Limits LimitsFor(const StreamId& stream) const;
  StreamChunkPtr CopyChunk(const StreamChunk& chunk);
  Status CheckWritable() const;
  Status CheckNotWritten(StreamId stream, RunId run) const;
  void Log(LogLevel level, const std::string& text) const;

  const Options options_;
  std::optional<LastWords> last_words_;
  Clock& clock_;
  Random& random_;
  Index* index_;
  std::unique_ptr<Disk> state_disk_;
  std::unique_ptr<DiskLock> node_lock_;
  format::NodeState node_;
  std::unique_ptr<BufferPool> buffers_;
  // Apart, so that a record finds room when footage has taken all there is: a receipt is appended
  // once and cannot wait.
  std::unique_ptr<BufferPool> ledger_buffers_;
  // Of the cursors; who finds none takes its own.
  std::unique_ptr<BufferPool> read_buffers_;
  std::unique_ptr<HelperThreads> helpers_;
  ReaderGate reader_gate_;
  Ledger ledger_;
  IndexFeed feed_;

  // Ledger segments that opening left to salvage; the lock is held while they are read, and taken
  // before all others but create_mutex_.
  std::mutex deferred_mutex_;
  std::vector<std::pair<VolumeSlot*, SegmentSerial>> deferred_ledger_;

  std::mutex create_mutex_;  // one change of the streams at a time; taken before all others
  // By name: their record may have reached a disk though nobody knows. Whoever asks for the name
  // again gets the same id, so that no name ever stands for two. At most kDoubtfulStreamsMax.
  std::map<std::string, StreamId> doubtful_streams_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<VolumeSlot>> volumes_;  // fixed once Start has returned
  std::unordered_map<StreamId, std::vector<std::shared_ptr<ActiveRun>>> runs_;
  std::map<VolumeNo, std::vector<SegmentSerial>>
      to_index_;  // sealed segments whose footer is to be read again
  std::atomic<bool> closing_ = false;
  std::atomic<bool> closed_ = false;

  // Things others wait for: durability, room, new units.
  std::mutex event_mutex_;
  std::condition_variable event_;
  std::condition_variable stopping_;  // of the threads behind the caller's back
  std::atomic<uint64_t> accepted_counter_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> close_segments_ = false;
  std::atomic<int> busy_ = 0;         // maintenance steps and turns of the feed under way
  std::atomic<int> maintaining_ = 0;  // of these, steps: one may hold rows the feed has not got yet
  std::thread feed_thread_;
  MonoTime last_flush_;                      // feed thread only
  std::atomic<bool> room_is_short_ = false;  // the feed thread writes it

  // Counters.
  std::atomic<uint64_t> units_durable_ = 0;
  std::atomic<uint64_t> bytes_durable_ = 0;
  LatencyMeter acknowledgement_;
  std::atomic<uint64_t> chunks_written_ = 0;
  std::atomic<uint64_t> chunk_bytes_written_ = 0;
  std::atomic<uint64_t> segments_recycled_ = 0;
  std::atomic<uint64_t> segments_salvaged_ = 0;
  std::atomic<uint64_t> acknowledged_lost_ = 0;
  std::atomic<uint64_t> reads_damaged_ = 0;
  std::atomic<uint64_t> units_accepted_ended_ = 0;  // of runs that are gone
  std::atomic<uint64_t> bytes_accepted_ended_ = 0;
  std::atomic<uint64_t> units_shed_ended_ = 0;
  std::atomic<uint64_t> units_resent_ended_ = 0;
  std::atomic<bool> index_failing_ = false;  // set by the feed thread: logged once
};

}  // namespace reel
