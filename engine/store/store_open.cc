// Opening a node: recording may begin when Start returns; what a crash left is worked off behind
// it.
#include <algorithm>
#include <deque>
#include <set>
#include <thread>

#include "engine/base/check.h"
#include "engine/base/edge.h"
#include "engine/store/edge_store.h"
#include "engine/store/store_impl.h"
#include "engine/volume/superblock_file.h"

namespace reel {
namespace {

constexpr uint64_t kMinBufferBytes = 1U << 20;
// Enough to keep a flash device busy, few for a disk that moves its heads.
constexpr uint32_t kScanThreads = 16;
constexpr uint64_t kLedgerBufferBytes = 4U << 20;  // for each volume
constexpr uint64_t kReadBufferBytes = 64U << 20;   // some 60 viewers; touched as it is used

Status CheckOptions(const Store::Options& options) {
  using std::chrono::milliseconds;
  if (!options.open_disk) return InvalidArgument("Store::Options::open_disk is not set");
  if (options.index == nullptr && !options.read_only)
    return InvalidArgument("Store::Options::index is not set");
  if (options.flush_interval < milliseconds(50) || options.flush_interval > milliseconds(2000)) {
    return InvalidArgument("flush interval must be 50 ms to 2 s");
  }
  if (options.buffer_bytes < kMinBufferBytes || options.stream_buffer_bytes < kMinBufferBytes / 4) {
    return InvalidArgument("buffers must have at least 1 MiB in all and 256 KiB a stream");
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(const Options& options) {
  return AtEdge([&]() -> Result<std::unique_ptr<Store>> {
    REEL_RETURN_IF_ERROR(CheckOptions(options));
    auto store = std::make_unique<StoreImpl>(options);
    REEL_RETURN_IF_ERROR(store->Start());
    return NewEdgeStore(std::move(store));
  });
}

StoreImpl::StoreImpl(const Options& options)
    : options_(options),
      clock_(options.clock != nullptr ? *options.clock : SystemClock()),
      random_(options.random != nullptr ? *options.random : SystemRandom()),
      index_(options.index),
      feed_(ledger_) {
  if (options_.log) last_words_.emplace(options_.log);
}

StoreImpl::~StoreImpl() {
  StopThreads();
  // Volumes first: they wait for requests in flight on the buffers. Then the buffers, which chunks
  // and their runs hold in a circle.
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    slot->volume.reset();
    if (slot->ledger.buffer) slot->ledger.buffer->Abandon();
  }
  for (auto& [stream, runs] : runs_) {
    for (const std::shared_ptr<ActiveRun>& run : runs) run->buffer->Abandon();
  }
}

Status StoreImpl::Start() {
  REEL_ASSIGN_OR_RETURN(state_disk_, options_.open_disk(options_.state_path));
  REEL_ASSIGN_OR_RETURN(node_, ReadNodeState(*state_disk_));
  REEL_ASSIGN_OR_RETURN(read_buffers_, BufferPool::Create(kReadBufferBytes));
  if (!options_.manual) helpers_ = std::make_unique<HelperThreads>();
  if (options_.read_only) return OpenForReading();
  REEL_ASSIGN_OR_RETURN(node_lock_, state_disk_->Lock(kNodeLockName));
  // Again: it may have changed before the lock.
  std::vector<std::string> notes;
  REEL_ASSIGN_OR_RETURN(node_, ReadNodeState(*state_disk_, &notes));
  for (const std::string& note : notes) Log(LogLevel::kWarning, options_.state_path + ": " + note);
  REEL_ASSIGN_OR_RETURN(buffers_, BufferPool::Create(options_.buffer_bytes));
  REEL_ASSIGN_OR_RETURN(ledger_buffers_,
                        BufferPool::Create(kLedgerBufferBytes * node_.volumes.size()));
  ++node_.incarnation;
  size_t usable = 0;
  Status last_problem =
      FailedPrecondition(options_.state_path + " has no volumes: add one with 'reel init'");
  for (const format::NodeVolume& node_volume : node_.volumes) {
    if (node_volume.forgotten()) continue;
    auto slot = std::make_unique<VolumeSlot>();
    slot->node = node_volume;
    slot->away = FindVolume(slot.get());
    volumes_.push_back(std::move(slot));
  }
  REEL_RETURN_IF_ERROR(OpenVolumes());
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (slot->away.ok()) {
      ++usable;
    } else {
      last_problem = slot->away;
      Log(LogLevel::kError, "volume " + slot->node.path + " is not used: " + slot->away.ToString());
    }
  }
  if (usable == 0) return last_problem;
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (!slot->volume) continue;
    for (format::NodeVolume& known : node_.volumes) {
      if (known.number == slot->node.number) known.last_epoch = slot->volume->superblock().epoch;
    }
  }
  REEL_RETURN_IF_ERROR(WriteNodeState(*state_disk_, &node_));
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) TrustIndexed(slot.get());
  REEL_RETURN_IF_ERROR(LoadStreams());
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (slot->volume) REEL_RETURN_IF_ERROR(BeginLedger(slot.get()));
  }
  if (!options_.manual) StartThreads();
  return OkStatus();
}

