// The superblock file of a volume: what the volume is, whose it is and how often it was opened.
// Four slots of 4 KiB, a granule apart, written as SlotsOf says; the valid one with the highest
// sequence rules.
#pragma once

#include "engine/format/segment_header.h"
#include "reel/time.h"

namespace reel::format {

inline constexpr uint32_t kSuperblockMagic = Magic("RVOL");
inline constexpr uint32_t kSuperblockSlots = kRecordSlots;
inline constexpr uint32_t kSuperblockSlotBytes = kBlockBytes;
inline constexpr uint32_t kMaxSegmentFiles = 1U << 20;

enum class Placement : uint8_t { kLog = 1, kGop = 2 };

struct Superblock {
  uint32_t magic = kSuperblockMagic;
  uint16_t version = kFormatVersion;
  Placement placement = Placement::kLog;
  uint8_t reserved0 = 0;
  uint64_t sequence = 0;
  VolumeId volume;
  NodeId owner;
  uint64_t owner_incarnation = 0;
  uint64_t segment_bytes = 0;  // a power of two, at most kMaxSegmentBytes
  // Files of the pool, 1..kMaxSegmentFiles; beyond it the oldest is recycled.
  uint32_t segment_count_max = 0;
  uint32_t granule_bytes = 0;
  Epoch epoch;  // open id: rises at each opening for writing
  uint32_t reserved1 = 0;
  WallTime created;
};
static_assert(Wire<Superblock> && sizeof(Superblock) == 88);
static_assert(offsetof(Superblock, version) == 4 && offsetof(Superblock, created) == 80);

// Record, checksum and errors as with a segment header. REQUIRES: values DecodeSuperblock would
// take.
void EncodeSuperblock(const Superblock& superblock,
                      std::span<std::byte, kSuperblockSlotBytes> slot);
Result<Superblock> DecodeSuperblock(ByteSpan slot);

}  // namespace reel::format
