// What volumes tell the store.
#include <map>

#include "engine/base/check.h"
#include "engine/store/store_impl.h"

namespace reel {
namespace {

constexpr Duration kCollectInterval = std::chrono::milliseconds(1);

}  // namespace

void StoreImpl::Collect(VolumeNo volume, MonoTime now, size_t max_chunks,
                        std::vector<ChunkPtr>* out) {
  VolumeSlot* slot = Slot(volume);
  // Looking at every run costs more than a chunk does, and the loop turns for each completion.
  if (!options_.manual && now - slot->last_collect < kCollectInterval) return;
  slot->last_collect = now;
  std::shared_ptr<const RunList> runs;
  {
    const std::lock_guard lock(mutex_);
    runs = slot->runs;
  }
  for (const RunBufferPtr& run : *runs) {
    if (out->size() >= max_chunks) return;
    run->Collect(now, max_chunks - out->size(), out);
  }
}

void StoreImpl::OnWritten(const std::vector<ChunkPtr>& chunks) {
  for (const ChunkPtr& pending : chunks) {
    const auto chunk = std::static_pointer_cast<StreamChunk>(pending);
    chunk->run_buffer->MarkWritten(*chunk);
  }
}

void StoreImpl::OnDurable(VolumeNo volume, const std::vector<ChunkPtr>& chunks) {
  const MonoTime now = clock_.MonoNow();
  for (const ChunkPtr& pending : chunks) {
    const auto chunk = std::static_pointer_cast<StreamChunk>(pending);
    chunks_written_.fetch_add(1, std::memory_order_relaxed);
    chunk_bytes_written_.fetch_add(chunk->row.chunk_bytes, std::memory_order_relaxed);
    if (!chunk->run_buffer->Claim(*chunk)) {
      // A copy is durable already, but it may be recycled before this one.
      if (chunk->row.stream != format::kLedgerStream)
        feed_.AddCopy(chunk->row, volume, chunk->serial);
      continue;
    }
    // The feed first: a reader that sees the mark finds the chunk in memory until the index names
    // it.
    if (chunk->row.stream == format::kLedgerStream) {
      chunk->run_buffer->MarkDurable(*chunk);
      chunk->run_buffer->Release(*chunk);
    } else {
      units_durable_.fetch_add(chunk->row.unit_count, std::memory_order_relaxed);
      bytes_durable_.fetch_add(chunk->payload_bytes, std::memory_order_relaxed);
      acknowledgement_.Count(now - chunk->accepted);
      feed_.AddDurable(chunk);
      chunk->run_buffer->MarkDurable(*chunk);
    }
  }
  event_.notify_all();
}

void StoreImpl::OnTrouble(VolumeNo volume, VolumeHealth health, const Status& why,
                          const std::vector<ChunkPtr>& chunks) {
  const std::lock_guard lock(mutex_);
  const bool moves = health == VolumeHealth::kStalled || health == VolumeHealth::kOffline;
  VolumeSlot* other = moves ? PickVolume(volume) : nullptr;
  std::map<RunBufferPtr, std::vector<StreamChunkPtr>> by_run;
  for (const ChunkPtr& pending : chunks) {
    auto chunk = std::static_pointer_cast<StreamChunk>(pending);
    const bool in_flight = chunk->serial.value != 0;
    if (in_flight) {
      const bool stays =
          other == nullptr || chunk->copied || chunk->row.stream == format::kLedgerStream;
      if (stays) continue;
      StreamChunkPtr copy = CopyChunk(*chunk);
      if (copy == nullptr) continue;  // no memory: it stays where it is and may yet come through
      chunk->copied = true;
      chunk = std::move(copy);
    }
    const RunBufferPtr run = chunk->run_buffer;
    by_run[run].push_back(std::move(chunk));
  }
  for (const auto& [run, list] : by_run) run->TakeBack(list);
  if (moves) MoveRuns(volume, why.message());
}

// With the lock held. Streams of `volume` go on on others, as far as any can be used.
void StoreImpl::MoveRuns(VolumeNo volume, const std::string& why) {
  size_t moved = 0;
  for (auto& [stream, runs] : runs_) {
    for (const std::shared_ptr<ActiveRun>& run : runs) {
      if (run->volume.load() != volume) continue;
      VolumeSlot* slot = PickVolume(volume);
      if (slot == nullptr) return;
      Assign(run, slot);
      ++moved;
    }
  }
  if (moved == 0) return;
  Log(LogLevel::kWarning, std::to_string(moved) + " streams move from volume " +
                              std::to_string(volume.value) + " to others: " + why);
}

// A stall that would last longer than a stream's buffer is one at once, if another volume can help.
void StoreImpl::SpillFilling(const std::vector<std::shared_ptr<ActiveRun>>& runs) {
  const std::lock_guard lock(mutex_);
  if (volumes_.size() < 2) return;
  for (const std::shared_ptr<ActiveRun>& run : runs) {
    if (!run->buffer->filling()) continue;
    VolumeSlot* slot = Slot(run->volume);
    if (slot->volume && PickVolume(run->volume) != nullptr) slot->volume->Spill();
  }
}

// Where every volume was in trouble when one went offline, another may have recovered since.
void StoreImpl::MoveOffOffline() {
  const std::lock_guard lock(mutex_);
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    const bool offline = slot->volume && slot->volume->health() == VolumeHealth::kOffline;
    if (offline) MoveRuns(slot->node.number, "it is offline");
  }
}

