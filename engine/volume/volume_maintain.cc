// Background work of a volume, one blocking step at a time.
#include <algorithm>

#include "engine/base/digest.h"
#include "engine/volume/volume.h"

namespace reel {

bool Volume::Maintain() {
  if (health_ == VolumeHealth::kOffline) return false;
  if (PrepareOrFree() || SealNext() || SalvageNext()) return true;
  return closing_ && pool_->SettleLife();
}

bool Volume::PrepareOrFree() { return closing_ ? pool_->FreeSpare() : PrepareNext(); }

bool Volume::Digest() {
  std::deque<ChunkPtr> chunks;
  {
    const std::lock_guard lock(mutex_);
    std::swap(chunks, to_digest_);
    digesting_ = !chunks.empty();
  }
  if (chunks.empty()) return false;
  while (!chunks.empty()) {
    const PendingChunk& chunk = *chunks.front();
    const ByteSpan content{chunk.buffer.data() + format::kContentOffset, chunk.content_bytes};
    const Digested digested{chunk.serial, chunk.row, {Sha256(content)}};
    chunks.pop_front();  // one at a time: its buffer is free again
    const std::lock_guard lock(mutex_);
    digested_.push_back(digested);
    digesting_ = !chunks.empty();
  }
  return true;
}

bool Volume::HasWork() {
  const std::lock_guard lock(mutex_);
  if (digesting_ || !to_digest_.empty() || !digested_.empty()) return true;
  if (!seal_jobs_.empty() || pool_->NextBroken().has_value()) return true;
  return closing_ && (pool_->HasSpare() || pool_->AnyLifeInDoubt());
}

SegmentRow Volume::RowFor(const format::SegmentHeader& header, SegmentState state) const {
  SegmentRow row;
  row.volume = options_.number;
  row.serial = header.serial;
  row.uid = header.uid;
  row.file_number = header.file_number;
  row.state = state;
  row.retention_class = header.retention_class;
  row.epoch = header.epoch;
  row.begin = kWallMax;
  row.end = kWallMin;
  return row;
}

SegmentRow Volume::RowOfRows(const format::SegmentHeader& header, SegmentState state,
                             const std::vector<format::ChunkRow>& rows) const {
  SegmentRow row = RowFor(header, state);
  for (const format::ChunkRow& chunk : rows) {
    row.begin = std::min(row.begin, chunk.wall_begin);
    row.end = std::max(row.end, chunk.wall_end);
    row.payload_bytes += chunk.chunk_bytes;
    ++row.chunk_count;
  }
  return row;
}

bool Volume::SealNext() {
  SealJob job;
  {
    const std::lock_guard lock(mutex_);
    if (seal_jobs_.empty()) return false;
    job = std::move(seal_jobs_.front());
    seal_jobs_.pop_front();
  }
  const Status sealed = pool_->Seal(job.serial, job.footer);
  if (sealed.ok()) {
    client_.OnSegment(job.row, {});
  } else {
    Log(LogLevel::kError, "segment " + std::to_string(job.serial.value) +
                              " could not be sealed and will be salvaged: " + sealed.ToString());
  }
  return true;
}

bool Volume::PrepareNext() {
  std::optional<ClassId> wanted;
  bool at_once = false;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [retention_class, want] : wanted_spares_) {
      if (want == Want::kNot || pool_->HasSpare(retention_class)) continue;
      if (!wanted) wanted = retention_class;
      at_once |= want == Want::kAtOnce;
    }
  }
  if (!wanted) return false;
  // The ledger goes first: what is waited for stands in it.
  if (*wanted != kLedgerClass && !client_.MayReuse(options_.number)) return false;
  const Status prepared = pool_->PrepareSpare(*wanted, superblock_.epoch);
  if (prepared.ok()) {
    prepare_failures_ = 0;
    queue_->Wake();
    return true;
  }
  if (prepared.code() != Code::kNotFound) {
    ++prepare_failures_;
    Log(LogLevel::kError, "cannot prepare a segment: " + prepared.ToString());
    return true;
  }
  return RecycleNext(at_once);
}

