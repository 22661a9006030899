#include "engine/store/node_file.h"

#include <array>
#include <optional>

#include "engine/base/aligned.h"
#include "engine/format/record_slots.h"
#include "engine/io/transfer.h"

namespace reel {

using format::kNodeSlotBytes;
using format::kNodeSlots;

Result<format::NodeState> ReadNodeState(Disk& disk, std::vector<std::string>* notes) {
  Result<std::unique_ptr<File>> file = disk.Open(kNodeFileName, OpenMode::kReadOnly);
  if (!file.ok()) {
    if (file.status().code() != Code::kNotFound) return file.status();
    return NotFound(disk.description() + " is not a reel node: make one with 'reel init'");
  }
  std::optional<format::NodeState> ruling;
  std::array<bool, kNodeSlots> unreadable{};
  Status refusal = NotFound(disk.description() +
                            " holds an empty node file: make the node anew with 'reel init'");
  for (uint32_t i = 0; i < kNodeSlots; ++i) {
    AlignedBytes slot(kNodeSlotBytes);
    const Status read = ReadExactly(**file, uint64_t{i} * kNodeSlotBytes, slot.span());
    if (!read.ok()) {
      unreadable[i] = true;
      refusal = read.WithContext(disk.description());
      if (notes != nullptr)
        notes->push_back("copy " + std::to_string(i) + " of the node file: " + read.message());
      continue;
    }
    Result<format::NodeState> found = format::DecodeNodeState(slot.span());
    if (!found.ok()) {
      if (found.status().code() == Code::kFailedPrecondition)
        return found.status().WithContext(disk.description());
      if (found.status().code() == Code::kDataLoss) {
        unreadable[i] = true;
        refusal = found.status().WithContext(disk.description());
      }
      continue;
    }
    if (!ruling || found->sequence > ruling->sequence) ruling = std::move(*found);
  }
  if (ruling && !format::VersionLost(unreadable)) return *ruling;
  return refusal;
}

Status WriteNodeState(Disk& disk, format::NodeState* state) {
  Result<std::unique_ptr<File>> file = disk.Open(kNodeFileName, OpenMode::kReadWrite);
  if (!file.ok() && file.status().code() == Code::kNotFound) {
    file = disk.Create(kNodeFileName, uint64_t{kNodeSlots} * kNodeSlotBytes);
  }
  if (!file.ok()) return file.status();
  ++state->sequence;
  AlignedBytes bytes(kNodeSlotBytes);
  REEL_RETURN_IF_ERROR(format::EncodeNodeState(*state, bytes.span()));
  for (const uint32_t slot : format::SlotsOf(state->sequence)) {
    REEL_RETURN_IF_ERROR(WriteFully(**file, uint64_t{slot} * kNodeSlotBytes, bytes.span()));
    REEL_RETURN_IF_ERROR((*file)->Sync());
  }
  return OkStatus();
}

}  // namespace reel
