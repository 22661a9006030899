#include <algorithm>
#include <cstddef>

#include "engine/base/digest.h"
#include "engine/format/segment_header.h"
#include "engine/format/superblock.h"

namespace reel::format {
namespace {

// The records that fill one block each end with the CRC32C of everything before it.
template <Wire T>
void EncodeBlock(T record, MutableByteSpan block) {
  std::fill(block.begin(), block.end(), std::byte{0});
  Store(record, block.data());
  record.crc32c = Crc32c(block.first(offsetof(T, crc32c)));
  Store(record, block.data());
}

template <Wire T>
Result<T> DecodeBlock(ByteSpan block, uint32_t magic, const char* what) {
  if (block.size() < sizeof(T)) return NotFound(std::string("no ") + what);
  const T record = Load<T>(block);
  if (record.magic != magic) return NotFound(std::string("no ") + what);
  if (Crc32c(block.first(offsetof(T, crc32c))) != record.crc32c) {
    return DataLoss(std::string(what) + " does not match its checksum");
  }
  if (record.version != kFormatVersion) return UnknownVersion(what, record.version);
  return record;
}

bool IsPowerOfTwo(uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

bool GranuleIsSane(uint32_t granule_bytes) {
  return granule_bytes >= kBlockBytes && granule_bytes % kBlockBytes == 0 && granule_bytes <= (16U << 20);
}

}  // namespace

void EncodeSegmentHeader(const SegmentHeader& header, std::span<std::byte, kBlockBytes> block) {
  EncodeBlock(header, block);
}

Result<SegmentHeader> DecodeSegmentHeader(ByteSpan block) {
  REEL_ASSIGN_OR_RETURN(const SegmentHeader header,
                        DecodeBlock<SegmentHeader>(block, kSegmentMagic, "segment header"));
  const bool known_state = header.state == LifeState::kFree || header.state == LifeState::kInUse;
  if (!known_state || !GranuleIsSane(header.granule_bytes) ||
      header.footer_offset_bytes > header.segment_bytes) {
    return DataLoss("segment header holds impossible values");
  }
  return header;
}

void EncodeSuperblock(const Superblock& superblock, std::span<std::byte, kSuperblockSlotBytes> slot) {
  EncodeBlock(superblock, slot);
}

Result<Superblock> DecodeSuperblock(ByteSpan slot) {
  REEL_ASSIGN_OR_RETURN(const Superblock superblock,
                        DecodeBlock<Superblock>(slot, kSuperblockMagic, "superblock"));
  const bool known_placement =
      superblock.placement == Placement::kLog || superblock.placement == Placement::kGop;
  if (!known_placement || !GranuleIsSane(superblock.granule_bytes) ||
      !IsPowerOfTwo(superblock.segment_bytes) || superblock.segment_count_max == 0) {
    return DataLoss("superblock holds impossible values");
  }
  return superblock;
}

}  // namespace reel::format
