// Block 0 of a segment file: whose life it is in. Two copies, one at the beginning of each of the first
// two granules; the valid one with the higher generation rules. They are changed one after the other
// with a sync between, so a crash leaves at least one whole: both unreadable means damage.
#pragma once

#include "engine/format/wire.h"
#include "reel/time.h"

namespace reel::format {

inline constexpr uint32_t kSegmentMagic = Magic("RSEG");
inline constexpr uint32_t kBlockBytes = 4096;

enum class LifeState : uint8_t { kFree = 1, kInUse = 2 };

struct SegmentHeader {
  uint32_t magic = kSegmentMagic;
  uint16_t version = kFormatVersion;
  LifeState state = LifeState::kFree;
  uint8_t reserved0 = 0;
  uint64_t generation = 0;      // counts changes of this block
  SegmentUid uid;               // of the present life, or of the last one when free
  SegmentSerial serial;         // likewise; 0 when never used
  VolumeId volume;
  uint64_t segment_bytes = 0;
  uint64_t footer_offset_bytes = 0;
  uint32_t granule_bytes = 0;
  uint32_t file_number = 0;
  Epoch epoch;
  ClassId retention_class;
  uint16_t reserved1 = 0;
  WallTime opened;
  uint32_t reserved2 = 0;
  uint32_t crc32c = 0;          // of the bytes before it
};
static_assert(Wire<SegmentHeader> && sizeof(SegmentHeader) == 104);

// One block: the record, then zeros.
void EncodeSegmentHeader(const SegmentHeader& header, std::span<std::byte, kBlockBytes> block);

// NotFound: no such block. DataLoss: damaged. FailedPrecondition: a newer format.
Result<SegmentHeader> DecodeSegmentHeader(ByteSpan block);

}  // namespace reel::format
