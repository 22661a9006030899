// The node file in the state directory: who this node is and which volumes it owns. Four slots of
// 64 KiB, written as SlotsOf says; the valid one with the highest sequence rules.
#pragma once

#include <string>
#include <vector>

#include "engine/format/wire.h"
#include "reel/index.h"

namespace reel::format {

inline constexpr uint32_t kNodeMagic = Magic("RNOD");
inline constexpr uint32_t kNodeSlots = kRecordSlots;
inline constexpr uint32_t kNodeSlotBytes = 64U << 10;
inline constexpr size_t kMaxVolumes = 128;
inline constexpr size_t kMaxPathBytes = 400;

struct NodeVolume {
  VolumeNo number;
  VolumeId id;
  Epoch
      last_epoch;  // the volume's open id when this node last opened it; an older volume is refused
  // As the operator gave it, made absolute. Empty: the volume is forgotten, and stays here so that
  // its number is never given again.
  std::string path;
  bool forgotten() const { return path.empty(); }
  bool operator==(const NodeVolume&) const = default;
};

struct NodeState {
  uint64_t sequence = 0;
  NodeId node;
  uint64_t incarnation = 0;  // rises each time the node is opened for writing
  std::vector<NodeVolume> volumes;
  bool operator==(const NodeState&) const = default;
};

// InvalidArgument, ResourceExhausted: paths too long, a volume twice, too many. REQUIRES: `slot`
// has kNodeSlotBytes.
Status EncodeNodeState(const NodeState& state, MutableByteSpan slot);

// NotFound: no node state; DataLoss: damaged; FailedPrecondition: of a version this program does
// not know.
Result<NodeState> DecodeNodeState(ByteSpan slot);

}  // namespace reel::format
