// A buffer aligned for O_DIRECT, for the small synchronous transfers (block 0, superblock, footer,
// salvage, reads). The recording path takes its buffers from engine/io/buffer_pool.h instead.
#pragma once

#include <cstring>
#include <memory>
#include <new>

#include "engine/base/bytes.h"
#include "reel/types.h"

namespace reel {

class AlignedBytes {
 public:
  static constexpr size_t kAlignment = 4096;

  AlignedBytes() = default;
  // Zeroed; room for RoundUp(size_bytes, kAlignment).
  explicit AlignedBytes(size_t size_bytes) : AlignedBytes(ForOverwrite(size_bytes)) {
    std::memset(data_.get(), 0, static_cast<size_t>(RoundUp(size_bytes, kAlignment)));
  }
  // The same with whatever was there: for what is read into before it is looked at.
  static AlignedBytes ForOverwrite(size_t size_bytes) {
    AlignedBytes bytes;
    const auto room = static_cast<size_t>(RoundUp(size_bytes, kAlignment));
    bytes.data_.reset(static_cast<std::byte*>(::operator new (room, std::align_val_t{kAlignment})));
    bytes.size_ = size_bytes;
    return bytes;
  }

  size_t size() const { return size_; }
  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  MutableByteSpan span() { return {data_.get(), size_}; }
  ByteSpan span() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<std::byte, Free> data_;
  size_t size_ = 0;
};

}  // namespace reel