// The volume that the node remembers, where it stood: not another disk, nor an older copy of it.
Status StoreImpl::FindVolume(VolumeSlot* slot) {
  REEL_ASSIGN_OR_RETURN(slot->disk, options_.open_disk(slot->node.path));
  REEL_ASSIGN_OR_RETURN(slot->superblock, ReadSuperblock(*slot->disk));
  if (slot->superblock.volume != slot->node.id) {
    return FailedPrecondition(slot->node.path + " holds volume " +
                              ToString(slot->superblock.volume) + ", expected " +
                              ToString(slot->node.id) + ": mount the right disk there");
  }
  return CheckNotOlder(*slot->disk, slot->superblock, slot->node.last_epoch);
}

// Side by side: each reads the head of every segment, which takes minutes where that is a seek. The
// error is memory that ran out; what is wrong with a volume is its own.
Status StoreImpl::OpenVolumes() {
  std::deque<Status> ended;
  std::vector<std::jthread> threads;  // joined also where one of them cannot be started
  threads.reserve(volumes_.size());
  for (const std::unique_ptr<VolumeSlot>& found : volumes_) {
    VolumeSlot* slot = found.get();
    if (!slot->away.ok()) continue;
    const auto open = [this, slot, end = &ended.emplace_back()] {
      *end = AtEdge([&] {
        slot->away = OpenVolume(slot);
        return OkStatus();
      });
    };
    if (options_.manual) {
      open();
    } else {
      threads.emplace_back(open);
    }
  }
  threads.clear();
  for (const Status& end : ended) REEL_RETURN_IF_ERROR(end);
  return OkStatus();
}

// REQUIRES: found.
Status StoreImpl::OpenVolume(VolumeSlot* slot) {
  Volume::Options volume;
  volume.number = slot->node.number;
  volume.node = node_.node;
  volume.least_epoch = slot->node.last_epoch;
  volume.incarnation = node_.incarnation;
  volume.scan_threads = options_.manual ? 1 : kScanThreads;
  volume.stall_after = options_.stall_after;
  volume.offline_after = options_.offline_after;
  volume.buffers = buffers_->region();
  volume.log = options_.log;
  REEL_ASSIGN_OR_RETURN(slot->volume, Volume::Open(*slot->disk, clock_, random_, *this, volume));
  slot->superblock = slot->volume->superblock();
  const DiskFacts& facts = slot->volume->facts();
  Log(LogLevel::kInfo, "volume " + slot->node.path + " opened with " + facts.engine +
                           (facts.note.empty() ? "" : " (" + facts.note + ")"));
  for (const std::string& note : slot->volume->notes())
    Log(LogLevel::kWarning, slot->node.path + ": " + note);
  return OkStatus();
}

// Segments that the index knows whole need no look; those it names and the volume no longer has are
// gone.
void StoreImpl::TrustIndexed(VolumeSlot* slot) {
  SegmentPool* pool = slot->pool();
  if (pool == nullptr) return;
  const Result<std::vector<SegmentRow>> rows = index_->Segments(slot->node.number);
  if (!rows.ok()) {
    Log(LogLevel::kError,
        "the index cannot be read and will be filled anew: " + rows.status().ToString());
    return;
  }
  IndexBatch retired;
  for (const SegmentRow& row : *rows) {
    if (row.state == SegmentState::kRetired) continue;
    const std::optional<SegmentPool::Opened> life = pool->Find(row.serial);
    const bool same = life && life->header.uid == row.uid;
    if (same && row.state == SegmentState::kSealed &&
        life->state == SegmentPool::FileState::kBroken) {
      // Ledger segments are read in any case when names are missing (LoadStreams).
      pool->TrustSealed(row.serial);
    } else if (!same && !pool->IsKeptAside(row.file_number)) {
      if (const Status sure = pool->Confirm(row.file_number); !sure.ok()) {
        Log(LogLevel::kWarning, "segment " + std::to_string(row.serial.value) + " on " +
                                    slot->node.path + " stays in the index: " + sure.ToString());
        continue;
      }
      retired.segments.push_back(row);
      retired.segments.back().state = SegmentState::kRetired;
    }
  }
  feed_.Add(retired);
}

