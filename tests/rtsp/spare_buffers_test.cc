#include "server/rtsp/spare_buffers.h"

#include <gtest/gtest.h>

#include <array>

#include "server/rtsp/message.h"

namespace reel::server {
namespace {

TEST(SpareBuffersTest, TheLastOneGivenIsTakenFirst) {
  SpareBuffers spare;
  EXPECT_TRUE(spare.Take().empty());
  spare.Give(Bytes(10));
  spare.Give(Bytes(20));
  EXPECT_EQ(spare.Take().size(), 20U);
  EXPECT_EQ(spare.Take().size(), 10U);
  EXPECT_TRUE(spare.Take().empty());
}

TEST(SpareBuffersTest, KeepsSoManyAndNoneThatIsLarge) {
  SpareBuffers spare;
  spare.Give(Bytes(SpareBuffers::kMaxBytes + 1));
  EXPECT_TRUE(spare.Take().empty());
  for (size_t i = 0; i < SpareBuffers::kMaxKept + 10; ++i) spare.Give(Bytes(1));
  size_t kept = 0;
  while (!spare.Take().empty()) ++kept;
  EXPECT_EQ(kept, SpareBuffers::kMaxKept);
}

// Frames of two cameras come by turns, each in pieces that end within the next frame.
TEST(SpareBuffersTest, ReadersThatShareThemKeepWhatIsTheirs) {
  constexpr size_t kFrames = 50;
  std::array<Bytes, 2> wires;
  for (size_t camera = 0; camera < 2; ++camera) {
    for (size_t i = 0; i < kFrames; ++i)
      AppendInterleaved(0, Bytes(100, static_cast<std::byte>(2 * i + camera)), &wires[camera]);
  }
  std::array<MessageReader, 2> readers;
  std::array<size_t, 2> frames{};
  // 104 bytes a frame: every thirteenth piece ends with one, and the buffer goes round.
  constexpr size_t kPiece = 56;
  for (size_t at = 0; at < wires[0].size(); at += kPiece) {
    for (size_t camera = 0; camera < 2; ++camera) {
      const ByteSpan rest = ByteSpan(wires[camera]).subspan(at);
      readers[camera].Feed(rest.first(std::min(kPiece, rest.size())));
      for (;;) {
        const auto message = readers[camera].Next();
        ASSERT_TRUE(message.ok());
        if (!*message) break;
        const ByteSpan bytes = std::get<InterleavedFrame>(**message).bytes;
        const auto expected = static_cast<std::byte>(2 * frames[camera]++ + camera);
        ASSERT_EQ(Bytes(bytes.begin(), bytes.end()), Bytes(100, expected));
      }
    }
  }
  EXPECT_EQ(frames[0], kFrames);
  EXPECT_EQ(frames[1], kFrames);
}

}  // namespace
}  // namespace reel::server
