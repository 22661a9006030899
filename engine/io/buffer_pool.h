// BufferPool: all memory that carries footage, one mapped region of fixed size handed out in blocks
// by a buddy allocator (Knowlton, "A fast storage allocator", 1965). When it is used up nobody gets
// more: the caller sheds or waits.
//
// Memory lies on huge pages where the system has them (measured: 4 KiB pages cost 30 % of write
// throughput) and is touched only when a block is first used.
// Thread rule: all calls from any thread at once. One mutex; no I/O, no page fault under it.
// Ownership: the pool outlives its buffers.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "reel/status.h"
#include "reel/types.h"

namespace reel {

class BufferPool;

// One block, given back on destruction. Aligned to its own size up to 2 MiB, hence for O_DIRECT.
// Its content is whatever was there.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { Release(); }

  // The whole block: at least the bytes asked for. Empty after a move.
  MutableByteSpan span() const { return span_; }
  std::byte* data() const { return span_.data(); }
  size_t size_bytes() const { return span_.size(); }

 private:
  friend class BufferPool;
  using FreeNode = std::set<uint64_t>::node_type;
  Buffer(BufferPool* pool, MutableByteSpan span, FreeNode node)
      : pool_(pool), span_(span), node_(std::move(node)) {}
  void Release();

  BufferPool* pool_ = nullptr;
  MutableByteSpan span_;
  FreeNode node_;  // with which the block is listed as free again: giving back takes no memory
};

class BufferPool {
 public:
  static constexpr size_t kMinBlockBytes = size_t{16} << 10;
  static constexpr size_t kMaxBlockBytes = size_t{16} << 20;

  // `capacity_bytes` is rounded down to kMinBlockBytes and must hold at least one block.
  static Result<std::unique_ptr<BufferPool>> Create(uint64_t capacity_bytes);
  ~BufferPool();

  // The smallest block of at least `min_bytes`: a power of two. None when the pool cannot give one
  // now, or `min_bytes` is above kMaxBlockBytes.
  std::optional<Buffer> Take(size_t min_bytes);

  // Sum of the blocks that are out, never above capacity_bytes().
  uint64_t in_use_bytes() const;
  uint64_t capacity_bytes() const { return region_.size(); }
  // All memory blocks can come from; for IoQueue::RegisterBuffers.
  MutableByteSpan region() const { return region_; }

 private:
  static constexpr size_t kOrders = 11;  // 16 KiB << order, up to 16 MiB
  static_assert(kMinBlockBytes << (kOrders - 1) == kMaxBlockBytes);

  friend class Buffer;
  BufferPool(MutableByteSpan mapped, MutableByteSpan region);
  void GiveBack(MutableByteSpan block, Buffer::FreeNode node);

  const MutableByteSpan mapped_;
  const MutableByteSpan region_;
  mutable std::mutex mutex_;
  // Offsets of free blocks by order; the lowest is taken first, which keeps the high end whole.
  std::array<std::set<uint64_t>, kOrders> free_;
  uint64_t in_use_bytes_ = 0;
};

}  // namespace reel
