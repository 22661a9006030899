// ChunkBuilder: what it lays down decodes to what was put in.
#include "engine/store/chunk_builder.h"

#include <gtest/gtest.h>

#include "engine/store/run_buffer.h"

namespace reel {
namespace {

class ChunkBuilderTest : public ::testing::Test {
 protected:
  ChunkSpec Spec() {
    ChunkSpec spec;
    spec.stream.bytes.fill(1);
    spec.run.bytes.fill(2);
    spec.first_unit = {100};
    spec.retention_class = kDefaultClass;
    spec.wall_begin = {5'000'000};
    spec.flags = format::kContentClean;
    spec.carries_config = true;
    spec.tracks = std::make_shared<const Bytes>(50, std::byte{9});
    spec.unit_room = 16;
    spec.chunk_bytes_max = format::kMaxChunkBytes;
    return spec;
  }
  static UnitView View(const Bytes& bytes) {
    UnitView unit;
    unit.track = {1};
    unit.pts = 77;
    unit.dts = 70;
    unit.bytes = bytes;
    return unit;
  }
  std::unique_ptr<BufferPool> pool_ = *BufferPool::Create(4U << 20);
};

TEST_F(ChunkBuilderTest, WhatGoesInComesOut) {
  const ChunkSpec spec = Spec();
  ChunkBuilder builder(spec, *pool_->Take(ChunkBuilder::BufferBytes(spec, 10000)));
  const Bytes first(3000, std::byte{1});
  const Bytes second(500, std::byte{2});
  builder.Add(View(first), {5'000'000});
  builder.Add(View(second), {9'000'000});
  EXPECT_EQ(builder.next_unit().value, 102U);
  const uint32_t stored = builder.stored_bytes();
  const StreamChunkPtr chunk = builder.Finish(0);
  EXPECT_EQ(chunk->block_bytes(), stored);

  // As a volume places it.
  SegmentUid uid;
  uid.bytes.fill(3);
  format::ChunkPlace place;
  place.segment_uid = uid;
  place.seq = {1};
  place.offset_bytes = place.extent_base_bytes = 8192;
  place.extent_bytes = place.chunk_bytes = stored;
  place.content_bytes = chunk->content_bytes;
  place.head_bytes = chunk->head_bytes;
  format::Store(place, chunk->buffer.data());
  format::SealHead(chunk->buffer.data(), chunk->head_bytes, uid);
  const ByteSpan bytes(chunk->buffer.data(), stored);
  const Result<format::ChunkHead> head = format::DecodeChunkHead(bytes, uid, 8192);
  ASSERT_TRUE(head.ok()) << head.status().ToString();
  EXPECT_TRUE(format::VerifyChunk(*head, bytes).ok());
  ASSERT_EQ(head->units.size(), 2U);
  EXPECT_EQ(head->units[1].pts, 77);
  EXPECT_EQ(head->units[1].wall_delta_us, 4000);
  EXPECT_EQ(head->config, *spec.tracks);
  const ByteSpan unit = *format::VerifiedUnit(*head, bytes, 1);
  EXPECT_EQ(Bytes(unit.begin(), unit.end()), second);
  format::ChunkRow row = format::RowOf(*head);
  row.seq = {};
  row.offset_bytes = 0;
  row.chunk_bytes = 0;
  EXPECT_EQ(row, chunk->row);
}

TEST_F(ChunkBuilderTest, FitsTellsWhatAddTakes) {
  ChunkSpec spec = Spec();
  spec.unit_room = 2;
  Buffer buffer = *pool_->Take(ChunkBuilder::BufferBytes(spec, 1000));
  const size_t room = buffer.size_bytes();
  ChunkBuilder builder(spec, std::move(buffer));
  const Bytes small(100);
  EXPECT_FALSE(builder.Fits(View(Bytes(room)), {5'000'000}));
  EXPECT_FALSE(builder.Fits(View(small), {4'999'000}));  // before its beginning
  EXPECT_FALSE(builder.Fits(View(small), {5'000'000 + int64_t{3600} * 1'000'000'000}));
  EXPECT_TRUE(builder.Fits(View(small), {5'000'000}));
  builder.Add(View(small), {5'000'000});
  builder.Add(View(small), {5'000'000});
  EXPECT_FALSE(builder.Fits(View(small), {5'000'000}));  // the unit table is full
}

}  // namespace
}  // namespace reel
