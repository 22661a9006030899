#include "engine/io/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace reel {
namespace {

constexpr size_t kHugePageBytes = size_t{2} << 20;

size_t OrderOf(size_t block_bytes) {
  return static_cast<size_t>(std::countr_zero(block_bytes / BufferPool::kMinBlockBytes));
}

}  // namespace

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    Release();
    pool_ = std::exchange(other.pool_, nullptr);
    span_ = std::exchange(other.span_, {});
    node_ = std::move(other.node_);
  }
  return *this;
}

void Buffer::Release() {
  if (pool_ != nullptr) pool_->GiveBack(span_, std::move(node_));
  pool_ = nullptr;
  span_ = {};
}

Result<std::unique_ptr<BufferPool>> BufferPool::Create(uint64_t capacity_bytes) {
  const uint64_t capacity = RoundDown(capacity_bytes, kMinBlockBytes);
  if (capacity == 0) return InvalidArgument("a buffer pool needs at least 16 KiB");
  const size_t mapped = capacity + kHugePageBytes;
  void* address = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) return Status::FromErrno(errno, "mapping the buffer pool");
  auto* base = static_cast<std::byte*>(address);
  const auto value = reinterpret_cast<uintptr_t>(base);
  const size_t skip = RoundUp(value, kHugePageBytes) - value;
  // Advice only: without huge pages everything works, slower.
  static_cast<void>(madvise(base + skip, capacity, MADV_HUGEPAGE));
  return std::unique_ptr<BufferPool>(new BufferPool({base, mapped}, {base + skip, capacity}));
}

BufferPool::BufferPool(MutableByteSpan mapped, MutableByteSpan region)
    : mapped_(mapped), region_(region) {
  for (uint64_t at = 0; at < region.size();) {
    const uint64_t fits = std::bit_floor(region.size() - at);
    const uint64_t block = std::min<uint64_t>(fits, kMaxBlockBytes);
    free_[OrderOf(block)].insert(at);
    at += block;
  }
}

BufferPool::~BufferPool() {
  REEL_CHECK(in_use_bytes_ == 0, "buffers are given back before their pool goes");
  munmap(mapped_.data(), mapped_.size());
}

std::optional<Buffer> BufferPool::Take(size_t min_bytes) {
  if (min_bytes > kMaxBlockBytes) return std::nullopt;
  const size_t block_bytes = std::bit_ceil(std::max(min_bytes, kMinBlockBytes));
  const size_t order = OrderOf(block_bytes);
  std::lock_guard lock(mutex_);
  size_t from = order;
  while (from < kOrders && free_[from].empty()) ++from;
  if (from == kOrders) return std::nullopt;
  const uint64_t at = *free_[from].begin();
  // Halves that are left over, the smallest first. Made before anything is changed.
  std::set<uint64_t> halves;
  for (size_t half = order; half < from; ++half) halves.insert(at + (kMinBlockBytes << half));
  Buffer::FreeNode node = free_[from].extract(free_[from].begin());
  for (size_t half = order; half < from; ++half) free_[half].insert(halves.extract(halves.begin()));
  in_use_bytes_ += block_bytes;
  return Buffer(this, region_.subspan(at, block_bytes), std::move(node));
}

void BufferPool::GiveBack(MutableByteSpan block, Buffer::FreeNode node) {
  std::lock_guard lock(mutex_);
  in_use_bytes_ -= block.size();
  auto at = static_cast<uint64_t>(block.data() - region_.data());
  size_t order = OrderOf(block.size());
  // Two free halves of one block become it again; a half beyond the region is never free.
  for (; order + 1 < kOrders; ++order) {
    const uint64_t buddy = at ^ (kMinBlockBytes << order);
    if (free_[order].erase(buddy) == 0) break;
    at = std::min(at, buddy);
  }
  node.value() = at;
  free_[order].insert(std::move(node));
}

uint64_t BufferPool::in_use_bytes() const {
  std::lock_guard lock(mutex_);
  return in_use_bytes_;
}

}  // namespace reel
