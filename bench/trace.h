// Trace: the access units of synthetic cameras, a function of (stream, number), so that whoever
// reads them back can tell each byte without keeping any.
//
// Bytes do not compress; sizes follow the shape. They come from an arena that is laid out once, a
// set of GOPs from which each (stream, GOP) picks one by hash, so that handing out a unit costs
// nothing beside the engine's work. Stream numbers, unit numbers and times are in pts and wall.
// Thread rule: immutable once made.
#pragma once

#include <vector>

#include "reel/store.h"

namespace reel::bench {

struct TraceShape {
  double bits_per_second = 4e6;
  uint32_t units_per_second = 25;
  uint32_t gop_units = 50;
  double key_weight = 16;       // a key picture's bytes, in mean other pictures'
  uint32_t gops_in_arena = 64;  // 64 MB at 4 Mbit/s: far more than a core's caches
};

class Trace {
 public:
  explicit Trace(const TraceShape& shape);

  const TraceShape& shape() const { return shape_; }
  // Unit `number` of stream `stream`; `begin` is the wall time of its first one.
  UnitView Unit(uint32_t stream, uint64_t number, WallTime begin) const;
  Duration UnitTime() const;  // from one unit to the next
  // The units that all streams are made of, and which of them one is.
  size_t places() const { return places_.size(); }
  ByteSpan At(size_t place) const;
  size_t PlaceOf(uint32_t stream, uint64_t number) const;
  uint64_t MeanGopBytes() const { return mean_gop_bytes_; }
  static std::vector<TrackInfo> Tracks();

 private:
  struct Place {
    uint64_t offset_bytes;
    uint32_t size_bytes;
  };

  TraceShape shape_;
  Bytes arena_;
  std::vector<Place> places_;  // gop_units for each GOP of the arena
  uint64_t mean_gop_bytes_ = 0;
};

}  // namespace reel::bench
