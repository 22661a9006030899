#include "engine/format/node_state.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"

namespace reel::format {
namespace {

// magic, version, reserved, body length, CRC32C of the body.
constexpr size_t kHeadBytes = 16;

}  // namespace

Status EncodeNodeState(const NodeState& state, MutableByteSpan slot) {
  if (state.volumes.size() > kMaxVolumes) {
    return ResourceExhausted("a node has at most " + std::to_string(kMaxVolumes) + " volumes");
  }
  Bytes body;
  ByteWriter writer(&body);
  writer.Put(state.sequence);
  writer.PutUuid(state.node);
  writer.Put(state.incarnation);
  writer.PutVarint(state.volumes.size());
  for (const NodeVolume& volume : state.volumes) {
    if (volume.path.size() > kMaxPathBytes) {
      return InvalidArgument("path is longer than " + std::to_string(kMaxPathBytes) + " bytes: " + volume.path);
    }
    writer.Put(volume.number.value);
    writer.PutUuid(volume.id);
    writer.Put(volume.last_epoch.value);
    writer.PutString(volume.path);
  }
  std::fill(slot.begin(), slot.end(), std::byte{0});
  StoreLe(slot.data(), kNodeMagic);
  StoreLe(slot.data() + 4, kFormatVersion);
  StoreLe(slot.data() + 8, static_cast<uint32_t>(body.size()));
  StoreLe(slot.data() + 12, Crc32c(body));
  std::copy(body.begin(), body.end(), slot.begin() + kHeadBytes);
  return OkStatus();
}

Result<NodeState> DecodeNodeState(ByteSpan slot) {
  if (slot.size() < kHeadBytes || LoadLe<uint32_t>(slot.data()) != kNodeMagic) return NotFound("no node state");
  const auto version = LoadLe<uint16_t>(slot.data() + 4);
  const auto size = LoadLe<uint32_t>(slot.data() + 8);
  if (size > slot.size() - kHeadBytes) return DataLoss("node state has an impossible length");
  const ByteSpan body = slot.subspan(kHeadBytes, size);
  if (Crc32c(body) != LoadLe<uint32_t>(slot.data() + 12)) return DataLoss("node state does not match its checksum");
  if (version != kFormatVersion) return UnknownVersion("node state", version);
  ByteReader reader(body);
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
  return state;
}

}  // namespace reel::format
