// The loop: completions, syncs, failures.
#include "engine/volume/volume.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/check.h"

namespace reel {
namespace {

constexpr size_t kReapBatch = 64;
// A new segment that fails right after the last one: the device, not the place, is at fault.
constexpr uint32_t kFailuresToOffline = 3;

}  // namespace

bool Volume::RunOnce(MonoTime now, Duration wait) {
  if (!buffers_registered_) RegisterBuffers();
  bool moved = false;
  if (waiting_.empty()) waiting_since_ = now;
  if (health_ != VolumeHealth::kOffline && waiting_.size() < kMaxWaitingChunks) {
    std::vector<ChunkPtr> due;
    client_.Collect(options_.number, now, kMaxWaitingChunks - waiting_.size(), &due);
    moved = !due.empty();
    waiting_.insert(waiting_.end(), due.begin(), due.end());
  }
  moved |= PlaceWaiting(now);
  StartSyncs(now);

  std::array<IoCompletion, kReapBatch> completions;
  const size_t count = queue_->Reap(completions, moved ? Duration{0} : wait);
  for (size_t i = 0; i < count; ++i) Complete(completions[i]);
  StartSyncs(now);
  // Before Retire: the client hears of a segment's chunks before it hears that the segment is
  // sealed.
  Report();
  TakeDigests();
  Retire(now);
  Watch(now);
  return moved || count != 0;
}

void Volume::Report() {
  if (!written_now_.empty()) client_.OnWritten(std::exchange(written_now_, {}));
  if (durable_now_.empty()) return;
  const std::vector<ChunkPtr> durable = std::exchange(durable_now_, {});
  client_.OnDurable(options_.number, durable);
  const std::lock_guard lock(mutex_);
  to_digest_.insert(to_digest_.end(), durable.begin(), durable.end());
}

// Into the footers to come; of a segment that failed meanwhile nobody asks.
void Volume::TakeDigests() {
  std::deque<Digested> digested;
  {
    const std::lock_guard lock(mutex_);
    std::swap(digested, digested_);
  }
  for (const Digested& done : digested) {
    const auto of = std::find_if(active_.begin(), active_.end(), [&](const auto& active) {
      return active->segment->header().serial == done.serial;
    });
    if (of != active_.end()) (*of)->segment->AddRow(done.row, done.content_id);
  }
}

// Here and not at opening: a queue belongs to the thread that uses it first.
void Volume::RegisterBuffers() {
  buffers_registered_ = true;
  if (options_.buffers.empty()) return;
  const Status registered = queue_->RegisterBuffers(options_.buffers);
  if (!registered.ok())
    Log(LogLevel::kWarning,
        "buffers are not registered, writes cost more: " + registered.message());
}

void Volume::Quiesce() {
  std::array<IoCompletion, kReapBatch> completions;
  const MonoTime until = clock_.MonoNow() + options_.offline_after;
  while (queue_ && queue_->in_flight() != 0) {
    // Nothing reaped may just mean that the queue was woken: whoever stops a volume wakes it.
    const Duration left = until - clock_.MonoNow();
    if (left <= Duration::zero()) return;
    queue_->Reap(completions, left);
  }
}

void Volume::Complete(const IoCompletion& completion) {
  const auto slot = static_cast<size_t>(completion.tag);
  REEL_CHECK(slot < slots_.size() && slots_[slot].active != nullptr, "completions answer requests");
  InFlight& done = slots_[slot];
  switch (done.transfer->OnCompletion(completion.result)) {
    case IoTransfer::Next::kResubmit:
      SubmitSlot(slot);
      return;
    case IoTransfer::Next::kFailed: {
      const bool was_sync = done.chunk == nullptr;
      const Status why =
          Status::FromErrno(done.transfer->failed_errno(), was_sync ? "sync" : "write");
      Active* active = done.active;
      if (was_sync) active->segment->SyncFailed();
      FreeSlot(slot);
      Fail(active, why);
      return;
    }
    case IoTransfer::Next::kDone:
      if (done.chunk == nullptr) {
        SyncDone(slot);
      } else {
        WriteDone(slot);
      }
  }
}

void Volume::WriteDone(size_t slot) {
  Active* active = slots_[slot].active;
  const std::shared_ptr<Group> group = slots_[slot].group;
  group->written.push_back(slots_[slot].chunk);
  FreeSlot(slot);
  if (--group->writes_left != 0) return;
  for (ChunkPtr& chunk : group->written) {
    active->segment->Completed(chunk->row.seq);
    written_now_.push_back(std::move(chunk));
  }
}

void Volume::SyncDone(size_t slot) {
  Active* active = slots_[slot].active;
  FreeSlot(slot);
  if (!active->failure.ok()) {
    active->segment->SyncFailed();  // of no use: the segment had failed meanwhile
    return;
  }
  active->segment->SyncSucceeded();
  ReportDurable(active);
}

void Volume::ReportDurable(Active* active) {
  const ChunkSeq durable = active->segment->durable();
  while (!active->not_durable.empty() && active->not_durable.front()->row.seq <= durable) {
    ChunkPtr chunk = std::move(active->not_durable.front());
    active->not_durable.pop_front();
    durable_now_.push_back(std::move(chunk));
    failures_in_a_row_ = 0;
    if (health_ == VolumeHealth::kStalled) health_ = VolumeHealth::kSuspect;
  }
}

void Volume::StartSyncs(MonoTime now) {
  for (const std::unique_ptr<Active>& active : active_) {
    const bool due = now - active->last_sync >= options_.sync_interval;
    if (!active->failure.ok() || !active->segment->WantsSync() || !due) continue;
    // However long syncs take, each write within the depth finds a slot.
    const auto syncs = std::count_if(slots_.begin(), slots_.end(), [](const InFlight& s) {
      return s.active != nullptr && s.chunk == nullptr;
    });
    if (static_cast<size_t>(syncs) + options_.queue_depth >= slots_.size()) return;
    IoRequest request;
    request.kind = IoKind::kDataSync;
    request.file = &active->segment->file();
    active->segment->SyncSubmitted();
    active->last_sync = now;
    Submit({active.get(), nullptr, nullptr, IoTransfer(request), now});
  }
}

void Volume::Fail(Active* active, const Status& why) {
  if (!active->failure.ok()) return;
  active->failure = why;
  active->segment->Close();
  std::vector<Active*>& taking = taking_[active->segment->header().retention_class];
  taking.erase(std::remove(taking.begin(), taking.end(), active), taking.end());
  ++failures_in_a_row_;
  Log(LogLevel::kError, "segment " + std::to_string(active->segment->header().serial.value) +
                            " is closed after an error and will be salvaged: " + why.ToString());
  if (health_ == VolumeHealth::kGood) {
    health_ = VolumeHealth::kSuspect;
    client_.OnTrouble(options_.number, health_, why, {});
  }
  if (failures_in_a_row_ >= kFailuresToOffline) GoOffline(why);
}

// Closed segments that have nothing on its way any more leave: sealed when whole, to salvage when
// failed.
void Volume::Retire(MonoTime now) {
  for (auto at = active_.begin(); at != active_.end();) {
    Active* active = at->get();
    const bool quiet = active->quiet();
    if (!active->failure.ok() && quiet) {
      RequeueFailed(active);
      pool_->Abandon(active->segment->header().serial, active->segment->durable());
      {
        const std::lock_guard lock(mutex_);
        salvage_not_before_ = now + options_.offline_after;
      }
      at = active_.erase(at);
    } else if (active->failure.ok() && active->segment->closed() && quiet &&
               active->segment->directory_complete()) {
      SealJob job{active->segment->header().serial,
                  RowFor(active->segment->header(), SegmentState::kSealed),
                  active->segment->EncodeFooter()};
      job.row.begin = active->segment->directory().begin();
      job.row.end = active->segment->directory().end();
      job.row.chunk_count = active->segment->directory().count();
      job.row.payload_bytes = active->segment->directory().stored_bytes();
      pool_->BeginSealing(job.serial);
      const std::lock_guard lock(mutex_);
      seal_jobs_.push_back(std::move(job));
      at = active_.erase(at);
    } else {
      ++at;
    }
  }
}

void Volume::RequeueFailed(Active* active) {
  std::erase_if(active->not_durable, [](const ChunkPtr& chunk) { return chunk->copied; });
  for (const ChunkPtr& chunk : active->not_durable) chunk->serial = {};
  if (health_ == VolumeHealth::kOffline) {
    client_.OnTrouble(options_.number, health_, active->failure,
                      {active->not_durable.begin(), active->not_durable.end()});
  } else {
    waiting_.insert(waiting_.begin(), active->not_durable.begin(), active->not_durable.end());
  }
  active->not_durable.clear();
}

Duration Volume::OldestRequest(MonoTime now) const {
  MonoTime oldest = now;
  for (const InFlight& slot : slots_) {
    if (slot.active != nullptr) oldest = std::min(oldest, slot.since);
  }
  return now - oldest;
}

void Volume::Watch(MonoTime now) {
  if (health_ == VolumeHealth::kOffline) return;
  if (prepare_failures_ >= kFailuresToOffline) {
    GoOffline(Unavailable("no segment can be prepared"));
    return;
  }
  const Duration age = OldestRequest(now);
  if (age >= options_.offline_after) {
    GoOffline(Unavailable(
        "a request has not come back for " +
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(age).count()) + " s"));
    return;
  }
  const bool spill = spill_.exchange(false);
  const bool no_room = now - waiting_since_ >= options_.stall_after;
  if (age < (spill ? options_.spill_after : options_.stall_after) && !no_room) return;
  // Again and again while it lasts: what could not be copied for want of memory may be by now.
  if (health_ == VolumeHealth::kStalled && now - stall_told_ < options_.stall_after) return;
  const Status why =
      Unavailable(no_room ? "no segment to write to" : "a request has not come back");
  if (health_ != VolumeHealth::kStalled) Log(LogLevel::kError, "stalled: " + why.message());
  health_ = VolumeHealth::kStalled;
  stall_told_ = now;
  HandBack(why);
}

