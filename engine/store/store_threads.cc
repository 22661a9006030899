// What runs behind the caller's back, and the same done by hand with Options::manual.
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/edge.h"
#include "engine/store/store_impl.h"

namespace reel {
namespace {

constexpr Duration kLoopWait = std::chrono::milliseconds(2);
constexpr Duration kMaintenanceWait = std::chrono::milliseconds(5);
// Long enough for several chunks to be hashed in one turn.
constexpr Duration kLongTurn = std::chrono::milliseconds(10);
constexpr Duration kLongRequest = std::chrono::milliseconds(50);
constexpr size_t kLongBacklog = 32;
constexpr Duration kDigestWait = std::chrono::milliseconds(20);
// A turn of the feed looks at every run, so it is not taken for each chunk; it delays on_durable.
constexpr Duration kFeedWait = std::chrono::milliseconds(5);
// Rows of one minute of a stream are one row of the index: the more of them come together, the less
// each costs. Until then their chunks stay in memory, so not where that is short.
constexpr Duration kIndexInterval = std::chrono::milliseconds(250);
constexpr Duration kLongestWait = std::chrono::hours(24 * 365);
constexpr Duration kManualStep = std::chrono::milliseconds(1);
// A manual store that waits longer than this many turns is stuck for good.
constexpr int kManualTurnsMax = 200'000;

template <class Body>
std::thread StartThread(const char* name, Body body) {
  return std::thread([name, body] { AtEdgeOrDie(name, body); });
}

// As `top -H` and profiles show it; at most 15 characters.
void NameThread(const char* name) { (void)pthread_setname_np(pthread_self(), name); }

}  // namespace

void StoreImpl::StartThreads() {
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (!slot->volume) continue;
    VolumeSlot* s = slot.get();
    slot->loop = StartThread("loop thread", [this, s] { LoopThread(s); });
    slot->maintenance = StartThread("maintenance thread", [this, s] { MaintenanceThread(s); });
    slot->digest = StartThread("digest thread", [this, s] { DigestThread(s); });
  }
  feed_thread_ = StartThread("feed thread", [this] { FeedThread(); });
}

void StoreImpl::StopThreads() {
  {
    const std::lock_guard lock(event_mutex_);
    stop_ = true;
  }
  event_.notify_all();
  stopping_.notify_all();
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (slot->volume) slot->volume->Wake();
    if (slot->loop.joinable()) slot->loop.join();
    if (slot->maintenance.joinable()) slot->maintenance.join();
    if (slot->digest.joinable()) slot->digest.join();
  }
  if (feed_thread_.joinable()) feed_thread_.join();
}

// Not on event_, which is told of every durable chunk: that would wake four threads for each.
void StoreImpl::Pause(Duration wait) {
  std::unique_lock lock(event_mutex_);
  stopping_.wait_for(lock, wait, [this] { return stop_.load(); });
}

void StoreImpl::LoopThread(VolumeSlot* slot) {
  NameThread("reel-loop");
  while (!stop_) {
    const MonoTime began = clock_.MonoNow();
    slot->volume->RunOnce(began, kLoopWait);
    NoteTurn(*slot->volume, began);
    if (slot->roll_segments.exchange(false)) slot->volume->RollSegments();
    if (close_segments_ && !slot->segments_closed && slot->volume->CloseSegments()) {
      slot->segments_closed = true;
    }
  }
  slot->volume->Quiesce();
}

// A turn that takes long has waited for a processor; a request, behind what readers ask of the
// disk.
void StoreImpl::NoteTurn(const Volume& volume, MonoTime began) {
  const MonoTime now = clock_.MonoNow();
  const bool late = now - began >= kLongTurn || volume.OldestRequest(now) >= kLongRequest ||
                    volume.Backlog() >= kLongBacklog;
  if (late || room_is_short_) {
    reader_gate_.NoteLate(now);
  } else {
    reader_gate_.NoteInTime(now);
  }
}

ReaderGate::Turn StoreImpl::WaitForTurn() {
  return options_.manual ? ReaderGate::Turn() : reader_gate_.Enter();
}

void StoreImpl::MaintenanceThread(VolumeSlot* slot) {
  NameThread("reel-maintain");
  while (!stop_) {
    if (MaintainOnce(slot)) continue;
    Pause(kMaintenanceWait);
  }
}

void StoreImpl::DigestThread(VolumeSlot* slot) {
  NameThread("reel-digest");
  while (!stop_) {
    if (slot->volume->Digest()) continue;
    Pause(kDigestWait);
  }
}

