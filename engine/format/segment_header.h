// Block 0 of a segment file: whose life it is in. Two copies, one at the beginning of each of the
// first two granules; the valid one with the higher generation rules. They are changed one after
// the other, the one that rules last, with a sync between, so a crash leaves at least one whole:
// both unreadable means damage.
#pragma once

#include "engine/format/wire.h"
#include "reel/time.h"

namespace reel::format {

inline constexpr uint32_t kSegmentMagic = Magic("RSEG");
// The records that fill a block of their own (this and the superblock) stand in its first sector,
// so a torn write leaves the old record or the new one. The CRC32C of the bytes before it ends the
// sector in every version, however long the record: a newer one is told from a damaged one.
inline constexpr uint32_t kRecordBytes = 512;
inline constexpr uint32_t kRecordCrcOffset = kRecordBytes - sizeof(uint32_t);

enum class LifeState : uint8_t { kFree = 1, kInUse = 2 };

struct SegmentHeader {
  uint32_t magic = kSegmentMagic;
  uint16_t version = kFormatVersion;
  LifeState state = LifeState::kFree;
  uint8_t reserved0 = 0;
  uint64_t generation = 0;  // counts changes of this block
  SegmentUid uid;           // of the present life, or of the last one when free
  SegmentSerial serial;     // likewise; 0 when never used
  VolumeId volume;
  uint64_t segment_bytes = 0;
  uint64_t footer_offset_bytes = 0;
  uint32_t granule_bytes = 0;
  uint32_t file_number = 0;
  Epoch epoch;
  ClassId retention_class;
  uint16_t reserved1 = 0;
  WallTime opened;
};
static_assert(Wire<SegmentHeader> && sizeof(SegmentHeader) == 96);
static_assert(offsetof(SegmentHeader, version) == 4 && offsetof(SegmentHeader, opened) == 88);

// One block: the record, its checksum, zeros. REQUIRES: values DecodeSegmentHeader would take.
void EncodeSegmentHeader(const SegmentHeader& header, std::span<std::byte, kBlockBytes> block);

// NotFound: no such block. DataLoss: damaged, or values no program writes. FailedPrecondition: of a
// version this program does not know.
Result<SegmentHeader> DecodeSegmentHeader(ByteSpan block);

}  // namespace reel::format
