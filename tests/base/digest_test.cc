#include "engine/base/digest.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/base/bytes.h"

namespace reel {
namespace {

std::string HexOf(const std::array<uint8_t, 32>& digest) { return ToString(ContentId{digest}); }

Bytes Counting(int from, int step) {
  Bytes bytes;
  for (int i = 0; i < 32; ++i) bytes.push_back(static_cast<std::byte>(from + i * step));
  return bytes;
}

// RFC 3720 appendix B.4. The RFC prints the CRC's bytes in the order they are sent, low byte first.
TEST(Crc32cTest, VectorsOfRfc3720) {
  EXPECT_EQ(Crc32c(Bytes(32)), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(Bytes(32, std::byte{0xFF})), 0x62A8AB43U);
  EXPECT_EQ(Crc32c(Counting(0, 1)), 0x46DD794EU);
  EXPECT_EQ(Crc32c(Counting(31, -1)), 0x113FDB5CU);

  Bytes scsi_read(48);
  scsi_read[0] = std::byte{0x01};
  scsi_read[1] = std::byte{0xC0};
  scsi_read[16] = std::byte{0x14};
  scsi_read[22] = std::byte{0x04};
  scsi_read[27] = std::byte{0x14};
  scsi_read[31] = std::byte{0x18};
  scsi_read[32] = std::byte{0x28};
  scsi_read[40] = std::byte{0x02};
  EXPECT_EQ(Crc32c(scsi_read), 0xD9963A56U);
}

TEST(Crc32cTest, CheckValue) {
  EXPECT_EQ(Crc32c(AsBytes("123456789")), 0xE3069283U);
  EXPECT_EQ(Crc32c({}), 0U);
}

TEST(Crc32cTest, ContinuesWhereItStopped) {
  const ByteSpan whole = AsBytes("the quick brown fox jumps over the lazy dog, twice or more");
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    EXPECT_EQ(Crc32c(whole.subspan(cut), Crc32c(whole.first(cut))), Crc32c(whole)) << cut;
  }
}

TEST(Crc32cTest, EveryFlippedBitShows) {
  Bytes bytes = Counting(0, 7);
  const uint32_t good = Crc32c(bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    bytes[bit / 8] ^= mask;
    EXPECT_NE(Crc32c(bytes), good) << bit;
    bytes[bit / 8] ^= mask;
  }
}

TEST(SeedOfTest, LivesOfASegmentDoNotShareASeed) {
  std::set<uint32_t> seeds;
  for (uint8_t i = 0; i < 200; ++i) {
    SegmentUid uid;
    uid.bytes[i % 16] = i;
    uid.bytes[15] ^= 0x55;
    seeds.insert(SeedOf(uid));
  }
  EXPECT_EQ(seeds.size(), 200U);
  EXPECT_NE(Crc32c(Bytes(32), SeedOf(SegmentUid{{1}})), Crc32c(Bytes(32), SeedOf(SegmentUid{{2}})));
}

// FIPS 180-4 examples, and a message longer than one call of the hardware path.
TEST(Sha256Test, KnownAnswers) {
  EXPECT_EQ(HexOf(Sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexOf(Sha256(AsBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexOf(Sha256(AsBytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(HexOf(Sha256(Bytes(1'000'000, std::byte{'a'}))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Stream, SameAsInOnePiece) {
  const Bytes bytes(100'000, std::byte{0x5A});
  for (const size_t piece : {size_t{1}, size_t{4096}, bytes.size()}) {
    Sha256Stream stream;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      stream.Put(ByteSpan(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    }
    EXPECT_EQ(stream.Finish(), Sha256(bytes)) << piece;
  }
  EXPECT_EQ(Sha256Stream().Finish(), Sha256({}));
}

}  // namespace
}  // namespace reel
