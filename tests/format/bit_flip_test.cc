// Every single bit flip is detected: in a chunk from its first byte to the end of its payload (the
// pad behind it means nothing and is under no checksum), in a footer, in the sector of block 0 and
// of the superblock (the rest of the block is unused), in a node state.
#include <gtest/gtest.h>

#include <functional>

#include "tests/format/samples.h"

namespace reel::format {
namespace {

// Runs `decodes` on each of `bytes` with one bit of the first `covered` flipped.
void ExpectAllDetected(Bytes bytes, size_t covered, const std::function<bool(ByteSpan)>& decodes) {
  ASSERT_TRUE(decodes(bytes));
  for (size_t bit = 0; bit < covered * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    bytes[bit / 8] ^= mask;
    EXPECT_FALSE(decodes(bytes)) << "bit " << bit % 8 << " of byte " << bit / 8;
    bytes[bit / 8] ^= mask;
  }
}

TEST(BitFlip, Chunk) {
  const Bytes chunk = SampleChunk();
  const size_t covered = kContentOffset + Load<ChunkPlace>(chunk).content_bytes;
  ExpectAllDetected(chunk, covered, [](ByteSpan bytes) {
    const Result<ChunkHead> head = DecodeChunkHead(bytes, SampleUid(), kSampleOffset);
    return head.ok() && VerifyChunk(*head, bytes).ok();
  });
}

TEST(BitFlip, ChunkPadMeansNothing) {
  Bytes chunk = SampleChunk();
  const ChunkHead head = DecodeChunkHead(chunk, SampleUid(), kSampleOffset).value();
  const ContentId before = ContentIdOf(head, chunk);
  chunk.back() = std::byte{0xFF};
  EXPECT_TRUE(VerifyChunk(head, chunk).ok());
  EXPECT_EQ(ContentIdOf(head, chunk), before);
}

TEST(BitFlip, Footer) {
  const Bytes footer = SampleFooter();
  ExpectAllDetected(footer, footer.size(),
                    [](ByteSpan bytes) { return DecodeFooter(bytes, SampleUid()).ok(); });
}

TEST(BitFlip, SegmentHeader) {
  Bytes block(kBlockBytes);
  EncodeSegmentHeader(SampleSegmentHeader(), std::span<std::byte, kBlockBytes>(block));
  ExpectAllDetected(block, kRecordBytes,
                    [](ByteSpan bytes) { return DecodeSegmentHeader(bytes).ok(); });
}

TEST(BitFlip, Superblock) {
  Bytes slot(kSuperblockSlotBytes);
  EncodeSuperblock(SampleSuperblock(), std::span<std::byte, kSuperblockSlotBytes>(slot));
  ExpectAllDetected(slot, kRecordBytes,
                    [](ByteSpan bytes) { return DecodeSuperblock(bytes).ok(); });
}

TEST(BitFlip, NodeState) {
  Bytes slot(kNodeSlotBytes);
  ASSERT_TRUE(EncodeNodeState(SampleNodeState(), slot).ok());
  uint32_t body_bytes = 0;
  std::memcpy(&body_bytes, slot.data() + 8, sizeof body_bytes);
  ExpectAllDetected(slot, 16 + body_bytes,
                    [](ByteSpan bytes) { return DecodeNodeState(bytes).ok(); });
}

}  // namespace
}  // namespace reel::format