bool StoreImpl::MaintainOnce(VolumeSlot* slot) {
  // Driven by hand, the store may be turned again while a simulated disk lets a step wait.
  if (std::exchange(slot->in_step, true)) return false;
  ++busy_;
  ++maintaining_;
  bool moved = slot->volume->Maintain();
  if (!moved) moved = CompactLedger(slot);
  if (!moved) moved = IndexNext(slot);
  --maintaining_;
  --busy_;
  slot->in_step = false;
  return moved;
}

// Takes the oldest segment that is waiting to be read again and has a footer to read.
std::optional<SegmentSerial> StoreImpl::NextToIndex(VolumeSlot* slot) {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentSerial>& serials = to_index_[slot->node.number];
  for (auto at = serials.begin(); at != serials.end(); ++at) {
    const std::optional<SegmentPool::Opened> life = slot->pool()->Find(*at);
    if (life && life->state != SegmentPool::FileState::kSealed) continue;
    const SegmentSerial serial = *at;
    serials.erase(at);
    return serial;
  }
  return std::nullopt;
}

// What a sealed segment holds: by its footer, or by its chunks where that has rotted.
Result<std::vector<format::ChunkRow>> StoreImpl::RowsOf(const SegmentLease& lease) {
  Result<std::optional<format::Footer>> footer = ReadFooter(lease.file(), lease.header());
  if (footer.ok() && footer->has_value()) return std::move((*footer)->rows);
  REEL_ASSIGN_OR_RETURN(SalvageReport report, Salvage(lease.file(), lease.header(), {}));
  return std::move(report.rows);
}

// One segment whose footer is to be read again.
bool StoreImpl::IndexNext(VolumeSlot* slot) {
  if (feed_.full()) return false;  // the index first
  const std::optional<SegmentSerial> next = NextToIndex(slot);
  if (!next) return false;
  const SegmentSerial serial = *next;
  Result<SegmentLease> lease = slot->pool()->MaintenanceLease(serial);
  if (!lease.ok()) return true;  // recycled meanwhile
  const Result<std::vector<format::ChunkRow>> rows = RowsOf(*lease);
  if (!rows.ok()) {
    Log(LogLevel::kError, "segment " + std::to_string(serial.value) + " on " + slot->node.path +
                              " is not in the index: " + rows.status().ToString());
    return true;
  }
  OnSegment(slot->volume->RowOfRows(lease->header(), SegmentState::kSealed, *rows), *rows);
  return true;
}

// What stands in open segments of footage has no footer yet: they are sealed soon. What the open
// one of the ledger says is known, and it stays open.
void StoreImpl::RebuildIndex() {
  IndexBatch batch;
  ledger_.AddRows(&batch);
  {
    const std::lock_guard lock(mutex_);
    for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
      if (!slot->volume) continue;
      std::vector<SegmentSerial>& serials = to_index_[slot->node.number];
      serials.clear();
      for (const SegmentPool::Opened& life : slot->pool()->Lives()) {
        const bool stays = life.header.retention_class == kLedgerClass &&
                           life.state == SegmentPool::FileState::kOpen;
        if (stays) {
          batch.segments.push_back(slot->volume->RowOfRows(life.header, SegmentState::kOpen, {}));
        } else {
          serials.push_back(life.header.serial);
        }
      }
      slot->roll_segments = true;
    }
  }
  feed_.Add(batch);
}

void StoreImpl::FeedThread() {
  NameThread("reel-feed");
  while (!stop_) {
    FeedOnce();
    Pause(kFeedWait);
  }
}

void StoreImpl::Tell(ActiveRun* run) {
  if (!run->on_durable) return;
  const Watermarks marks = run->buffer->watermarks();
  if (marks.durable == run->told.durable) return;
  run->told = marks;
  run->on_durable(marks);
}

bool StoreImpl::FeedOnce() {
  ++busy_;
  const MonoTime now = clock_.MonoNow();
  const bool due = options_.manual || closing_ || room_is_short_ || feed_.full() ||
                   now - last_flush_ >= kIndexInterval;
  bool moved = due && !feed_.empty();
  if (moved) {
    last_flush_ = now;
    const Status written = feed_.Flush(*index_);
    if (!written.ok() && !index_failing_)
      Log(LogLevel::kError, "the index cannot be written: " + written.ToString());
    index_failing_ = !written.ok();
    if (index_failing_) moved = false;
  }
  if (feed_.TakeLost()) {
    Log(LogLevel::kWarning,
        "the index missed footage while it could not be written: it is filled "
        "again from the segments");
    RebuildIndex();
  }
  MoveOffOffline();
  std::vector<std::shared_ptr<ActiveRun>> runs;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [stream, list] : runs_) runs.insert(runs.end(), list.begin(), list.end());
  }
  bool room_is_short = 2 * buffers_->in_use_bytes() >= buffers_->capacity_bytes();
  for (const std::shared_ptr<ActiveRun>& run : runs) {
    RecordShed(*run, /*all=*/false);
    Tell(run.get());
    room_is_short |= run->buffer->filling();
  }
  room_is_short_ = room_is_short;
  SpillFilling(runs);
  moved |= FinishEndedRuns();
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (slot->volume) moved |= AppendWaiting(slot.get());
  }
  --busy_;
  event_.notify_all();
  return moved;
}

