// Where things stand in a segment file:
//
//   0            granule       2 granules                       footer_offset        segment_bytes
//   | block 0 A  |  block 0 B  |  chunks, each from a 4 KiB block on |  footer, reserved  |
#pragma once

#include <algorithm>

#include "engine/base/bytes.h"

namespace reel {

struct SegmentGeometry {
  uint64_t segment_bytes = 0;
  uint32_t granule_bytes = 0;

  uint64_t data_begin_bytes() const { return 2 * uint64_t{granule_bytes}; }
  // 1/256 of the segment: about 46 bytes a chunk, so room for chunks of 12 KiB on average. A
  // segment whose footer would not fit any more is closed early (OpenSegment).
  uint64_t footer_room_bytes() const { return RoundUp(segment_bytes / 256, granule_bytes); }
  uint64_t footer_offset_bytes() const { return segment_bytes - footer_room_bytes(); }
  uint64_t data_bytes() const { return footer_offset_bytes() - data_begin_bytes(); }

  // Smallest segment that can hold `chunk_bytes`.
  bool Holds(uint64_t chunk_bytes) const {
    return segment_bytes > data_begin_bytes() + footer_room_bytes() && chunk_bytes <= data_bytes();
  }
};

}  // namespace reel