Status StoreImpl::LoadStreams() {
  const Result<std::vector<StreamRow>> rows = index_->Streams();
  if (rows.ok()) {
    for (const StreamRow& row : *rows) ledger_.Apply(format::StreamRecord{row, 0});
  }
  const bool names_known = rows.ok() && !rows->empty();
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (slot->pool() != nullptr) LoadLedger(slot.get(), names_known);
  }
  IndexBatch batch;
  ledger_.AddRows(&batch);
  feed_.Add(batch);
  return OkStatus();
}

// Sealed ledger segments are few and are read now, the newest first. One without a footer takes a
// scan of the whole segment: it is left to the salvage behind recording, unless the index has no
// names to begin with or somebody asks for a name that it does not have.
void StoreImpl::LoadLedger(VolumeSlot* slot, bool names_known) {
  SegmentPool* pool = slot->pool();
  std::vector<SegmentPool::Opened> lives = pool->Lives();
  std::reverse(lives.begin(), lives.end());
  LedgerJudge judge(ReceiptsMax(*slot));
  for (const SegmentPool::Opened& life : lives) {
    if (life.header.retention_class != kLedgerClass) continue;
    const SegmentSerial serial = life.header.serial;
    const bool later = names_known && slot->volume && life.state == SegmentPool::FileState::kBroken;
    const Result<SegmentLease> lease = pool->Lease(serial);
    const auto footer = lease.ok() ? ReadFooter(lease->file(), lease->header())
                                   : Result<std::optional<format::Footer>>(lease.status());
    if (later && footer.ok() && !footer->has_value()) {
      deferred_ledger_.emplace_back(slot, serial);
      continue;
    }
    LedgerRecords records;
    const Status read = LoadLedgerSegment(slot, serial, &records);
    if (read.ok()) {
      judge.Add(serial, std::move(records));
      continue;
    }
    // What cannot be read is not copied forward either, so its segment is never let go.
    slot->ledger_unread.insert(serial);
    Log(LogLevel::kError, "ledger segment " + std::to_string(serial.value) + " on " +
                              slot->node.path +
                              " is kept, not all of it can be read: " + read.ToString());
  }
  slot->ledger_redundant = judge.Redundant();
}

Status StoreImpl::LoadLedgerSegment(VolumeSlot* slot, SegmentSerial serial,
                                    LedgerRecords* records) {
  REEL_ASSIGN_OR_RETURN(const SegmentLease lease, slot->pool()->Lease(serial));
  // What is known from here on survives the next crash.
  if (!options_.read_only) REEL_RETURN_IF_ERROR(lease.file().Sync());
  REEL_ASSIGN_OR_RETURN(const std::vector<format::ChunkRow> rows, RowsOf(lease));
  return TakeLedgerRecords(lease, rows, records);
}

Status StoreImpl::BeginLedger(VolumeSlot* slot) {
  RunBuffer::Identity identity;
  identity.stream = format::kLedgerStream;
  identity.run = NewId<RunId>(random_);
  identity.retention_class = kLedgerClass;
  identity.boot_id = clock_.boot_id();
  slot->ledger.buffer =
      std::make_shared<RunBuffer>(identity, LimitsFor(identity.stream), *ledger_buffers_);
  TrackInfo track;
  track.kind = TrackKind::kData;
  track.codec = Codec::kOpaque;
  track.timescale = 1'000'000;
  REEL_RETURN_IF_ERROR(slot->ledger.buffer->SetTracks({track}));
  AddToSlot(slot, slot->ledger.buffer);
  const format::SessionRecord session{slot->node.id, slot->superblock.epoch, clock_.WallNow()};
  ledger_.Apply(session);
  // The copy first of all: whatever a session that is cut short leaves, its ledger segment either
  // holds nothing or makes the older ones redundant. However often that happens, they do not pile
  // up and take the room of footage.
  std::vector<SegmentSerial> old;
  for (const SegmentPool::Opened& life : slot->pool()->Lives()) {
    const bool ledger = life.header.retention_class == kLedgerClass;
    const bool deferred = std::any_of(
        deferred_ledger_.begin(), deferred_ledger_.end(),
        [&](const auto& d) { return d.first == slot && d.second == life.header.serial; });
    if (ledger && !deferred && !slot->ledger_unread.contains(life.header.serial))
      old.push_back(life.header.serial);
  }
  if (old.size() > 1) {
    PlanLedgerCopy(slot, std::move(old));
    AppendLedgerCopy(slot);
  }
  return AppendLedger(slot, session).status();
}

