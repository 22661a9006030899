// What an earlier session, or a failure in this one, left open.
#include "engine/base/aligned.h"
#include "engine/io/transfer.h"
#include "engine/segment/geometry.h"
#include "engine/volume/segment_pool.h"

namespace reel {

// Nobody knows what the device made of the mark that failed: the life is what it was, lest one that
// was called gone comes back (L3).
void SegmentPool::KeepSealed(SegmentSerial serial, uint32_t file_number) {
  const std::lock_guard lock(mutex_);
  Entry& entry = files_[file_number];
  entry.state = FileState::kSealed;
  entry.refused_free = true;
  vacating_.erase(serial);
  by_serial_[serial] = file_number;
}

Status SegmentPool::Confirm(uint32_t file_number) {
  format::SegmentHeader header;
  {
    const std::lock_guard lock(mutex_);
    const auto at = files_.find(file_number);
    if (at == files_.end() || read_only_) return OkStatus();
    header = at->second.header;
  }
  if (header.serial == SegmentSerial{}) return OkStatus();  // never held a life
  REEL_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, FileOf(file_number));
  return WriteLifeOf(file_number, *file, header).WithContext(NameOf(file_number));
}

Status SegmentPool::WriteLifeOf(uint32_t file_number, File& file,
                                const format::SegmentHeader& header) {
  std::optional<uint64_t> in_doubt;
  {
    const std::lock_guard lock(mutex_);
    in_doubt = files_[file_number].copy_in_doubt;
  }
  Status status = WriteLife(file, header, &in_doubt);
  const std::lock_guard lock(mutex_);
  Entry& entry = files_[file_number];
  entry.copy_in_doubt = in_doubt;
  if (in_doubt) {
    entry.header.generation = header.generation;  // which the next writing goes beyond
    lives_in_doubt_.insert(file_number);
  } else {
    lives_in_doubt_.erase(file_number);
  }
  return status;
}

bool SegmentPool::AnyLifeInDoubt() const {
  const std::lock_guard lock(mutex_);
  return !lives_in_doubt_.empty();
}

bool SegmentPool::SettleLife() {
  uint32_t file_number = 0;
  format::SegmentHeader header;
  {
    const std::lock_guard lock(mutex_);
    if (lives_in_doubt_.empty()) return false;
    file_number = *lives_in_doubt_.begin();
    const Entry& entry = files_[file_number];
    header = entry.header;
    ++header.generation;
    // Nothing was recorded there, or what was has been let go: of that the mark may be durable.
    const bool was_to_go = entry.state == FileState::kDamaged || entry.refused_free;
    if (was_to_go) header.state = format::LifeState::kFree;
  }
  const Result<std::shared_ptr<File>> file = FileOf(file_number);
  const Status written = file.ok() ? WriteLifeOf(file_number, **file, header) : file.status();
  const std::lock_guard lock(mutex_);
  lives_in_doubt_.erase(file_number);
  if (written.ok()) files_[file_number].header.generation = header.generation;
  return true;
}

Result<std::optional<format::Footer>> SegmentPool::Settle(SegmentSerial serial) {
  {
    const std::lock_guard lock(mutex_);
    if (InState(serial, FileState::kBroken).footer_in_doubt) return std::optional<format::Footer>{};
  }
  REEL_ASSIGN_OR_RETURN(const SegmentLease lease, Lease(serial));
  Result<std::optional<format::Footer>> footer = ReadFooter(lease.file(), lease.header());
  if (!footer.ok() || !footer->has_value()) return footer;
  // A process that died between a footer's write and its sync left one that a power cut may take.
  Status synced = lease.file().Sync();
  const std::lock_guard lock(mutex_);
  Entry& entry = InState(serial, FileState::kBroken);
  entry.footer_in_doubt = entry.chunks_in_doubt = !synced.ok();
  REEL_RETURN_IF_ERROR(synced);
  entry.state = FileState::kSealed;
  return footer;
}

std::optional<format::SegmentHeader> SegmentPool::NextBroken() const {
  const std::lock_guard lock(mutex_);
  for (auto at = by_serial_.lower_bound(broken_from_); at != by_serial_.end(); ++at) {
    broken_from_ = at->first;
    if (files_.at(at->second).state == FileState::kBroken) return files_.at(at->second).header;
  }
  return std::nullopt;
}

// R3: what is served from here on survives the next crash. What a failed sync left in doubt is
// written again first, the same bytes at the same place; never what is known to be durable, which
// a power cut could tear (O1).
Status SegmentPool::SyncSalvaged(SegmentSerial serial, File& file, const SalvageReport& report) {
  bool in_doubt = false;
  {
    const std::lock_guard lock(mutex_);
    in_doubt = InState(serial, FileState::kBroken).chunks_in_doubt;
  }
  for (const format::ChunkRow& row : report.rows) {
    if (!in_doubt) break;
    if (row.seq <= report.durable_seq) continue;
    AlignedBytes bytes(row.chunk_bytes);
    REEL_RETURN_IF_ERROR(ReadExactly(file, row.offset_bytes, bytes.span()));
    REEL_RETURN_IF_ERROR(WriteFully(file, row.offset_bytes, bytes.span()));
  }
  Status synced = file.Sync();
  const std::lock_guard lock(mutex_);
  InState(serial, FileState::kBroken).chunks_in_doubt = !synced.ok();
  return synced;
}

Result<SalvageReport> SegmentPool::SalvageBroken(SegmentSerial serial, ChunkSeq known_durable_seq,
                                                 bool write, const std::function<void()>& between) {
  uint32_t file_number = 0;
  format::SegmentHeader header;
  std::optional<ChunkSeq> abandoned_at;
  {
    const std::lock_guard lock(mutex_);
    const Entry& entry = InState(serial, FileState::kBroken);
    header = entry.header;
    abandoned_at = entry.abandoned_at;
    file_number = by_serial_[serial];
  }
  if (abandoned_at) known_durable_seq = std::max(known_durable_seq, *abandoned_at);
  REEL_ASSIGN_OR_RETURN(const std::shared_ptr<File> file, FileOf(file_number));
  REEL_ASSIGN_OR_RETURN(SalvageReport report, Salvage(*file, header, known_durable_seq, between));
  if (!write) return report;
  // Rows and ids go by seq.
  while (abandoned_at && !report.rows.empty() && report.rows.back().seq > *abandoned_at) {
    report.rows.pop_back();
    report.content_ids.pop_back();
  }
  if (report.rows.empty() && !report.damaged()) {
    REEL_RETURN_IF_ERROR(Free(file_number));
    return report;
  }
  REEL_RETURN_IF_ERROR(SyncSalvaged(serial, *file, report));
  format::DirectoryEncoder directory;
  for (const format::ChunkRow& row : report.rows) directory.Append(row);
  format::FooterHead head;
  head.retention_class = header.retention_class;
  head.uid = header.uid;
  head.serial = header.serial;
  head.epoch = header.epoch;
  const Bytes footer = directory.Encode(head, report.content_ids);
  // With rows missing the others may say more each; what has no footer is known by its chunks.
  const bool fits = footer.size() <= header.segment_bytes - header.footer_offset_bytes;
  const Status written = fits ? WriteFooter(*file, header, footer) : OkStatus();
  const std::lock_guard lock(mutex_);
  Entry& entry = InState(serial, FileState::kBroken);
  entry.footer_in_doubt = !written.ok();
  REEL_RETURN_IF_ERROR(written);
  entry.state = FileState::kSealed;
  return report;
}

}  // namespace reel
