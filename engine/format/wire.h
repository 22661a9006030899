// Rules shared by every stored structure (docs/FORMAT.md): little endian, no implicit padding,
// sizes asserted, a magic number that zero bytes can never match, and a version that is refused
// when unknown.
#pragma once

#include <array>
#include <cstring>
#include <type_traits>

#include "reel/status.h"
#include "reel/types.h"

namespace reel::format {

inline constexpr uint16_t kFormatVersion = 1;

// Everything stored begins at a multiple of this and is a multiple of it long.
inline constexpr uint32_t kBlockBytes = 4096;
inline constexpr uint32_t kMaxGranuleBytes = 16U << 20;
// A block is the smallest chunk, so a segment holds 2^24 chunks at most.
inline constexpr uint64_t kMaxSegmentBytes = uint64_t{64} << 30;
inline constexpr uint32_t kMaxChunksPerSegment = kMaxSegmentBytes / kBlockBytes;

constexpr uint32_t Magic(const char (&text)[5]) {
  return static_cast<uint32_t>(static_cast<unsigned char>(text[0])) |
         static_cast<uint32_t>(static_cast<unsigned char>(text[1])) << 8 |
         static_cast<uint32_t>(static_cast<unsigned char>(text[2])) << 16 |
         static_cast<uint32_t>(static_cast<unsigned char>(text[3])) << 24;
}

// A small record that changes has a file of four slots. A version is written to two of them, the
// first synced before the second is begun: a write that tears harms one copy at a time, never the
// version before, and whatever becomes of one slot the latest version is still read.
inline constexpr uint32_t kRecordSlots = 4;
inline constexpr std::array<uint32_t, 2> SlotsOf(uint64_t sequence) {
  const uint32_t first = sequence % 2 == 0 ? 0 : 2;
  return {first, first + 1};
}

template <class T>
concept Wire = std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

// REQUIRES: `from` holds at least sizeof(T) bytes.
template <Wire T>
T Load(ByteSpan from) {
  T value;
  std::memcpy(&value, from.data(), sizeof value);
  return value;
}
template <Wire T>
void Store(const T& value, std::byte* to) {
  std::memcpy(to, &value, sizeof value);
}

inline Status UnknownVersion(const char* what, uint16_t version) {
  return FailedPrecondition(std::string(what) + " has format version " + std::to_string(version) +
                            ", this program reads version " + std::to_string(kFormatVersion) +
                            " only: use the reel that wrote it, or a newer one");
}

}  // namespace reel::format
