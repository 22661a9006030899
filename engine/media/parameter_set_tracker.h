// Keeps the parameter sets in force on a video track, as seen in its access units, so that a chunk
// starting at a clean point can carry them in full.
//
// Invariants:
//  1. config() holds the newest NAL unit of each (type, id), VPS before SPS before PPS, ids rising,
//     each behind a 4-byte length: equal sets give equal bytes in whatever order they came.
//  2. config() is at most kMaxTrackConfigBytes long.
//  3. generation() rises exactly when config() changes.
// Thread rule: one thread at a time.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <utility>

#include "reel/status.h"
#include "reel/types.h"
#include "reel/unit.h"

namespace reel {

class ParameterSetTracker {
 public:
  // REQUIRES: codec is kH264 or kH265.
  explicit ParameterSetTracker(Codec codec);

  // Takes the parameter sets among the NAL units of one unit (or of a TrackInfo's config). One
  // whose id cannot be read, or that would break invariant 2, is left out and the first such named
  // by InvalidArgument; the others count all the same. REQUIRES: no NAL unit is empty.
  Status Observe(std::span<const ByteSpan> nals);

  const Bytes& config() const { return config_; }
  uint64_t generation() const { return generation_; }

  // There is at least one set of each type, so that a decoder could start.
  bool complete() const;

 private:
  // Type in the order of config(), then id.
  using Key = std::pair<int, uint32_t>;

  Status Put(Key key, ByteSpan nal);
  void Rebuild();

  Codec codec_;
  std::map<Key, Bytes> sets_;
  size_t sets_bytes_ = 0;  // what sets_ takes in config()
  Bytes config_;
  uint64_t generation_ = 0;
};

}  // namespace reel
