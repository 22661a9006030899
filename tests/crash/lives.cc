#include "tests/crash/lives.h"

#include <algorithm>

#include "engine/format/chunk.h"
#include "engine/format/footer.h"

namespace reel::crash {

bool IsSegmentName(const std::string& name) { return name.rfind("segment-", 0) == 0; }

std::optional<format::SegmentHeader> RulingHeader(const SimImage& image, uint32_t granule_bytes) {
  std::optional<format::SegmentHeader> ruling;
  for (const uint64_t offset : {uint64_t{0}, uint64_t{granule_bytes}}) {
    Bytes block(format::kBlockBytes);
    image.Read(offset, block);
    const auto header = format::DecodeSegmentHeader(block);
    if (header.ok() && (!ruling || header->generation > ruling->generation)) ruling = *header;
  }
  return ruling;
}

namespace {

bool Names(const format::Footer& footer, ChunkSeq seq) {
  return std::any_of(footer.rows.begin(), footer.rows.end(),
                     [seq](const format::ChunkRow& row) { return row.seq == seq; });
}

}  // namespace

Lives::Lives(SimWorld& world)
    : granule_bytes_(world.options().granule_bytes), disks_(world.disk_count()) {
  for (size_t disk = 1; disk < disks_.size(); ++disk) {
    const SimDiskState& state = world.disk(disk).state();
    for (const auto& [name, inode] : state.names()) {
      if (!IsSegmentName(name)) continue;
      FileState& file = disks_[disk].files[inode];
      file.name = name;
      ScanFile(disk, &file, state.inode(inode).visible);
    }
  }
}

void Lives::ScanFile(size_t disk, FileState* file, const SimImage& image) {
  const std::optional<format::SegmentHeader> ruling = RulingHeader(image, granule_bytes_);
  if (!ruling || ruling->state == format::LifeState::kFree) return;
  file->life = lives_.size();
  lives_.push_back({disk, file->name, ruling->uid, ruling->serial.value});
  Bytes whole(image.size_bytes());
  image.Read(0, whole);
  const ByteSpan bytes(whole);
  const auto footer = format::DecodeFooter(bytes.subspan(ruling->footer_offset_bytes), ruling->uid);
  for (uint64_t at = 2 * uint64_t{granule_bytes_}; at < ruling->footer_offset_bytes;
       at += format::kBlockBytes) {
    const auto head = format::DecodeChunkHead(bytes.subspan(at, ruling->footer_offset_bytes - at),
                                              ruling->uid, at);
    // Chunks that a footer leaves out were written anew elsewhere.
    if (!head.ok() || (footer.ok() && !Names(*footer, head->place.seq))) continue;
    if (at + head->place.chunk_bytes > ruling->footer_offset_bytes) continue;
    if (!format::VerifyChunk(*head, bytes.subspan(at, head->place.chunk_bytes)).ok()) continue;
    copies_[head->content.run].push_back({file->life, head->content.first_unit.value,
                                          head->end_unit().value, at, head->place.chunk_bytes, 0,
                                          0});
  }
}

void Lives::ReadOn(SimWorld& world) {
  for (size_t disk = 1; disk < disks_.size(); ++disk) {
    const std::vector<SimOp>& journal = world.disk(disk).journal();
    for (size_t& i = disks_[disk].read; i < journal.size(); ++i) Read(disk, journal[i], i);
  }
}

void Lives::Read(size_t disk, const SimOp& op, uint64_t at) {
  std::map<uint32_t, FileState>& files = disks_[disk].files;
  if (op.kind == SimOpKind::kCreateBegin) {
    if (IsSegmentName(op.name)) files[op.inode].name = op.name;
    return;
  }
  const auto found = files.find(op.inode);
  if (found == files.end()) return;
  FileState& file = found->second;
  switch (op.kind) {
    case SimOpKind::kWriteBegin:
      ReadWrite(disk, &file, op, at);
      break;
    case SimOpKind::kWriteEnd:
      for (Pending& write : file.pending) {
        if (write.begin == op.begin && op.result > 0) write.completed_at = at;
      }
      break;
    case SimOpKind::kSyncEnd:
      Synced(&file, op, at);
      break;
    default:
      break;
  }
}

void Lives::ReadWrite(size_t disk, FileState* file, const SimOp& op, uint64_t at) {
  Pending write;
  // Journals number their entries from what the world began with, which is 0.
  write.begin = at;
  if (op.offset_bytes < 2 * uint64_t{granule_bytes_}) {
    const auto header = format::DecodeSegmentHeader(*op.data);
    if (header.ok()) ReadHeader(disk, file, *header, at, &write);
  } else if (file->life != SIZE_MAX) {
    const auto head = format::DecodeChunkHead(*op.data, lives_[file->life].uid, op.offset_bytes);
    if (!head.ok()) return;
    write.run = head->content.run;
    std::vector<Copy>& copies = copies_[write.run];
    write.copy = copies.size();
    copies.push_back({file->life, head->content.first_unit.value, head->end_unit().value,
                      op.offset_bytes, op.data->size(), at + 1, kNever});
  }
  if (write.copy != SIZE_MAX || write.freed_life != SIZE_MAX) file->pending.push_back(write);
}

void Lives::ReadHeader(size_t disk, FileState* file, const format::SegmentHeader& header,
                       uint64_t at, Pending* write) {
  if (header.state == format::LifeState::kFree) {
    if (file->life == SIZE_MAX) return;
    lives_[file->life].freed_at = std::min(lives_[file->life].freed_at, at + 1);
    write->freed_life = file->life;
    return;
  }
  if (file->life != SIZE_MAX && lives_[file->life].uid == header.uid) return;
  if (file->life != SIZE_MAX) {
    lives_[file->life].freed_at = std::min(lives_[file->life].freed_at, at + 1);
  }
  file->life = lives_.size();
  lives_.push_back({disk, file->name, header.uid, header.serial.value});
}

void Lives::Synced(FileState* file, const SimOp& op, uint64_t at) {
  if (op.result < 0) {
    file->pending.clear();  // none of it will ever count
    return;
  }
  for (const Pending& write : file->pending) {
    if (write.completed_at >= op.begin) continue;
    uint64_t& durable_at = write.copy != SIZE_MAX ? copies_[write.run][write.copy].durable_at
                                                  : lives_[write.freed_life].gone_at;
    durable_at = std::min(durable_at, at + 1);
  }
  std::erase_if(file->pending, [&](const Pending& write) { return write.completed_at < op.begin; });
}

bool Lives::Holds(const RunId& run, uint64_t unit) const {
  const auto copies = copies_.find(run);
  if (copies == copies_.end()) return false;
  return std::any_of(copies->second.begin(), copies->second.end(), [&](const Copy& copy) {
    return copy.first_unit <= unit && unit < copy.end_unit && lives_[copy.life].freed_at == kNever;
  });
}

bool Lives::MayBeGone(const RunId& run, uint64_t unit, const Cut& cut) const {
  const auto copies = copies_.find(run);
  if (copies == copies_.end()) return false;
  return std::any_of(copies->second.begin(), copies->second.end(), [&](const Copy& copy) {
    const Life& life = lives_[copy.life];
    return copy.first_unit <= unit && unit < copy.end_unit && copy.durable_at <= cut[life.disk] &&
           life.freed_at <= cut[life.disk];
  });
}

bool Lives::MustBeGone(const RunId& run, uint64_t unit, const Cut& cut) const {
  const auto copies = copies_.find(run);
  if (copies == copies_.end()) return false;
  bool was_there = false;
  for (const Copy& copy : copies->second) {
    const Life& life = lives_[copy.life];
    const bool holds = copy.first_unit <= unit && unit < copy.end_unit;
    if (!holds || copy.written_at > cut[life.disk]) continue;
    if (life.gone_at > cut[life.disk]) return false;
    was_there = true;
  }
  return was_there;
}

std::string Lives::Whereabouts(const RunId& run, uint64_t unit) const {
  const auto when = [](uint64_t at) { return at == kNever ? "never" : std::to_string(at); };
  const auto copies = copies_.find(run);
  std::string text;
  if (copies == copies_.end()) return text;
  for (const Copy& copy : copies->second) {
    if (unit < copy.first_unit || unit >= copy.end_unit) continue;
    const Life& life = lives_[copy.life];
    text += "units " + std::to_string(copy.first_unit) + " to " +
            std::to_string(copy.end_unit - 1) + " in disk " + std::to_string(life.disk) + " " +
            life.file + " serial " + std::to_string(life.serial) + " at " +
            std::to_string(copy.offset_bytes) + ": written at entry " +
            std::to_string(copy.written_at) + ", durable " + when(copy.durable_at) + ", freed " +
            when(life.freed_at) + ", gone " + when(life.gone_at) + "\n";
  }
  return text;
}

}  // namespace reel::crash
