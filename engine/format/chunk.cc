#include "engine/format/chunk.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "reel/unit.h"

namespace reel::format {
namespace {

constexpr size_t kCrcOffset = offsetof(ChunkPlace, header_crc32c);

// Two runs around the CRC field, which itself counts as absent.
uint32_t HeadCrc(ByteSpan head, const SegmentUid& uid) {
  const uint32_t before = Crc32c(head.first(kCrcOffset), SeedOf(uid));
  return Crc32c(head.subspan(kContentOffset), before);
}

Status Damaged(uint64_t offset_bytes, const char* what) {
  return DataLoss("chunk at offset " + std::to_string(offset_bytes) + ": " + what);
}

Status CutOff(uint32_t needed_bytes) {
  return OutOfRange("needs " + std::to_string(needed_bytes) + " bytes");
}

// Sums in 64 bits: each term is a 32-bit length.
bool LengthsAgree(const ChunkPlace& place, const ContentHead& content) {
  const uint64_t content_bytes = uint64_t{content.payload_offset_bytes} + content.payload_bytes;
  return content.unit_count >= 1 && content.unit_count <= kMaxChunkUnits &&
         content.config_bytes <= kMaxConfigBytes &&
         (content.config_bytes == 0) == ((content.flags & kContentConfig) == 0) &&
         place.head_bytes == HeadBytes(content.unit_count, content.config_bytes) &&
         uint64_t{kContentOffset} + content.payload_offset_bytes >= place.head_bytes &&
         content_bytes == place.content_bytes &&
         kContentOffset + content_bytes <= place.chunk_bytes &&
         place.chunk_bytes <= kMaxChunkBytes && place.chunk_bytes % kBlockBytes == 0;
}

bool StandsInExtent(const ChunkPlace& place) {
  return place.offset_bytes % kBlockBytes == 0 && place.offset_bytes < kMaxSegmentBytes &&
         place.extent_base_bytes <= place.offset_bytes && place.chunk_bytes <= place.extent_bytes &&
         place.offset_bytes - place.extent_base_bytes <= place.extent_bytes - place.chunk_bytes;
}

bool NumbersAreSane(const ChunkPlace& place, const ContentHead& content) {
  return place.seq.value >= 1 && place.seq.value <= kMaxChunksPerSegment &&
         place.durable_seq < place.seq && (place.seq.value != 1 || place.chain == 0) &&
         content.first_unit.value <= std::numeric_limits<uint64_t>::max() - content.unit_count;
}

bool UnitsFillPayload(const ChunkHead& head) {
  uint64_t total = 0;
  for (const UnitEntry& unit : head.units) {
    if (unit.size_bytes == 0 || unit.size_bytes > kMaxUnitBytes) return false;
    total += unit.size_bytes;
  }
  return total == head.content.payload_bytes;
}

}  // namespace

uint32_t SealHead(std::byte* chunk, uint32_t head_bytes, const SegmentUid& uid) {
  const uint32_t crc = HeadCrc({chunk, head_bytes}, uid);
  StoreLe(chunk + kCrcOffset, crc);
  return crc;
}

uint32_t PeekHeadBytes(ByteSpan bytes, const SegmentUid& uid) {
  if (bytes.size() < kTableOffset) return 0;
  const auto place = Load<ChunkPlace>(bytes);
  if (place.magic != kChunkMagic || place.segment_uid != uid) return 0;
  const bool possible = place.head_bytes >= kTableOffset &&
                        place.head_bytes <= HeadBytes(kMaxChunkUnits, kMaxConfigBytes);
  return possible ? place.head_bytes : 0;
}

Result<ChunkHead> DecodeChunkHead(ByteSpan bytes, const SegmentUid& uid, uint64_t offset_bytes) {
  if (bytes.size() < kTableOffset) return CutOff(kTableOffset);
  ChunkHead head;
  head.place = Load<ChunkPlace>(bytes);
  if (head.place.magic != kChunkMagic || head.place.segment_uid != uid) {
    return NotFound("no chunk here");
  }
  const uint32_t head_bytes = PeekHeadBytes(bytes, uid);
  if (head_bytes == 0) return Damaged(offset_bytes, "header length");
  if (bytes.size() < head_bytes) return CutOff(head_bytes);
  if (HeadCrc(bytes.first(head_bytes), uid) != head.place.header_crc32c) {
    return Damaged(offset_bytes, "header checksum");
  }
  // From here on the bytes are as they were written; what follows guards against a faulty or
  // hostile writer.
  if (head.place.version != kFormatVersion) return UnknownVersion("chunk", head.place.version);
  if (head.place.offset_bytes != offset_bytes) {
    return Damaged(offset_bytes, "was written for another place");
  }
  head.content = Load<ContentHead>(bytes.subspan(kContentOffset));
  if (!LengthsAgree(head.place, head.content)) return Damaged(offset_bytes, "lengths disagree");
  if (!StandsInExtent(head.place)) return Damaged(offset_bytes, "stands outside its extent");
  if (!NumbersAreSane(head.place, head.content)) return Damaged(offset_bytes, "impossible numbers");
  head.units.resize(head.content.unit_count);
  std::memcpy(head.units.data(), bytes.data() + kTableOffset,
              head.units.size() * sizeof(UnitEntry));
  if (!UnitsFillPayload(head)) return Damaged(offset_bytes, "unit sizes");
  const ByteSpan config = bytes.first(head_bytes).last(head.content.config_bytes);
  head.config.assign(config.begin(), config.end());
  return head;
}

Result<ByteSpan> VerifiedUnit(const ChunkHead& head, ByteSpan chunk, size_t index) {
  REEL_CHECK(index < head.units.size(), "a unit of this chunk");
  if (head.content.key_id != 0) {
    return FailedPrecondition("footage is encrypted with key " +
                              std::to_string(head.content.key_id) + ", this program holds none");
  }
  size_t begin = head.payload_begin_bytes();
  for (size_t i = 0; i < index; ++i) begin += head.units[i].size_bytes;
  const UnitEntry& unit = head.units[index];
  if (begin + unit.size_bytes > chunk.size()) {
    return OutOfRange("unit " + std::to_string(index) + " lies beyond the bytes at hand");
  }
  const ByteSpan bytes = chunk.subspan(begin, unit.size_bytes);
  if (Crc32c(bytes) != unit.crc32c) {
    return DataLoss("unit " + std::to_string(head.content.first_unit.value + index) + " of run " +
                    ToString(head.content.run) + " does not match its checksum");
  }
  return bytes;
}

Status VerifyChunk(const ChunkHead& head, ByteSpan chunk) {
  if (chunk.size() < head.place.chunk_bytes) return OutOfRange("chunk is not whole");
  const ByteSpan gap =
      chunk.subspan(head.place.head_bytes, head.payload_begin_bytes() - head.place.head_bytes);
  if (!std::all_of(gap.begin(), gap.end(), [](std::byte b) { return b == std::byte{0}; })) {
    return Damaged(head.place.offset_bytes, "bytes between head and payload");
  }
  size_t begin = head.payload_begin_bytes();
  for (size_t i = 0; i < head.units.size(); ++i) {
    const UnitEntry& unit = head.units[i];
    if (Crc32c(chunk.subspan(begin, unit.size_bytes)) != unit.crc32c) {
      return Damaged(head.place.offset_bytes,
                     ("checksum of its unit " + std::to_string(i)).c_str());
    }
    begin += unit.size_bytes;
  }
  return OkStatus();
}

ContentId ContentIdOf(const ChunkHead& head, ByteSpan chunk) {
  REEL_CHECK(chunk.size() >= uint64_t{kContentOffset} + head.place.content_bytes,
             "a whole content");
  return {Sha256(chunk.subspan(kContentOffset, head.place.content_bytes))};
}

}  // namespace reel::format
