// SpareBuffers: buffers between two uses. The one given back last is taken first: it is still in
// the processor's caches, where one that each camera keeps for its next picture, 40 ms and a
// thousand other cameras later, no longer is.
//
//   thread_local SpareBuffers spare;  // of what is alike in size and use
//
// Thread rule: one thread at a time; a buffer may be given back by another than took it.
// Bounds: kMaxKept buffers of kMaxBytes each; others are freed.
#pragma once

#include <utility>
#include <vector>

#include "reel/types.h"

namespace reel::server {

class SpareBuffers {
 public:
  static constexpr size_t kMaxKept = 64;
  static constexpr size_t kMaxBytes = size_t{1} << 20;

  // As it was given, its content too; empty where there is none.
  Bytes Take() {
    if (kept_.empty()) return {};
    Bytes buffer = std::move(kept_.back());
    kept_.pop_back();
    return buffer;
  }
  void Give(Bytes buffer) {
    const bool fits = buffer.capacity() > 0 && buffer.capacity() <= kMaxBytes;
    if (fits && kept_.size() < kMaxKept) kept_.push_back(std::move(buffer));
  }

 private:
  std::vector<Bytes> kept_;
};

}  // namespace reel::server
