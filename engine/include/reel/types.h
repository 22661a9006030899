// Identities and counts, each its own type, so that a serial is never taken for a sequence number.
//
// Thread rule: plain values. Uuid prints as 8-4-4-4-12 lower-case hex.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reel/visibility.h"

namespace reel {

using Bytes = std::vector<std::byte>;
using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;

template <class Tag>
struct Uuid {
  std::array<uint8_t, 16> bytes{};

  bool is_nil() const { return *this == Uuid{}; }
  auto operator<=>(const Uuid&) const = default;
};

using StreamId = Uuid<struct StreamIdTag>;      // one source of one camera
using RunId = Uuid<struct RunIdTag>;            // one unbroken ingest of a stream
using NodeId = Uuid<struct NodeIdTag>;          // one recording node
using VolumeId = Uuid<struct VolumeIdTag>;      // one disk or array
using SegmentUid = Uuid<struct SegmentUidTag>;  // one life of one segment file; seeds its checksums
using BootId = Uuid<struct BootIdTag>;  // one boot of a machine: MonoTime compares within it only

REEL_API std::string FormatUuid(const std::array<uint8_t, 16>& bytes);
REEL_API bool ParseUuid(std::string_view text, std::array<uint8_t, 16>* bytes);

template <class Tag>
std::string ToString(const Uuid<Tag>& id) {
  return FormatUuid(id.bytes);
}
template <class Id>
std::optional<Id> ParseId(std::string_view text) {
  Id id;
  if (!ParseUuid(text, &id.bytes)) return std::nullopt;
  return id;
}

template <class Tag, class Rep>
struct Tagged {
  Rep value{};
  auto operator<=>(const Tagged&) const = default;
};

// Counts the lives of a volume's segments: given at opening, rising, never given twice.
using SegmentSerial = Tagged<struct SegmentSerialTag, uint64_t>;
// Position of a chunk in its segment's order of submission, from 1.
using ChunkSeq = Tagged<struct ChunkSeqTag, uint32_t>;
// How often a volume has been opened for writing; a segment is written within one epoch.
using Epoch = Tagged<struct EpochTag, uint32_t>;
// Number of an access unit within its run, from 0, all tracks counted together.
using UnitNumber = Tagged<struct UnitNumberTag, uint64_t>;
// Number of a track within its run.
using TrackId = Tagged<struct TrackIdTag, uint8_t>;
// Number of a retention class. 0 is the ledger's.
using ClassId = Tagged<struct ClassIdTag, uint16_t>;

inline constexpr ClassId kLedgerClass{0};
inline constexpr ClassId kDefaultClass{1};

// SHA-256 over a chunk's content part: the name under which copies agree (FORMAT.md).
struct ContentId {
  std::array<uint8_t, 32> bytes{};
  auto operator<=>(const ContentId&) const = default;
};
REEL_API std::string ToString(const ContentId& id);

}  // namespace reel

template <class Tag>
struct std::hash<reel::Uuid<Tag>> {
  size_t operator()(const reel::Uuid<Tag>& id) const noexcept {
    uint64_t a = 0;
    uint64_t b = 0;
    std::memcpy(&a, id.bytes.data(), sizeof a);
    std::memcpy(&b, id.bytes.data() + sizeof a, sizeof b);
    return static_cast<size_t>(a * 0x9E3779B97F4A7C15ULL ^ b);
  }
};
