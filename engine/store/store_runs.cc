// Streams, runs and where they record to.
#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/edge.h"
#include "engine/base/near_name.h"
#include "engine/store/store_impl.h"

namespace reel {
namespace {

// One part of so many of the flush interval is for the write and its sync.
constexpr int kFlushLead = 16;

class RunWriterImpl final : public RunWriter {
 public:
  RunWriterImpl(StoreImpl& store, std::shared_ptr<ActiveRun> run)
      : store_(store), run_(std::move(run)) {}
  ~RunWriterImpl() override {
    if (run_->buffer->ended()) return;
    AtEdgeOrDie("~RunWriter", [&] { (void)store_.EndRun(run_, EndCause::kOpen); });
  }

  RunId run() const override { return run_->buffer->identity().run; }
  Status Append(UnitNumber number, const UnitView& unit, AppendMode mode) override {
    return store_.Append(*run_, number, unit, mode);
  }
  Status SetTracks(const std::vector<TrackInfo>& tracks) override {
    return run_->buffer->SetTracks(tracks);
  }
  Watermarks watermarks() const override { return run_->buffer->watermarks(); }
  Status WaitDurable(UnitNumber end, Duration wait) override {
    return store_.WaitDurable(*run_->buffer, end, wait);
  }
  void Flush() override {
    run_->buffer->Flush();
    store_.Kick(*run_);
  }
  Status End(EndCause cause) override { return store_.EndRun(run_, cause); }

 private:
  StoreImpl& store_;
  std::shared_ptr<ActiveRun> run_;
};

constexpr Duration kRoomWait = std::chrono::seconds(30);
constexpr uint64_t kUnknownPixels = 1'000'000;
constexpr uint64_t kOtherTrack = 10'000;  // sound and metadata, in pixels

// Streams of one camera come in turn, a main and a sub stream: by their number alone all main ones
// would meet on every other disk. Bits follow pixels, roughly.
uint64_t LoadOf(const std::vector<TrackInfo>& tracks) {
  uint64_t load = 0;
  for (const TrackInfo& track : tracks) {
    const uint64_t pixels = uint64_t{track.width} * track.height;
    const bool video = track.kind == TrackKind::kVideo;
    load += !video ? kOtherTrack : pixels != 0 ? pixels : kUnknownPixels;
  }
  return load;
}

}  // namespace

Status StoreImpl::CheckWritable() const {
  if (options_.read_only) return FailedPrecondition("the store is open for reading only");
  if (closing_) return FailedPrecondition("the store is closed");
  return OkStatus();
}

VolumeSlot* StoreImpl::Slot(VolumeNo volume) {
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (slot->node.number == volume) return slot.get();
  }
  return nullptr;
}

// The usable volume with the least to record; with `other_than` another one, if there is one.
VolumeSlot* StoreImpl::PickVolume(VolumeNo other_than) {
  return PickAmong([&](const VolumeSlot& slot) {
    return slot.node.number != other_than && slot.volume->health() != VolumeHealth::kStalled;
  });
}

VolumeSlot* StoreImpl::PickAmong(const std::function<bool(const VolumeSlot&)>& may) {
  VolumeSlot* best = nullptr;
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (!slot->volume || slot->volume->health() == VolumeHealth::kOffline || !may(*slot)) continue;
    if (best == nullptr || slot->load < best->load) best = slot.get();
  }
  return best;
}

void StoreImpl::AddToSlot(VolumeSlot* slot, const RunBufferPtr& buffer) {
  auto runs = std::make_shared<RunList>(*slot->runs);
  runs->push_back(buffer);
  slot->runs = std::move(runs);
}

void StoreImpl::RemoveFromSlot(VolumeSlot* slot, const RunBufferPtr& buffer) {
  auto runs = std::make_shared<RunList>(*slot->runs);
  runs->erase(std::remove(runs->begin(), runs->end(), buffer), runs->end());
  slot->runs = std::move(runs);
}

void StoreImpl::Assign(const std::shared_ptr<ActiveRun>& run, VolumeSlot* slot) {
  Unassign(*run);
  run->volume = slot->node.number;
  AddToSlot(slot, run->buffer);
  slot->load += run->load;
}

void StoreImpl::Unassign(const ActiveRun& run) {
  VolumeSlot* slot = Slot(run.volume);
  if (slot == nullptr) return;
  RemoveFromSlot(slot, run.buffer);
  slot->load -= run.load;
}

RunBuffer::Limits StoreImpl::LimitsFor(const StreamId& stream) const {
  RunBuffer::Limits limits;
  limits.bytes = options_.stream_buffer_bytes;
  // A run may move to any of them.
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (!slot->volume) continue;
    limits.chunk_bytes = std::min(limits.chunk_bytes, slot->volume->chunk_bytes_max());
  }
  // Written so early that it is ordinarily durable when the interval is over.
  limits.flush_interval = options_.flush_interval - options_.flush_interval / kFlushLead;
  const auto phase =
      std::hash<StreamId>{}(stream) % static_cast<uint64_t>(limits.flush_interval.count());
  limits.flush_phase = Duration{static_cast<int64_t>(phase)};
  return limits;
}

