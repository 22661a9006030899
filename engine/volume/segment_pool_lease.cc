// Who reads a segment, and which one makes room.
#include "engine/volume/segment_pool.h"

namespace reel {

std::optional<SegmentPool::Victim> SegmentPool::VacateOldest(bool at_once) {
  const std::lock_guard lock(mutex_);
  const MonoTime now = clock_.MonoNow();
  std::optional<SegmentSerial> passed_over;
  bool waiting = false;
  for (const auto& [serial, number] : by_serial_) {
    const Entry& entry = files_.at(number);
    const bool may_go = entry.state == FileState::kSealed &&
                        entry.header.retention_class != kLedgerClass && !entry.refused_free;
    if (!may_go) continue;
    const bool vacant = entry.pin.use_count() == 1;
    // One at a time is waited for: the others are read as long as they are there.
    if (vacant || !waiting) {
      const MonoTime since = vacating_.try_emplace(serial, now).first->second;
      waiting = !vacant && now - since < kVacateMax;
      if (vacant || (waiting && !at_once)) return Victim{entry.header, vacant, passed_over};
    }
    if (!passed_over) passed_over = serial;
  }
  return std::nullopt;
}

void SegmentPool::StopVacating() {
  const std::lock_guard lock(mutex_);
  vacating_.clear();
}

bool SegmentPool::IsVacating(SegmentSerial serial) const {
  const std::lock_guard lock(mutex_);
  return vacating_.contains(serial);
}

Status SegmentPool::Recycle(SegmentSerial serial) {
  uint32_t file_number = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto at = by_serial_.find(serial);
    if (at == by_serial_.end())
      return NotFound("no segment with serial " + std::to_string(serial.value));
    file_number = at->second;
  }
  // Opened before the state changes: a file that cannot be opened stays what it is.
  const Result<std::shared_ptr<File>> file = FileOf(file_number);
  if (!file.ok()) {
    StopVacating();
    return file.status();
  }
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = files_[file_number];
    const bool same = entry.header.serial == serial && entry.state == FileState::kSealed;
    if (!same || entry.pin.use_count() != 1) {
      return FailedPrecondition("segment " + std::to_string(serial.value) + " is in use");
    }
    entry.state = FileState::kRecycling;  // refuses new leases; not yet free (L3)
  }
  Status freed = Free(file_number);
  if (!freed.ok()) KeepSealed(serial, file_number);
  return freed;
}

Result<SegmentLease> SegmentPool::Lease(SegmentSerial serial) {
  return TakeLease(serial, /*of_vacating=*/false);
}

Result<SegmentLease> SegmentPool::MaintenanceLease(SegmentSerial serial) {
  return TakeLease(serial, /*of_vacating=*/true);
}

Result<SegmentLease> SegmentPool::TakeLease(SegmentSerial serial, bool of_vacating) {
  uint32_t file_number = 0;
  format::SegmentHeader header;
  std::shared_ptr<void> pin;
  {
    const std::lock_guard lock(mutex_);
    const auto at = by_serial_.find(serial);
    const Entry* const entry = at == by_serial_.end() ? nullptr : &files_[at->second];
    const bool gone = entry == nullptr || entry->state == FileState::kRecycling ||
                      (!of_vacating && vacating_.contains(serial));
    if (gone) return NotFound("segment " + std::to_string(serial.value) + " has been recycled");
    file_number = at->second;
    header = entry->header;
    pin = entry->pin;
  }
  Result<std::shared_ptr<File>> file = FileOf(file_number);
  if (!file.ok()) file = FileOf(file_number);  // devices fail once in passing
  if (!file.ok()) return file.status();
  return SegmentLease(*std::move(file), header, std::move(pin));
}

}  // namespace reel
