// The chunk: the unit of write, checksum and acknowledgement. Access units of one run, all its
// tracks.
//
//   +-------+--------------+------------+--------+-----+---------+-----+
//   | place | content head | unit table | config | gap | payload | pad |
//   +-------+--------------+------------+--------+-----+---------+-----+
//   |<----------- head_bytes, header CRC ------->|
//           |<------------------ content_bytes ------------------>|
//   |<------------------------- chunk_bytes, whole blocks of 4 KiB ------------->|
//
// Place is the holder's own. Content is the same bytes in every copy, relocation and restore; its
// SHA-256 is the content_id. The header CRC is seeded by the segment's UID, so bytes of an earlier
// life of the file never parse; it covers the unit table, whose entries carry the CRC of each
// unit's bytes. The pad is under no checksum and means nothing.
//
// Thread rule: plain values and pure functions. Every decoder here and in the other headers of this
// box takes bytes from a hostile disk: nothing is read out of bounds, and what a decoder accepts is
// within the limits stated beside it.
#pragma once

#include <vector>

#include "engine/format/wire.h"
#include "reel/time.h"

namespace reel::format {

inline constexpr uint32_t kChunkMagic = Magic("RCHK");
inline constexpr uint32_t kMaxChunkBytes = 16U << 20;
inline constexpr uint32_t kMaxChunkUnits = 1024;
inline constexpr uint32_t kMaxConfigBytes = 64U << 10;
// Chunks begin at multiples of this. The granule of the volume, within which acknowledged bytes
// never stand beside later ones, is this or a multiple of it.
inline constexpr uint32_t kChunkAlignBytes = kBlockBytes;

struct ChunkPlace {
  uint32_t magic = kChunkMagic;
  uint16_t version = kFormatVersion;
  uint16_t reserved0 = 0;
  SegmentUid segment_uid;
  Epoch epoch;
  ChunkSeq seq;          // counts submissions in this segment: 1..kMaxChunksPerSegment
  ChunkSeq durable_seq;  // highest durable one in this segment when this header was made, < seq
  uint32_t chain = 0;    // header CRC of chunk seq - 1 of this segment; 0 for seq 1
  uint64_t offset_bytes = 0;  // of this chunk in the segment
  uint64_t extent_base_bytes = 0;
  uint32_t extent_bytes = 0;
  uint32_t chunk_bytes = 0;
  uint32_t content_bytes = 0;
  uint32_t head_bytes = 0;
  ClassId retention_class;
  uint16_t reserved1 = 0;
  uint32_t reserved2[4] = {};
  uint32_t header_crc32c = 0;
};
static_assert(Wire<ChunkPlace> && sizeof(ChunkPlace) == 96);
static_assert(offsetof(ChunkPlace, version) == 4 && offsetof(ChunkPlace, segment_uid) == 8 &&
              offsetof(ChunkPlace, offset_bytes) == 40 && offsetof(ChunkPlace, head_bytes) == 68 &&
              offsetof(ChunkPlace, header_crc32c) == 92);

enum ContentFlag : uint16_t {
  kContentClean = 1,   // its first unit is a clean point
  kContentConfig = 2,  // carries the tracks and their parameter sets in full
  kContentOpenGop = 4,
  kContentIntraRefresh = 8,
};

struct ContentHead {
  StreamId stream;
  RunId run;
  UnitNumber first_unit;
  SegmentUid origin_uid;  // where this content was first written: keys and nonces derive from it
  Epoch origin_epoch;
  ChunkSeq origin_seq;
  WallTime wall_begin;  // of the first unit
  WallTime wall_end;    // of the last unit
  MonoTime mono_begin;
  BootId boot_id;
  uint32_t wall_uncertainty_us = 0;
  uint16_t unit_count = 0;
  uint16_t flags = 0;                 // ContentFlag
  uint32_t config_bytes = 0;          // 0 without kContentConfig
  uint32_t payload_offset_bytes = 0;  // from the beginning of the content
  uint32_t payload_bytes = 0;
  uint32_t key_id = 0;                    // 0: not encrypted, the only kind this version reads
  std::array<uint8_t, 16> config_hash{};  // first half of SHA-256 of the config in force
  uint64_t reserved[2] = {};
};
static_assert(Wire<ContentHead> && sizeof(ContentHead) == 160);
static_assert(offsetof(ContentHead, origin_uid) == 40 && offsetof(ContentHead, boot_id) == 88 &&
              offsetof(ContentHead, config_hash) == 128);

struct UnitEntry {
  TrackId track;
  uint8_t flags = 0;  // reel::UnitFlag
  uint16_t reserved = 0;
  uint32_t size_bytes = 0;
  uint32_t crc32c = 0;
  int32_t wall_delta_us = 0;  // from the chunk's wall_begin
  int64_t pts = 0;
  int64_t dts = 0;
};
static_assert(Wire<UnitEntry> && sizeof(UnitEntry) == 32);
static_assert(offsetof(UnitEntry, size_bytes) == 4 && offsetof(UnitEntry, pts) == 16);

inline constexpr uint32_t kContentOffset = sizeof(ChunkPlace);
inline constexpr uint32_t kTableOffset = kContentOffset + sizeof(ContentHead);

inline constexpr uint32_t HeadBytes(uint32_t units, uint32_t config_bytes) {
  return kTableOffset + units * static_cast<uint32_t>(sizeof(UnitEntry)) + config_bytes;
}

// A chunk's head, decoded and verified.
struct ChunkHead {
  ChunkPlace place;
  ContentHead content;
  std::vector<UnitEntry> units;
  Bytes config;