StreamInfo StoreImpl::InfoOf(const format::StreamRecord& record) {
  StreamInfo info;
  info.id = record.row.stream;
  info.name = record.row.name;
  info.retention_class = record.row.retention_class;
  info.created = record.row.created;
  if (const auto retirement = ledger_.Retirement(info.id);
      retirement && retirement->retired != kWallMin) {
    info.retired = retirement->retired;
  }
  const MonoTime now = clock_.MonoNow();
  const std::lock_guard lock(mutex_);
  const auto at = runs_.find(info.id);
  if (at == runs_.end()) return info;
  for (const std::shared_ptr<ActiveRun>& run : at->second) {
    info.volume = run->volume;
    info.buffered_bytes += run->buffer->held_bytes();
    const std::optional<MonoTime> oldest = run->buffer->oldest_not_durable();
    if (oldest) info.flush_age = std::max(info.flush_age, now - *oldest);
  }
  return info;
}

std::optional<format::StreamRecord> StoreImpl::KnownStream(StreamId id) {
  if (auto record = ledger_.FindStream(id)) return record;
  return ReadDeferredLedger() ? ledger_.FindStream(id) : std::nullopt;
}

std::optional<format::StreamRecord> StoreImpl::KnownStream(const std::string& name) {
  if (auto record = ledger_.FindStream(name)) return record;
  return ReadDeferredLedger() ? ledger_.FindStream(name) : std::nullopt;
}

// Segments of the ledger that opening left to salvage: an index that is behind may not know of the
// streams that were created last. False if there was nothing to read.
bool StoreImpl::ReadDeferredLedger() {
  const std::lock_guard lock(deferred_mutex_);
  if (deferred_ledger_.empty()) return false;
  for (const auto& [slot, serial] : deferred_ledger_) {
    LedgerRecords records;
    const Status read = LoadLedgerSegment(slot, serial, &records);
    if (read.ok() || read.code() == Code::kNotFound) continue;  // held nothing, or copied forward
    Log(LogLevel::kError, "ledger segment " + std::to_string(serial.value) + " on " +
                              slot->node.path + ": " + read.ToString());
  }
  deferred_ledger_.clear();
  return true;
}

Result<StreamInfo> StoreImpl::FindStream(const std::string& name_or_id) {
  if (const auto record = KnownStream(name_or_id)) return InfoOf(*record);
  if (const auto id = ParseId<StreamId>(name_or_id)) {
    if (const auto record = KnownStream(*id)) return InfoOf(*record);
  }
  std::vector<std::string> names;
  for (const format::StreamRecord& record : ledger_.Streams()) names.push_back(record.row.name);
  std::string message = "no stream named '" + name_or_id + "'";
  if (const auto near = NearestName(name_or_id, names))
    message += "; did you mean '" + *near + "'?";
  return NotFound(std::move(message));
}

std::vector<StreamInfo> StoreImpl::Streams() {
  std::vector<StreamInfo> streams;
  for (const format::StreamRecord& record : ledger_.Streams()) streams.push_back(InfoOf(record));
  return streams;
}

WallTime StoreImpl::StreamCreated(StreamId stream) {
  const auto record = ledger_.FindStream(stream);
  return record ? record->row.created : kWallMin;
}

// What the index has of the run is known already; its last row goes on growing.
Status StoreImpl::Resume(StreamId stream, RunId run, RunBuffer* buffer) {
  feed_.ExpectAgain(run);
  REEL_ASSIGN_OR_RETURN(const std::vector<RunRow> rows,
                        index_->Runs(stream, {kWallMin, kWallMax}, 1U << 20));
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const RunRow& r) { return r.run == run; });
  if (row == rows.end()) return OkStatus();  // nothing of it became durable
  constexpr size_t kBatch = 4096;
  WallTime from = row->begin;
  std::optional<GopRow> last;
  for (;;) {
    REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> gops,
                          index_->Gops(stream, from, Direction::kForward, kBatch));
    for (const GopRow& gop : gops) {
      if (gop.run != run) continue;
      for (const Piece& piece : gop.pieces) {
        buffer->AddKnown(piece.first_unit, piece.end_unit());
      }
      if (!last || gop.first_unit >= last->first_unit) last = gop;
    }
    if (gops.size() < kBatch || gops.back().begin == kWallMax) break;
    // Of more rows than a batch with one begin (a clock that stood still) the rest is not known:
    // what is sent again of it is stored again.
    const bool further = gops.back().begin > from;
    from = further ? gops.back().begin : gops.back().begin + Duration{1};
  }
  if (last) feed_.ResumeRun(*last, *row);
  return OkStatus();
}

// With the lock held.
Status StoreImpl::CheckNotWritten(StreamId stream, RunId run) const {
  const auto at = runs_.find(stream);
  if (at == runs_.end()) return OkStatus();
  for (const std::shared_ptr<ActiveRun>& other : at->second) {
    if (other->buffer->identity().run == run)
      return AlreadyExists("run " + ToString(run) + " is being written already");
  }
  return OkStatus();
}

