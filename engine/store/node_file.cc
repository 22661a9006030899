#include "engine/store/node_file.h"

#include <optional>

#include "engine/base/aligned.h"
#include "engine/io/transfer.h"

namespace reel {

using format::kNodeSlotBytes;
using format::kNodeSlots;

Result<format::NodeState> ReadNodeState(Disk& disk) {
  Result<std::unique_ptr<File>> file = disk.Open(kNodeFileName, OpenMode::kReadOnly);
  if (!file.ok()) {
    if (file.status().code() != Code::kNotFound) return file.status();
    return NotFound(disk.description() + " is not a reel node: make one with 'reel init'");
  }
  std::optional<format::NodeState> ruling;
  Status refusal = NotFound(disk.description() +
                            " holds an empty node file: make the node anew with 'reel init'");
  for (uint32_t i = 0; i < kNodeSlots; ++i) {
    AlignedBytes slot(kNodeSlotBytes);
    REEL_RETURN_IF_ERROR(ReadExactly(**file, uint64_t{i} * kNodeSlotBytes, slot.span()));
    Result<format::NodeState> found = format::DecodeNodeState(slot.span());
    if (!found.ok()) {
      if (found.status().code() == Code::kFailedPrecondition)
        return found.status().WithContext(disk.description());
      if (found.status().code() == Code::kDataLoss)
        refusal = found.status().WithContext(disk.description());
      continue;
    }
    if (!ruling || found->sequence > ruling->sequence) ruling = std::move(*found);
  }
  if (ruling) return *ruling;
  return refusal;
}

Status WriteNodeState(Disk& disk, format::NodeState* state) {
  Result<std::unique_ptr<File>> file = disk.Open(kNodeFileName, OpenMode::kReadWrite);
  if (!file.ok() && file.status().code() == Code::kNotFound) {
    file = disk.Create(kNodeFileName, uint64_t{kNodeSlots} * kNodeSlotBytes);
  }
  if (!file.ok()) return file.status();
  ++state->sequence;
  AlignedBytes slot(kNodeSlotBytes);
  REEL_RETURN_IF_ERROR(format::EncodeNodeState(*state, slot.span()));
  const uint64_t offset = state->sequence % kNodeSlots * kNodeSlotBytes;
  REEL_RETURN_IF_ERROR(WriteFully(**file, offset, slot.span()));
  return (*file)->Sync();
}

}  // namespace reel
