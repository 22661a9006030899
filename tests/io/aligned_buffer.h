// Memory as O_DIRECT wants it, and small helpers the tests of engine/io share.
#pragma once

#include <cstdlib>
#include <memory>

#include "engine/testing/sim_clock.h"
#include "reel/disk.h"

namespace reel {

// `size_bytes` of memory at a 4096-byte boundary, zeroed.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(size_t size_bytes)
      : size_(size_bytes),
        data_(static_cast<std::byte*>(std::aligned_alloc(4096, (size_bytes + 4095) / 4096 * 4096)),
              &std::free) {
    std::fill_n(data_.get(), size_, std::byte{0});
  }
  // Filled with bytes that `seed` determines.
  AlignedBuffer(size_t size_bytes, uint64_t seed) : AlignedBuffer(size_bytes) {
    Rng(seed).Fill(span());
  }

  std::byte* data() { return data_.get(); }
  MutableByteSpan span() { return {data_.get(), size_}; }
  Bytes copy() const { return Bytes(data_.get(), data_.get() + size_); }

 private:
  size_t size_;
  std::unique_ptr<std::byte, decltype(&std::free)> data_;
};

inline IoRequest RequestOf(IoKind kind, File* file, uint64_t offset_bytes, MutableByteSpan data,
                           uint64_t tag) {
  IoRequest request;
  request.kind = kind;
  request.file = file;
  request.offset_bytes = offset_bytes;
  request.data = data.data();
  request.length_bytes = static_cast<uint32_t>(data.size());
  request.tag = tag;
  return request;
}

inline IoRequest SyncOf(File* file, uint64_t tag) {
  return RequestOf(IoKind::kDataSync, file, 0, {}, tag);
}

// Reaps until nothing is in flight; at most 10 s for each completion, which is for ever.
inline std::vector<IoCompletion> ReapAll(IoQueue& queue) {
  std::vector<IoCompletion> all;
  while (queue.in_flight() > 0) {
    IoCompletion out[16];
    const size_t count = queue.Reap(out, std::chrono::seconds(10));
    if (count == 0) break;
    all.insert(all.end(), out, out + count);
  }
  return all;
}

}  // namespace reel