Status StoreImpl::OpenView(VolumeSlot* slot) {
  REEL_RETURN_IF_ERROR(FindVolume(slot));
  SegmentPool::Options pool;
  pool.volume = slot->superblock.volume;
  pool.segment_bytes = slot->superblock.segment_bytes;
  pool.granule_bytes = slot->superblock.granule_bytes;
  pool.count_max = slot->superblock.segment_count_max;
  pool.scan_threads = options_.manual ? 1 : kScanThreads;
  slot->view = std::make_unique<SegmentPool>(*slot->disk, clock_, random_, pool);
  std::vector<std::string> notes;
  REEL_RETURN_IF_ERROR(slot->view->Scan(/*read_only=*/true, &notes));
  for (const std::string& note : notes) Log(LogLevel::kWarning, slot->node.path + ": " + note);
  return OkStatus();
}

Status StoreImpl::OpenForReading() {
  size_t usable = 0;
  bool complete = index_ != nullptr;
  Status last_problem = FailedPrecondition(options_.state_path + " has no volumes");
  for (const format::NodeVolume& node_volume : node_.volumes) {
    if (node_volume.forgotten()) continue;
    auto slot = std::make_unique<VolumeSlot>();
    slot->node = node_volume;
    slot->away = OpenView(slot.get());
    if (slot->away.ok()) {
      ++usable;
    } else {
      slot->view.reset();
      last_problem = slot->away;
      Log(LogLevel::kWarning, "volume " + node_volume.path + " is away: " + slot->away.ToString());
    }
    if (slot->view && index_ != nullptr) {
      TrustIndexed(slot.get());
      complete = complete && !slot->view->NextBroken();
    }
    volumes_.push_back(std::move(slot));
  }
  if (usable == 0) return last_problem;
  const bool writer_alive = state_disk_->IsLocked(kNodeLockName);
  if (!complete && !writer_alive && options_.scratch_index != nullptr) {
    index_ = options_.scratch_index;
    REEL_RETURN_IF_ERROR(FeedScratch());
  }
  if (index_ == nullptr) {
    return Unavailable(options_.state_path + " has no index: make one with 'reel reindex'");
  }
  return LoadStreams();
}

// Reads every segment, those without a footer by salvage in memory, into the scratch index.
Status StoreImpl::FeedScratch() {
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (!slot->view) continue;
    for (const SegmentPool::Opened& life : slot->view->Lives()) {
      REEL_ASSIGN_OR_RETURN(const SegmentLease lease, slot->view->Lease(life.header.serial));
      Result<std::optional<format::Footer>> footer = ReadFooter(lease.file(), lease.header());
      std::vector<format::ChunkRow> rows;
      if (footer.ok() && footer->has_value()) {
        rows = std::move((*footer)->rows);
      } else {
        REEL_ASSIGN_OR_RETURN(SalvageReport report, Salvage(lease.file(), lease.header(), {}));
        acknowledged_lost_ += report.lost_acknowledged_count;
        rows = std::move(report.rows);
      }
      SegmentRow row;
      row.volume = slot->node.number;
      row.serial = life.header.serial;
      row.uid = life.header.uid;
      row.file_number = life.header.file_number;
      row.state = SegmentState::kSealed;
      row.retention_class = life.header.retention_class;
      row.epoch = life.header.epoch;
      row.begin = kWallMax;
      row.end = kWallMin;
      for (const format::ChunkRow& chunk : rows) {
        row.begin = std::min(row.begin, chunk.wall_begin);
        row.end = std::max(row.end, chunk.wall_end);
        row.payload_bytes += chunk.chunk_bytes;
        ++row.chunk_count;
      }
      if (life.header.retention_class != kLedgerClass) feed_.AddSegment(row, rows);
      if (feed_.full()) REEL_RETURN_IF_ERROR(feed_.Flush(*index_));
    }
  }
  return feed_.Flush(*index_);
}

void StoreImpl::Log(LogLevel level, const std::string& text) const {
  if (options_.log) options_.log(level, text);
}

}  // namespace reel
