// Footer: what a sealed segment holds, at a place fixed when the segment was opened.
//
//   +------+-----------------------+---------------------------+
//   | head | directory: chunk rows | content_id of every chunk |   (32 bytes each, in row order)
//   +------+-----------------------+---------------------------+
//
// The directory is one row of varints per chunk, in order of seq, each value as its difference from
// what the rows before make likely, so that a row costs about 15 bytes. It holds all that the index
// needs: a sealed segment is indexed with one read. A footer is the last thing written in a
// segment's life; no valid footer means the segment must be salvaged (engine/segment/salvage.h).
#pragma once

#include <map>
#include <vector>

#include "engine/format/chunk.h"

namespace reel::format {

inline constexpr uint32_t kFooterMagic = Magic("RFTR");

// What is known of a chunk without its bytes.
struct ChunkRow {
  StreamId stream;
  RunId run;
  ChunkSeq seq;
  uint64_t offset_bytes = 0;
  uint32_t chunk_bytes = 0;
  uint32_t lead_bytes = 0;  // head and first unit
  UnitNumber first_unit;
  uint32_t unit_count = 0;
  WallTime wall_begin;
  WallTime wall_end;
  uint16_t flags = 0;  // ContentFlag
  bool operator==(const ChunkRow&) const = default;

  UnitNumber end_unit() const { return {first_unit.value + unit_count}; }
};
ChunkRow RowOf(const ChunkHead& head);

struct FooterHead {
  uint32_t magic = kFooterMagic;
  uint16_t version = kFormatVersion;
  ClassId retention_class;
  SegmentUid uid;
  SegmentSerial serial;
  Epoch epoch;
  uint32_t chunk_count = 0;
  ChunkSeq highest_seq;
  uint32_t directory_bytes = 0;   // rows and content ids
  uint32_t directory_crc32c = 0;  // seeded by the UID
  uint32_t reserved0 = 0;
  WallTime begin;  // oldest and newest unit; begin > end when there is none
  WallTime end;
  uint64_t stored_bytes = 0;               // of chunks, padding included
  std::array<uint8_t, 32> content_root{};  // Merkle tree hash (RFC 6962, 2.1) over the content ids
  uint32_t reserved1[3] = {};
  uint32_t crc32c = 0;  // of the bytes before it, seeded by the UID
};
static_assert(Wire<FooterHead> && sizeof(FooterHead) == 128);
static_assert(offsetof(FooterHead, version) == 4 && offsetof(FooterHead, uid) == 8 &&
              offsetof(FooterHead, content_root) == 80 && offsetof(FooterHead, crc32c) == 124);

struct Footer {
  FooterHead head;
  std::vector<ChunkRow> rows;
  std::vector<ContentId> content_ids;  // one per row
};

// What the next row of a run is likely to say. A row is stored as its differences from this, so
// both sides hold one and must move it alike: a stream that keeps its pace costs one byte a value.
struct RunForecast {
  uint64_t number = 0;  // of the run in this directory, from 0
  UnitNumber next_unit;
  WallTime last_end;
  int64_t pause_ns = 0;   // from the last unit of one chunk to the first of the next
  int64_t length_ns = 0;  // from the first unit of a chunk to its last

  WallTime next_begin() const;
  // `first`: before this row the run was unknown.
  void Observe(const ChunkRow& row, bool first);
};

// Builds directory rows as chunks come; memory is the encoded size. REQUIRES of each row: what
// DecodeFooter would take, so that no footer is written that cannot be read.
class DirectoryEncoder {
 public:
  // In order of seq.
  void Append(const ChunkRow& row);

  uint32_t count() const { return count_; }
  // Bytes a footer with these rows takes, and a bound on what one more row adds to that.
  uint64_t footer_bytes() const {
    return sizeof(FooterHead) + rows_.size() + count_ * sizeof(ContentId);
  }
  static constexpr uint64_t kRowBytesMax = 32 + 32 + 80;

  WallTime begin() const { return begin_; }
  WallTime end() const { return end_; }
  uint64_t stored_bytes() const { return stored_bytes_; }

  // The whole footer. `head` gives UID, serial, epoch and class; the rest is filled in here.
  // REQUIRES: `content_ids` has one entry per row.
  Bytes Encode(FooterHead head, const std::vector<ContentId>& content_ids) const;

 private:
  Bytes rows_;
  uint32_t count_ = 0;
  std::map<std::pair<StreamId, RunId>, RunForecast> runs_;
  ChunkSeq last_seq_;
  uint64_t last_end_bytes_ = 0;
  WallTime begin_ = kWallMax;
  WallTime end_ = kWallMin;
  uint64_t stored_bytes_ = 0;
};

// Head alone. NotFound: no footer of this life; OutOfRange: `bytes` ends within it; DataLoss:
// damaged; FailedPrecondition: of a version this program does not know.
Result<FooterHead> DecodeFooterHead(ByteSpan bytes, const SegmentUid& uid);

// `bytes` begins at the footer and holds all of it (DecodeFooterHead tells how much). Everything
// the head says about the rows is checked against them. Memory: at most three times the directory.
Result<Footer> DecodeFooter(ByteSpan bytes, const SegmentUid& uid);

// RFC 6962 section 2.1: leaf = SHA-256(0x00 || id), node = SHA-256(0x01 || left || right).
std::array<uint8_t, 32> MerkleRoot(std::span<const ContentId> leaves);

}  // namespace reel::format