Result<std::unique_ptr<RunWriter>> StoreImpl::BeginRun(StreamId stream, const RunOptions& options) {
  REEL_RETURN_IF_ERROR(CheckWritable());
  const auto record = KnownStream(stream);
  if (!record) return NotFound("no stream " + ToString(stream));
  REEL_RETURN_IF_ERROR(CheckNotRetired(*record));
  RunBuffer::Identity identity;
  identity.stream = stream;
  identity.run = options.resume ? *options.resume : NewId<RunId>(random_);
  identity.retention_class = record->row.retention_class;
  identity.wall_uncertainty_us = options.wall_uncertainty_us;
  identity.boot_id = clock_.boot_id();
  auto run = std::make_shared<ActiveRun>();
  run->buffer = std::make_shared<RunBuffer>(identity, LimitsFor(stream), *buffers_);
  run->load = LoadOf(options.tracks);
  run->begun = clock_.WallNow();
  run->on_durable = options.on_durable;
  REEL_RETURN_IF_ERROR(run->buffer->SetTracks(options.tracks));
  if (options.resume) {
    {
      const std::lock_guard lock(mutex_);
      REEL_RETURN_IF_ERROR(CheckNotWritten(stream, identity.run));
    }
    REEL_RETURN_IF_ERROR(feed_.Flush(*index_));
    REEL_RETURN_IF_ERROR(Resume(stream, *options.resume, run->buffer.get()));
  }
  // First: where memory runs out behind it, it ends the run.
  auto writer = std::make_unique<RunWriterImpl>(*this, run);
  const std::lock_guard lock(mutex_);
  REEL_RETURN_IF_ERROR(CheckWritable());  // again: Close has taken its list of runs
  REEL_RETURN_IF_ERROR(CheckNotWritten(stream, identity.run));
  VolumeSlot* slot = PickVolume({});
  // A stall may pass, as after a crash where all there is must be salvaged before anything can make
  // room: until then the units wait in the buffer.
  if (slot == nullptr) slot = PickAmong([](const VolumeSlot&) { return true; });
  if (slot == nullptr) return Unavailable("no volume can be written");
  std::vector<std::shared_ptr<ActiveRun>>& runs = runs_[stream];
  runs.reserve(runs.size() + 1);
  Assign(run, slot);
  runs.push_back(std::move(run));
  return std::unique_ptr<RunWriter>(std::move(writer));
}

Status StoreImpl::Append(ActiveRun& run, UnitNumber number, const UnitView& unit, AppendMode mode) {
  bool full = false;
  Status status = run.buffer->Append(number, unit, mode, clock_.MonoNow(), &full);
  if (full) {
    run.buffer->Flush();
    Status waited = WaitFor(
                        [&] {
                          status = run.buffer->Append(number, unit, mode, clock_.MonoNow(), &full);
                          return !full || stop_;
                        },
                        kRoomWait)
                        ? OkStatus()
                        : Unavailable("no room for 30 s: no volume takes the data");
    if (full && !waited.ok()) return waited;
  }
  if (status.ok()) accepted_counter_.fetch_add(1, std::memory_order_release);
  if (run.buffer->due().ns == 0) Kick(run);
  return status;
}

void StoreImpl::Kick(const ActiveRun& run) {
  if (options_.manual) return;
  VolumeSlot* slot = Slot(run.volume);
  if (slot != nullptr && slot->volume) slot->volume->Wake();
}

Status StoreImpl::WaitDurable(const RunBuffer& run, UnitNumber end, Duration wait) {
  if (WaitFor([&] { return run.IsDurable(end); }, wait)) return OkStatus();
  return {Code::kDeadlineExceeded,
          "units below " + std::to_string(end.value) + " are not all durable yet"};
}

Status StoreImpl::EndRun(const std::shared_ptr<ActiveRun>& run, EndCause cause) {
  {
    const std::lock_guard lock(mutex_);
    if (run->end) return FailedPrecondition("the run has ended");
    run->buffer->End();  // first: an ended run that is idle leaves, and nobody would collect it
    run->end = cause;
  }
  Kick(*run);
  return OkStatus();
}

StreamChunkPtr StoreImpl::CopyChunk(const StreamChunk& chunk) {
  std::optional<Buffer> buffer = buffers_->Take(chunk.buffer.size_bytes());
  if (!buffer) return nullptr;
  auto copy = std::make_shared<StreamChunk>();
  static_cast<PendingChunk&>(*copy).row = chunk.row;
  copy->head_bytes = chunk.head_bytes;
  copy->content_bytes = chunk.content_bytes;
  copy->retention_class = chunk.retention_class;
  copy->extent_hint_bytes = 0;
  copy->run_buffer = chunk.run_buffer;
  copy->units = chunk.units;
  copy->tracks = chunk.tracks;
  copy->payload_begin_bytes = chunk.payload_begin_bytes;
  copy->payload_bytes = chunk.payload_bytes;
  copy->accepted = chunk.accepted;
  std::memcpy(buffer->data(), chunk.buffer.data(), format::kContentOffset + chunk.content_bytes);
  copy->buffer = std::move(*buffer);
  return copy;
}

}  // namespace reel
