// Chunks as a volume would write them, made by hand: for tests below the store.
#pragma once

#include <memory>

#include "engine/format/chunk.h"
#include "engine/format/segment_header.h"
#include "engine/volume/pending_chunk.h"
#include "reel/disk.h"

namespace reel::made {

StreamId StreamNo(uint8_t n);
RunId RunNo(uint8_t n);

// What a test wants to say about a chunk; the rest is made up.
struct ChunkWish {
  RunId run = RunNo(1);
  UnitNumber first_unit;
  uint32_t payload_bytes = 3000;
  bool clean = false;
};

// A header of a life in use on a simulated disk with segments of `segment_bytes`.
format::SegmentHeader Life(uint64_t segment_bytes, uint32_t granule_bytes = 4096, uint8_t uid = 1);

// The content part of one chunk of one unit, in a buffer with room for the place part before it and
// the padding behind it. Place fields are zero.
struct MadeContent {
  uint32_t head_bytes = 0;
  uint32_t content_bytes = 0;
  format::ChunkRow row;
};
MadeContent MakeContent(const ChunkWish& wish, MutableByteSpan chunk);

// A whole chunk at its place, sealed for `header`.
struct MadeChunk {
  Bytes bytes;
  uint32_t header_crc32c = 0;
  format::ChunkRow row;
};
struct PlaceWish {
  uint32_t seq = 1;
  uint32_t durable_seq = 0;
  uint32_t chain = 0;
  uint64_t offset_bytes = 8192;
};
MadeChunk MakeChunk(const format::SegmentHeader& header, const PlaceWish& place,
                    const ChunkWish& wish);

// A chunk for a volume, its buffer from `pool`.
ChunkPtr MakePending(BufferPool& pool, const ChunkWish& wish,
                     ClassId retention_class = kDefaultClass, uint32_t extent_hint_bytes = 0);

}  // namespace reel::made