void StoreImpl::OnSegment(const SegmentRow& row, const std::vector<format::ChunkRow>& rows) {
  if (row.retention_class == kLedgerClass) Slot(row.volume)->ledger_grew = true;
  if (row.retention_class == kLedgerClass && !rows.empty()) {
    const Status read = ReadLedgerSegment(row.volume, row.serial, rows);
    VolumeSlot* slot = Slot(row.volume);
    if (read.ok()) {
      slot->ledger_unread.erase(row.serial);
      JudgeLedger(slot);
    } else {
      slot->ledger_unread.insert(row.serial);
      Log(LogLevel::kError, "ledger segment " + std::to_string(row.serial.value) + " on " +
                                slot->node.path +
                                " is kept, not all of it can be read: " + read.ToString());
    }
    IndexBatch batch;
    ledger_.AddRows(&batch);
    batch.segments.push_back(row);
    feed_.Add(batch);
    return;
  }
  feed_.AddSegment(row, rows);
}

void StoreImpl::OnSalvage(const SalvageReport& report) {
  segments_salvaged_.fetch_add(1, std::memory_order_relaxed);
  acknowledged_lost_.fetch_add(report.lost_acknowledged_count, std::memory_order_relaxed);
}

void StoreImpl::OnRecycled(const SegmentRow& row) {
  segments_recycled_.fetch_add(1, std::memory_order_relaxed);
  VolumeSlot* slot = Slot(row.volume);
  format::RetiredRecord receipt;
  receipt.volume = slot->node.id;
  receipt.serial = row.serial;
  receipt.uid = row.uid;
  receipt.retired = clock_.WallNow();
  receipt.begin = row.begin;
  receipt.end = row.end;
  receipt.chunk_count = row.chunk_count;
  ledger_.Apply(receipt);
  const Result<UnitNumber> written = AppendLedger(slot, receipt);
  if (written.ok()) {
    slot->receipts_end = *written;
    slot->ledger.buffer->Flush();
  } else {
    Log(LogLevel::kWarning, "no receipt for a recycled segment: " + written.status().ToString());
  }
  IndexBatch batch;
  batch.segments.push_back(row);
  feed_.Add(batch);
}

bool StoreImpl::MayReuse(VolumeNo volume) {
  const VolumeSlot* slot = Slot(volume);
  return slot->ledger.buffer->IsDurable(slot->receipts_end);
}

bool StoreImpl::MayRecycle(const SegmentRow& row) {
  (void)row;
  return true;
}

Result<SegmentLease> StoreImpl::Lease(VolumeNo volume, SegmentSerial serial) {
  VolumeSlot* slot = Slot(volume);
  if (slot == nullptr || slot->pool() == nullptr) {
    return Unavailable("volume " + std::to_string(volume.value) + " is away");
  }
  return slot->pool()->Lease(serial);
}

std::vector<LiveChunk> StoreImpl::Live(StreamId stream) {
  std::vector<std::shared_ptr<ActiveRun>> runs;
  {
    const std::lock_guard lock(mutex_);
    const auto at = runs_.find(stream);
    if (at == runs_.end()) return {};
    runs = at->second;
  }
  std::vector<LiveChunk> live;
  for (const std::shared_ptr<ActiveRun>& run : runs) {
    for (LiveChunk& chunk : run->buffer->Live()) live.push_back(std::move(chunk));
  }
  return live;
}

bool StoreImpl::IsRecording(StreamId stream, RunId run) {
  const std::lock_guard lock(mutex_);
  const auto at = runs_.find(stream);
  if (at == runs_.end()) return false;
  for (const std::shared_ptr<ActiveRun>& active : at->second) {
    if (active->buffer->identity().run == run) return !active->end;
  }
  return false;
}

uint64_t StoreImpl::WaitForMore(StreamId stream, uint64_t seen, Duration wait) {
  (void)stream;
  WaitFor([&] { return accepted_counter_.load(std::memory_order_acquire) != seen; }, wait);
  return accepted_counter_.load(std::memory_order_acquire);
}

void StoreImpl::OnDamage(StreamId stream, const Status& status) {
  reads_damaged_.fetch_add(1, std::memory_order_relaxed);
  Log(LogLevel::kError, "stream " + ToString(stream) + ": " + status.ToString());
}

}  // namespace reel