bool StoreImpl::RunOnce(Duration wait) {
  REEL_CHECK(options_.manual, "RunOnce is for manual stores");
  if (options_.read_only) return false;
  bool moved = false;
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (!slot->volume) continue;
    moved |= slot->volume->RunOnce(clock_.MonoNow(), wait);
    if (slot->roll_segments.exchange(false)) slot->volume->RollSegments();
    if (close_segments_ && !slot->segments_closed && slot->volume->CloseSegments()) {
      slot->segments_closed = true;
      moved = true;
    }
    moved |= slot->volume->Digest();
    moved |= MaintainOnce(slot.get());
  }
  moved |= FeedOnce();
  return moved;
}

bool StoreImpl::WaitFor(const std::function<bool()>& done, Duration wait) {
  // A wait for ever (Duration::max()) must not wrap around.
  const MonoTime until = clock_.MonoNow() + std::min<Duration>(wait, kLongestWait);
  if (options_.manual) {
    for (int turns = 0; !done(); ++turns) {
      if (clock_.MonoNow() >= until || turns >= kManualTurnsMax || options_.read_only) return false;
      RunOnce(kManualStep);
    }
    return true;
  }
  while (!done()) {
    if (stop_ || clock_.MonoNow() >= until) return done();
    std::unique_lock lock(event_mutex_);
    event_.wait_for(lock, kManualStep);
  }
  return true;
}

// Nothing is waiting to be sealed, salvaged, indexed or finished.
bool StoreImpl::Idle() {
  if (busy_ != 0 || !feed_.empty()) return false;
  const std::lock_guard lock(mutex_);
  for (const auto& [stream, runs] : runs_) {
    for (const std::shared_ptr<ActiveRun>& run : runs) {
      if (run->end) return false;
    }
  }
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (!slot->volume || slot->volume->health() == VolumeHealth::kOffline) continue;
    if (!to_index_[slot->node.number].empty() || slot->volume->HasWork()) return false;
    const std::lock_guard ledger_lock(slot->ledger_mutex);
    if (!slot->ledger_waiting.empty()) return false;
  }
  return true;
}

bool StoreImpl::LedgersAreCopied() {
  return std::none_of(volumes_.begin(), volumes_.end(),
                      [](const std::unique_ptr<VolumeSlot>& slot) {
                        return slot->volume && slot->volume->health() == VolumeHealth::kGood &&
                               slot->ledger_copying;
                      });
}

Status StoreImpl::WaitIdle(Duration wait) {
  if (options_.read_only) return OkStatus();
  if (WaitFor([this] { return Idle(); }, wait)) return OkStatus();
  return {Code::kDeadlineExceeded, "background work is not done yet"};
}

Status StoreImpl::Close() {
  if (options_.read_only || closed_.exchange(true)) return OkStatus();
  std::vector<std::shared_ptr<ActiveRun>> runs;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const auto& [stream, list] : runs_) runs.insert(runs.end(), list.begin(), list.end());
  }
  for (const std::shared_ptr<ActiveRun>& run : runs) {
    (void)EndRun(run, EndCause::kShutdown);  // says so of those that have ended
  }
  constexpr Duration kStep = std::chrono::seconds(30);
  Status problem;
  const bool recorded = WaitFor([this] { return Idle() && LedgersAreCopied(); }, kStep);
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (slot->volume) slot->ledger.buffer->End();
  }
  const bool ledger_done = WaitFor(
      [this] {
        return std::all_of(
            volumes_.begin(), volumes_.end(), [](const std::unique_ptr<VolumeSlot>& slot) {
              return !slot->volume || slot->volume->health() == VolumeHealth::kOffline ||
                     slot->ledger.buffer->idle();
            });
      },
      kStep);
  close_segments_ = true;
  const bool sealed = WaitFor(
      [this] {
        return Idle() && std::all_of(volumes_.begin(), volumes_.end(),
                                     [](const std::unique_ptr<VolumeSlot>& slot) {
                                       return !slot->volume ||
                                              slot->volume->health() == VolumeHealth::kOffline ||
                                              slot->segments_closed;
                                     });
      },
      kStep);
  if (!recorded || !ledger_done || !sealed)
    problem = Unavailable("not everything could be written before closing");
  StopThreads();
  const Status flushed = feed_.Flush(*index_);
  const Status synced = index_->Sync();
  if (problem.ok()) problem = flushed.ok() ? synced : flushed;
  return problem;
}

}  // namespace reel
