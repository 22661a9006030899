#include "engine/format/node_state.h"

#include <algorithm>
#include <set>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"

namespace reel::format {
namespace {

// The head: magic u32, version u16, reserved u16, body length u32, CRC32C u32 of the head before it
// and the body.
constexpr size_t kCrcOffset = 12;
constexpr size_t kHeadBytes = 16;
constexpr size_t kBodyBytesMax = 8 + 16 + 8 + 2 + kMaxVolumes * (2 + 16 + 4 + 2 + kMaxPathBytes);
static_assert(kHeadBytes + kBodyBytesMax <= kNodeSlotBytes);

uint32_t CrcOf(ByteSpan slot, size_t body_bytes) {
  return Crc32c(slot.subspan(kHeadBytes, body_bytes), Crc32c(slot.first(kCrcOffset)));
}

Status CheckVolumes(const std::vector<NodeVolume>& volumes) {
  if (volumes.size() > kMaxVolumes) {
    return ResourceExhausted("a node has at most " + std::to_string(kMaxVolumes) + " volumes");
  }
  std::set<VolumeNo> numbers;
  std::set<VolumeId> ids;
  for (const NodeVolume& volume : volumes) {
    if (volume.path.size() > kMaxPathBytes) {
      return InvalidArgument("path is longer than " + std::to_string(kMaxPathBytes) +
                             " bytes: " + volume.path);
    }
    if (!numbers.insert(volume.number).second || !ids.insert(volume.id).second) {
      return InvalidArgument("volume " + ToString(volume.id) + " or its number " +
                             std::to_string(volume.number.value) + " is given twice");
    }
  }
  return OkStatus();
}

}  // namespace

Status EncodeNodeState(const NodeState& state, MutableByteSpan slot) {
  REEL_CHECK(slot.size() == kNodeSlotBytes, "a whole slot");
  REEL_RETURN_IF_ERROR(CheckVolumes(state.volumes));
  Bytes body;
  ByteWriter writer(&body);
  writer.Put(state.sequence);
  writer.PutUuid(state.node);
  writer.Put(state.incarnation);
  writer.PutVarint(state.volumes.size());
  for (const NodeVolume& volume : state.volumes) {
    writer.Put(volume.number.value);
    writer.PutUuid(volume.id);
    writer.Put(volume.last_epoch.value);
    writer.PutString(volume.path);
  }
  std::fill(slot.begin(), slot.end(), std::byte{0});
  StoreLe(slot.data(), kNodeMagic);
  StoreLe(slot.data() + 4, kFormatVersion);
  StoreLe(slot.data() + 8, static_cast<uint32_t>(body.size()));
  std::copy(body.begin(), body.end(), slot.data() + kHeadBytes);
  StoreLe(slot.data() + kCrcOffset, CrcOf(slot, body.size()));
  return OkStatus();
}

Result<NodeState> DecodeNodeState(ByteSpan slot) {
  if (slot.size() < kHeadBytes || LoadLe<uint32_t>(slot.data()) != kNodeMagic) {
    return NotFound("no node state");
  }
  const auto version = LoadLe<uint16_t>(slot.data() + 4);
  const auto body_bytes = LoadLe<uint32_t>(slot.data() + 8);
  if (body_bytes > slot.size() - kHeadBytes) return DataLoss("node state has an impossible length");
  if (CrcOf(slot, body_bytes) != LoadLe<uint32_t>(slot.data() + kCrcOffset)) {
    return DataLoss("node state does not match its checksum");
  }
  if (version != kFormatVersion) return UnknownVersion("node state", version);
  ByteReader reader(slot.subspan(kHeadBytes, body_bytes));
  NodeState state;
  state.sequence = reader.Get<uint64_t>();
  state.node = reader.GetUuid<NodeId>();
  state.incarnation = reader.Get<uint64_t>();
  const uint64_t count = reader.GetVarint();
  if (count > kMaxVolumes) return DataLoss("node state names too many volumes");
  for (uint64_t i = 0; i < count; ++i) {
    NodeVolume volume;
    volume.number = {reader.Get<uint16_t>()};
    volume.id = reader.GetUuid<VolumeId>();
    volume.last_epoch = {reader.Get<uint32_t>()};
    volume.path = reader.GetString(kMaxPathBytes);
    state.volumes.push_back(std::move(volume));
  }
  if (!reader.ok() || !reader.at_end()) return DataLoss("node state is malformed");
  if (const Status status = CheckVolumes(state.volumes); !status.ok()) {
    return DataLoss(status.message());
  }
  return state;
}

}  // namespace reel::format
