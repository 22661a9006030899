#include "engine/base/digest.h"

#include <isa-l/crc.h>
#include <openssl/sha.h>

namespace reel {

uint32_t Crc32c(ByteSpan bytes, uint32_t seed) {
  // ISA-L takes the raw register, so the usual complement before and after is ours. It takes a
  // non-const pointer and an int length, and only reads.
  constexpr size_t kMaxStep = size_t{1} << 30;
  uint32_t state = ~seed;
  while (!bytes.empty()) {
    const size_t step = std::min(bytes.size(), kMaxStep);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
    state = crc32_iscsi(data, static_cast<int>(step), state);
    bytes = bytes.subspan(step);
  }
  return ~state;
}

uint32_t SeedOf(const SegmentUid& uid) { return Crc32c(std::as_bytes(std::span(uid.bytes))); }

std::array<uint8_t, 32> Sha256(ByteSpan bytes) {
  std::array<uint8_t, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

}  // namespace reel