  // From the beginning of the chunk.
  uint32_t payload_begin_bytes() const { return kContentOffset + content.payload_offset_bytes; }
  // Bytes from the beginning of the chunk that hold its head and its first unit.
  uint32_t lead_bytes() const {
    return payload_begin_bytes() + (units.empty() ? 0 : units.front().size_bytes);
  }
  UnitNumber end_unit() const { return {content.first_unit.value + content.unit_count}; }
};

// Computes and stores the header CRC of the chunk that starts at `chunk`; everything else is in
// place.
uint32_t SealHead(std::byte* chunk, uint32_t head_bytes, const SegmentUid& uid);

// Decodes the head at the start of `bytes` and verifies that it belongs to the life `uid` of its
// segment and stands at `offset_bytes`. Every length is checked against its bound and against the
// others, so a decoded head can be trusted with memory. That the chunk stands among the segment's
// chunks and is of its epoch is the caller's to check. Errors: NotFound, no chunk of this life
// begins here; OutOfRange, `bytes` ends within the head (needed bytes in the message); DataLoss, a
// chunk of this life begins here and is damaged; FailedPrecondition, of a version this program does
// not know.
Result<ChunkHead> DecodeChunkHead(ByteSpan bytes, const SegmentUid& uid, uint64_t offset_bytes);

// Bytes needed to decode the head that begins at `bytes` (at least kTableOffset of them), or 0 when
// no chunk of this life begins there. A look at the fixed fields only; nothing is verified.
uint32_t PeekHeadBytes(ByteSpan bytes, const SegmentUid& uid);

// Bytes of unit `index` within `chunk`, verified; `chunk` may end after that unit (OutOfRange if it
// ends before). DataLoss names the unit; FailedPrecondition: it is encrypted.
// REQUIRES: index < head.units.size().
Result<ByteSpan> VerifiedUnit(const ChunkHead& head, ByteSpan chunk, size_t index);

// Every unit of a whole chunk, and that the bytes between config and payload are zero. Needs no
// key.
Status VerifyChunk(const ChunkHead& head, ByteSpan chunk);

// REQUIRES: `chunk` holds all of the content.
ContentId ContentIdOf(const ChunkHead& head, ByteSpan chunk);

}  // namespace reel::format
