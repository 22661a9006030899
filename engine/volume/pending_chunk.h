// A chunk on its way to the disk: content frozen by the stream that made it, place given by the
// volume that writes it. Owned jointly by its stream (which serves live readers from it) and by the
// volume.
//
// Thread rule: content is constant once the volume has it, except the origin, which the first
// placing fills in. Place fields belong to the loop of the volume that holds it, and are constant
// once durable.
#pragma once

#include <memory>

#include "engine/base/bytes.h"
#include "engine/format/footer.h"
#include "engine/io/buffer_pool.h"
#include "reel/index.h"

namespace reel {

struct PendingChunk {
  Buffer buffer;  // the chunk from its first byte; room for its padding
  uint32_t head_bytes = 0;
  uint32_t content_bytes = 0;
  ClassId retention_class;
  uint32_t extent_hint_bytes =
      0;                 // what the run will need from here to its next clean point; 0: pack it
  format::ChunkRow row;  // seq, offset_bytes and chunk_bytes are part of the place

  bool copied = false;  // its client writes a copy elsewhere: not to be placed again; loop thread
  VolumeNo volume;
  SegmentSerial serial;

  // What it takes on a disk, before any rounding to the granule.
  uint32_t block_bytes() const {
    return static_cast<uint32_t>(
        RoundUp(format::kContentOffset + content_bytes, format::kChunkAlignBytes));
  }
};
using ChunkPtr = std::shared_ptr<PendingChunk>;

}  // namespace reel