// What it holds, for the receipt, as far as its footer can be read.
SegmentRow Volume::RetiredRow(const format::SegmentHeader& header) {
  if (const Result<SegmentLease> lease = pool_->MaintenanceLease(header.serial); lease.ok()) {
    const Result<std::optional<format::Footer>> footer = ReadFooter(lease->file(), lease->header());
    if (footer.ok() && footer->has_value())
      return RowOfRows(header, SegmentState::kRetired, (*footer)->rows);
  }
  return RowFor(header, SegmentState::kRetired);
}

// A spare is asked for when half a segment is still free: so long who reads the oldest has to let
// it go (L5). With chunks waiting for the spare nobody is waited for.
bool Volume::RecycleNext(bool at_once) {
  const std::optional<SegmentPool::Victim> oldest = pool_->VacateOldest(at_once);
  // What a crash left unsealed is older than what has been sealed since: it is looked at first,
  // lest the newest footage makes room for itself.
  const std::optional<format::SegmentHeader> broken = pool_->NextBroken();
  const bool older_waits = broken && (!oldest || broken->serial < oldest->header.serial);
  if (older_waits && salvaging_) {
    pool_->StopVacating();
    return false;
  }
  if (older_waits && SalvageNext()) {
    pool_->StopVacating();  // it may have been empty
    return true;
  }
  if (!oldest) {
    starving_ = true;
    return false;
  }
  if (!oldest->vacant) return false;
  const SegmentSerial serial = oldest->header.serial;
  const SegmentRow row = RetiredRow(oldest->header);
  if (!client_.MayRecycle(row)) {
    pool_->StopVacating();
    return false;
  }
  const Status recycled = pool_->Recycle(serial);
  if (!recycled.ok()) {
    Log(LogLevel::kError,
        "cannot recycle segment " + std::to_string(serial.value) + ": " + recycled.ToString());
    ++prepare_failures_;
    return true;
  }
  if (oldest->passed_over) {
    Log(LogLevel::kWarning, "segment " + std::to_string(serial.value) + " makes room before " +
                                std::to_string(oldest->passed_over->value) +
                                ", which is still being read");
  }
  client_.OnRecycled(row);
  return true;
}

bool Volume::SalvageNext() {
  const std::optional<format::SegmentHeader> broken = pool_->NextBroken();
  if (!broken) return false;
  // After a failure salvage rests a while: the device may still be in trouble.
  {
    const std::lock_guard lock(mutex_);
    if (clock_.MonoNow() < salvage_not_before_) return false;
  }
  const Result<std::optional<format::Footer>> footer = pool_->Settle(broken->serial);
  if (footer.ok() && footer->has_value()) {
    client_.OnSegment(RowOfRows(*broken, SegmentState::kSealed, (*footer)->rows), (*footer)->rows);
    return true;
  }
  // Recording does not wait for what a crash left: segments are made ready and sealed meanwhile.
  salvaging_ = true;
  Result<SalvageReport> report = pool_->SalvageBroken(broken->serial, {}, /*write=*/true, [this] {
    static_cast<void>(PrepareOrFree() || SealNext());
  });
  salvaging_ = false;
  if (!report.ok()) {
    Log(LogLevel::kError, "segment " + std::to_string(broken->serial.value) +
                              " cannot be salvaged: " + report.status().ToString());
    const std::lock_guard lock(mutex_);
    salvage_not_before_ = clock_.MonoNow() + options_.offline_after;
    return false;
  }
  client_.OnSalvage(*report);
  if (report->damaged()) {
    Log(LogLevel::kError, "segment " + std::to_string(broken->serial.value) +
                              " is damaged: " + std::to_string(report->lost_acknowledged_count) +
                              " acknowledged chunks are missing, " +
                              std::to_string(report->broken_links) + " links broken, " +
                              std::to_string(report->unreadable_blocks) + " blocks unreadable");
  }
  const bool empty = report->rows.empty() && !report->damaged();
  const SegmentRow row =
      RowOfRows(*broken, empty ? SegmentState::kRetired : SegmentState::kSealed, report->rows);
  client_.OnSegment(row, report->rows);
  return true;
}

}  // namespace reel
