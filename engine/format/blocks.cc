#include <algorithm>
#include <cstddef>
#include <limits>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "engine/format/segment_header.h"
#include "engine/format/superblock.h"

namespace reel::format {
namespace {

template <Wire T>
void EncodeBlock(const T& record, MutableByteSpan block) {
  static_assert(sizeof(T) <= kRecordCrcOffset);
  std::fill(block.begin(), block.end(), std::byte{0});
  Store(record, block.data());
  StoreLe(block.data() + kRecordCrcOffset, Crc32c(block.first(kRecordCrcOffset)));
}

// Magic, then checksum, then version: a damaged version number is damage, not a newer format.
template <Wire T>
Result<T> DecodeBlock(ByteSpan block, uint32_t magic, const char* what) {
  if (block.size() < kRecordBytes) return NotFound(std::string("no ") + what);
  const T record = Load<T>(block);
  if (record.magic != magic) return NotFound(std::string("no ") + what);
  if (Crc32c(block.first(kRecordCrcOffset)) != LoadLe<uint32_t>(block.data() + kRecordCrcOffset)) {
    return DataLoss(std::string(what) + " does not match its checksum");
  }
  if (record.version != kFormatVersion) return UnknownVersion(what, record.version);
  return record;
}

bool IsPowerOfTwo(uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

bool GranuleIsSane(uint32_t granule_bytes) {
  return granule_bytes >= kBlockBytes && granule_bytes % kBlockBytes == 0 &&
         granule_bytes <= kMaxGranuleBytes;
}

// A life in use says where its chunks and its footer stand; of a free one only the name matters.
bool LifeIsSane(const SegmentHeader& header) {
  const bool serial_is_sane =
      header.serial.value != 0 && header.serial.value != std::numeric_limits<uint64_t>::max();
  return serial_is_sane && !header.uid.is_nil() && header.segment_bytes <= kMaxSegmentBytes &&
         header.footer_offset_bytes >= 2 * uint64_t{header.granule_bytes} &&
         header.footer_offset_bytes < header.segment_bytes &&
         header.footer_offset_bytes % kBlockBytes == 0;
}

bool IsSane(const SegmentHeader& header) {
  if (!GranuleIsSane(header.granule_bytes)) return false;
  return header.state == LifeState::kFree ||
         (header.state == LifeState::kInUse && LifeIsSane(header));
}

bool IsSane(const Superblock& superblock) {
  const bool known_placement =
      superblock.placement == Placement::kLog || superblock.placement == Placement::kGop;
  return known_placement && GranuleIsSane(superblock.granule_bytes) &&
         IsPowerOfTwo(superblock.segment_bytes) && superblock.segment_bytes >= kBlockBytes &&
         superblock.segment_bytes <= kMaxSegmentBytes && superblock.segment_count_max != 0 &&
         superblock.segment_count_max <= kMaxSegmentFiles && !superblock.volume.is_nil();
}

}  // namespace

void EncodeSegmentHeader(const SegmentHeader& header, std::span<std::byte, kBlockBytes> block) {
  REEL_CHECK(IsSane(header), "a segment header that could not be read back");
  EncodeBlock(header, block);
}

Result<SegmentHeader> DecodeSegmentHeader(ByteSpan block) {
  REEL_ASSIGN_OR_RETURN(const SegmentHeader header,
                        DecodeBlock<SegmentHeader>(block, kSegmentMagic, "segment header"));
  if (!IsSane(header)) return DataLoss("segment header holds impossible values");
  return header;
}

void EncodeSuperblock(const Superblock& superblock,
                      std::span<std::byte, kSuperblockSlotBytes> slot) {
  REEL_CHECK(IsSane(superblock), "a superblock that could not be read back");
  EncodeBlock(superblock, slot);
}

Result<Superblock> DecodeSuperblock(ByteSpan slot) {
  REEL_ASSIGN_OR_RETURN(const Superblock superblock,
                        DecodeBlock<Superblock>(slot, kSuperblockMagic, "superblock"));
  if (!IsSane(superblock)) return DataLoss("superblock holds impossible values");
  return superblock;
}

}  // namespace reel::format