// Everything that is not durable here, for the client to write elsewhere.
void Volume::HandBack(const Status& why) {
  std::vector<ChunkPtr> chunks(waiting_.begin(), waiting_.end());
  waiting_.clear();
  for (const std::unique_ptr<Active>& active : active_) {
    if (!active->failure.ok() && active->quiet()) continue;  // comes with RequeueFailed
    chunks.insert(chunks.end(), active->not_durable.begin(), active->not_durable.end());
  }
  client_.OnTrouble(options_.number, health_, why, chunks);
}

void Volume::GoOffline(const Status& why) {
  if (health_ == VolumeHealth::kOffline) return;
  health_ = VolumeHealth::kOffline;
  Log(LogLevel::kError, "taken offline: " + why.ToString());
  for (const std::unique_ptr<Active>& active : active_) {
    if (!active->failure.ok()) continue;
    active->failure = why;
    active->segment->Close();
  }
  for (auto& [retention_class, taking] : taking_) taking.clear();
  HandBack(why);
}

bool Volume::Drained() const {
  if (!waiting_.empty()) return false;
  return std::all_of(active_.begin(), active_.end(), [](const std::unique_ptr<Active>& active) {
    return active->not_durable.empty() && active->writes_in_flight == 0 &&
           !active->segment->sync_in_flight();
  });
}

bool Volume::CloseSegments() {
  if (!Drained()) return false;
  closing_ = true;
  for (auto& [retention_class, taking] : taking_) {
    for (Active* active : taking) active->segment->Close();
    taking.clear();
  }
  return active_.empty();
}

void Volume::FreeSlot(size_t slot) {
  if (slots_[slot].chunk != nullptr) {
    --slots_[slot].active->writes_in_flight;
    --writes_in_flight_;
  }
  slots_[slot] = {};
}

void Volume::Log(LogLevel level, const std::string& text) const {
  if (options_.log) options_.log(level, disk_.description() + ": " + text);
}

}  // namespace reel
