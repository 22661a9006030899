#include "engine/volume/superblock_file.h"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/base/aligned.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/format/record_slots.h"
#include "engine/io/transfer.h"

namespace reel {
namespace {

using format::kSuperblockSlotBytes;
using format::kSuperblockSlots;
using format::Superblock;

// From one slot to the next: the granule, so that a write to one never harms another. Told by the
// file's size, since the granule stands inside.
uint64_t SlotDistance(const File& file) {
  const uint64_t distance = file.size_bytes() / kSuperblockSlots;
  return std::max<uint64_t>(RoundDown(distance, kSuperblockSlotBytes), kSuperblockSlotBytes);
}

Status WriteSlots(File& file, const Superblock& superblock) {
  AlignedBytes bytes(kSuperblockSlotBytes);
  EncodeSuperblock(superblock,
                   std::span<std::byte, kSuperblockSlotBytes>(bytes.data(), kSuperblockSlotBytes));
  for (const uint32_t slot : format::SlotsOf(superblock.sequence)) {
    REEL_RETURN_IF_ERROR(WriteFully(file, slot * SlotDistance(file), bytes.span()));
    REEL_RETURN_IF_ERROR(file.Sync());
  }
  return OkStatus();
}

}  // namespace

Result<Superblock> ReadSuperblock(Disk& disk, std::vector<std::string>* notes) {
  Result<std::unique_ptr<File>> file = disk.Open(kSuperblockName, OpenMode::kReadOnly);
  if (!file.ok()) {
    if (file.status().code() != Code::kNotFound) return file.status();
    return NotFound(disk.description() + " is not a reel volume (it has no file '" +
                    kSuperblockName + "')");
  }
  std::optional<Superblock> ruling;
  std::array<bool, kSuperblockSlots> unreadable{};
  // What is said when none rules. A file of zeros is a making that was cut short.
  Status refusal = NotFound(disk.description() + " holds an empty superblock file, no volume");
  for (uint32_t i = 0; i < kSuperblockSlots; ++i) {
    AlignedBytes slot(kSuperblockSlotBytes);
    const Status read = ReadExactly(**file, i * SlotDistance(**file), slot.span());
    if (!read.ok()) {
      unreadable[i] = true;
      refusal = read.WithContext(disk.description());
      if (notes != nullptr)
        notes->push_back("copy " + std::to_string(i) + " of the superblock: " + read.message());
      continue;
    }
    const bool unused = std::all_of(slot.data(), slot.data() + slot.size(),
                                    [](std::byte b) { return b == std::byte{0}; });
    if (unused) continue;
    const Result<Superblock> found = format::DecodeSuperblock(slot.span());
    if (!found.ok() && found.status().code() == Code::kFailedPrecondition) {
      return found.status().WithContext(disk.description());
    }
    if (!found.ok()) {
      unreadable[i] = true;
      refusal = DataLoss(disk.description() + ": the superblock cannot be verified (" +
                         found.status().message() + ")");
      continue;
    }
    if (!ruling || found->sequence > ruling->sequence) ruling = *found;
  }
  if (ruling && !format::VersionLost(unreadable)) return *ruling;
  return refusal;
}

Status CheckNotOlder(const Disk& disk, const Superblock& superblock, Epoch least) {
  if (superblock.epoch >= least) return OkStatus();
  return FailedPrecondition(
      disk.description() + " is an older copy of volume " + ToString(superblock.volume) +
      " (opened " + std::to_string(superblock.epoch.value) + " times, this node opened it " +
      std::to_string(least.value) + " times): mount the right disk");
}

Status WriteSuperblock(Disk& disk, const Superblock& superblock) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                        disk.Open(kSuperblockName, OpenMode::kReadWrite));
  return WriteSlots(*file, superblock);
}

Status CreateSuperblock(Disk& disk, const Superblock& superblock) {
  REEL_CHECK(superblock.sequence == 1, "a new superblock begins at 1");
  const Result<Superblock> present = ReadSuperblock(disk);
  if (present.ok()) {
    return AlreadyExists(disk.description() + " already holds volume " + ToString(present->volume));
  }
  if (present.status().code() != Code::kNotFound) return present.status();
  const uint64_t size_bytes = uint64_t{kSuperblockSlots} * superblock.granule_bytes;
  Result<std::unique_ptr<File>> file = disk.Open(kSuperblockName, OpenMode::kReadWrite);
  if (file.ok() && (*file)->size_bytes() != size_bytes) {
    REEL_RETURN_IF_ERROR(disk.Remove(kSuperblockName));
    file = NotFound("an empty file of another size was removed");
  }
  if (!file.ok() && file.status().code() == Code::kNotFound) {
    file = disk.Create(kSuperblockName, size_bytes);
  }
  if (!file.ok()) return file.status();
  return WriteSlots(**file, superblock);
}

}  // namespace reel
