#include "engine/io/buffer_pool.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/testing/sim_clock.h"

namespace reel {
namespace {

constexpr size_t kMin = BufferPool::kMinBlockBytes;
constexpr size_t kMax = BufferPool::kMaxBlockBytes;

std::unique_ptr<BufferPool> PoolOf(uint64_t bytes) { return BufferPool::Create(bytes).value(); }

TEST(BufferPoolTest, BlocksArePowersOfTwoWithinBounds) {
  const auto pool = PoolOf(64 << 20);
  EXPECT_EQ(pool->Take(0)->size_bytes(), kMin);
  EXPECT_EQ(pool->Take(kMin)->size_bytes(), kMin);
  EXPECT_EQ(pool->Take(kMin + 1)->size_bytes(), 2 * kMin);
  EXPECT_EQ(pool->Take(kMax)->size_bytes(), kMax);
  EXPECT_FALSE(pool->Take(kMax + 1).has_value());
}

TEST(BufferPoolTest, NeverBeyondItsBound) {
  const auto pool = PoolOf(1 << 20);
  std::vector<Buffer> out;
  while (auto buffer = pool->Take(kMin)) out.push_back(std::move(*buffer));
  EXPECT_EQ(out.size(), (size_t{1} << 20) / kMin);
  EXPECT_EQ(pool->in_use_bytes(), pool->capacity_bytes());
  out.pop_back();
  EXPECT_TRUE(pool->Take(kMin).has_value());
  EXPECT_FALSE(pool->Take(2 * kMin).has_value()) << "one small block is free, no larger one";
}

TEST(BufferPoolTest, ReturnedHalvesBecomeWholeAgain) {
  const auto pool = PoolOf(kMax);
  {
    std::vector<Buffer> out;
    while (auto buffer = pool->Take(kMin)) out.push_back(std::move(*buffer));
    EXPECT_FALSE(pool->Take(kMin).has_value());
  }
  EXPECT_EQ(pool->in_use_bytes(), 0U);
  EXPECT_EQ(pool->Take(kMax).value().data(), pool->region().data());
}

TEST(BufferPoolTest, OddCapacitiesAreUsedWhole) {
  const auto pool = PoolOf(kMax + 5 * kMin + 100);
  EXPECT_EQ(pool->capacity_bytes(), kMax + 5 * kMin);
  std::vector<Buffer> out;
  while (auto buffer = pool->Take(kMin)) out.push_back(std::move(*buffer));
  EXPECT_EQ(out.size(), kMax / kMin + 5);
  out.clear();
  EXPECT_TRUE(pool->Take(kMax).has_value()) << "the odd end did not merge into anything";
  EXPECT_FALSE(BufferPool::Create(kMin - 1).ok());
}

TEST(BufferPoolTest, MovedBuffersAreGivenBackOnce) {
  const auto pool = PoolOf(kMax);
  Buffer first = std::move(*pool->Take(kMin));
  Buffer second = std::move(first);
  EXPECT_TRUE(first.span().empty());
  EXPECT_EQ(pool->in_use_bytes(), kMin);
  second = std::move(*pool->Take(2 * kMin));
  EXPECT_EQ(pool->in_use_bytes(), 2 * kMin);
  second = Buffer();
  EXPECT_EQ(pool->in_use_bytes(), 0U);
}

// Blocks are filled with their owner's mark, which must still stand there when they go back.
void TakeAndCheck(BufferPool& pool, uint8_t mark, uint64_t seed) {
  Rng rng(seed);
  std::vector<Buffer> mine;
  for (int i = 0; i < 4000; ++i) {
    if (mine.size() < 20 && rng.Chance(1, 2)) {
      if (auto buffer = pool.Take(rng.Below(8 * kMin))) {
        buffer->data()[0] = buffer->span().back() = std::byte{mark};
        mine.push_back(std::move(*buffer));
      }
    } else if (!mine.empty()) {
      std::swap(mine[rng.Below(mine.size())], mine.back());
      ASSERT_EQ(mine.back().data()[0], std::byte{mark});
      ASSERT_EQ(mine.back().span().back(), std::byte{mark});
      mine.pop_back();
    }
    ASSERT_LE(pool.in_use_bytes(), pool.capacity_bytes());
  }
}

TEST(BufferPoolTest, BlocksOfManyThreadsNeverOverlap) {
  const auto pool = PoolOf(2 << 20);
  std::vector<std::thread> threads;
  for (uint8_t i = 0; i < 4; ++i) {
    threads.emplace_back([&pool, i] { TakeAndCheck(*pool, static_cast<uint8_t>(i + 1), i); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool->in_use_bytes(), 0U);
}

TEST(BufferPoolTest, BlocksLieAlignedInTheRegion) {
  const auto pool = PoolOf(kMax);
  const auto buffer = pool->Take(64 << 10);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % (64 << 10), 0U);
  EXPECT_GE(buffer->data(), pool->region().data());
  EXPECT_LE(buffer->data() + buffer->size_bytes(), pool->region().data() + pool->region().size());
}

}  // namespace
}  // namespace reel
