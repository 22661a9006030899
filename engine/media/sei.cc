#include "engine/media/sei.h"

#include "engine/media/bit_reader.h"
#include "engine/media/nal_types.h"

namespace reel {
namespace {

constexpr uint32_t kRecoveryPointPayload = 6;
constexpr int32_t kMaxRecoveryFrames = 65'535;
constexpr int32_t kMaxRecoveryPoc = 32'768;

// payload_type and payload_size: a run of FF bytes, 255 each, and a last byte.
uint64_t ReadSeiNumber(BitReader* in) {
  uint64_t value = 0;
  uint32_t byte = 0;
  do {
    byte = in->GetBits(8);
    value += byte;
  } while (byte == 0xFF && in->ok());
  return value;
}

std::optional<RecoveryPoint> ParseRecoveryPoint(Codec codec, uint64_t size_bytes, BitReader in) {
  const uint64_t begin_bits = in.position_bits();
  RecoveryPoint point;
  if (codec == Codec::kH264) {
    const uint32_t count = in.GetUe();
    if (count > kMaxRecoveryFrames) return std::nullopt;
    point.count = static_cast<int32_t>(count);
    point.exact_match = in.GetFlag();
    in.SkipBits(1 + 2);  // broken_link_flag, changing_slice_group_idc
  } else {
    point.count = in.GetSe();
    if (point.count < -kMaxRecoveryPoc || point.count >= kMaxRecoveryPoc) return std::nullopt;
    point.exact_match = in.GetFlag();
    in.SkipBits(1);  // broken_link_flag
  }
  // A payload of another length was reached by way of a SEI that lacks emulation prevention.
  const uint64_t used_bytes = (in.position_bits() - begin_bits + 7) / 8;
  if (!in.ok() || used_bytes != size_bytes) return std::nullopt;
  return point;
}

}  // namespace

std::optional<RecoveryPoint> FindRecoveryPoint(Codec codec, ByteSpan nal) {
  const size_t header = codec == Codec::kH264 ? kH264NalHeaderBytes : kH265NalHeaderBytes;
  BitReader in(NalPayload(nal, header));
  while (in.ok()) {
    const uint64_t type = ReadSeiNumber(&in);
    const uint64_t size_bytes = ReadSeiNumber(&in);
    if (type == kRecoveryPointPayload && in.ok()) return ParseRecoveryPoint(codec, size_bytes, in);
    in.SkipBits(size_bytes * 8);
  }
  return std::nullopt;
}

}  // namespace reel
