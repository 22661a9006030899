#include "engine/media/bit_reader.h"

#include <gtest/gtest.h>

#include "tests/media/nal_builder.h"

namespace reel {
namespace {

TEST(BitReader, BitsAreMostSignificantFirst) {
  const Bytes bytes = MakeBytes({0xA5, 0x0F});
  BitReader in(bytes);
  EXPECT_EQ(in.GetBits(1), 1U);
  EXPECT_EQ(in.GetBits(3), 2U);
  EXPECT_EQ(in.GetBits(8), 0x50U);
  EXPECT_EQ(in.GetBits(4), 0xFU);
  EXPECT_EQ(in.position_bits(), 16U);
  EXPECT_TRUE(in.ok());
}

TEST(BitReader, LeavesEmulationPreventionOut) {
  const Bytes bytes = MakeBytes({0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 2, 3});
  BitReader in(bytes);
  EXPECT_EQ(in.GetBits(24), 0x000001U);
  EXPECT_EQ(in.GetBits(32), 0U);
  EXPECT_EQ(in.GetBits(16), 0x0203U);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.position_bits(), 72U);
}

TEST(BitReader, TheFirstReadPastTheEndSticks) {
  const Bytes bytes = MakeBytes({0xFF, 0xFF});
  BitReader in(bytes);
  EXPECT_EQ(in.GetBits(12), 0xFFFU);
  EXPECT_EQ(in.GetBits(5), 0U);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.GetBits(1), 0U);
  EXPECT_EQ(in.GetUe(), 0U);
}

TEST(BitReader, ExpGolombFromEndToEnd) {
  const uint64_t values[] = {0, 1, 2, 3, 254, 255, 65'535, 4'294'967'293, 4'294'967'294};
  NalBuilder builder({});
  for (uint64_t value : values) builder.Ue(value);
  for (int64_t value : {0L, 1L, -1L, 2'147'483'647L, -2'147'483'647L}) builder.Se(value);
  const Bytes bytes = builder.Build();
  BitReader in(bytes);
  for (uint64_t value : values) EXPECT_EQ(in.GetUe(), value);
  for (int64_t value : {0L, 1L, -1L, 2'147'483'647L, -2'147'483'647L}) EXPECT_EQ(in.GetSe(), value);
  EXPECT_TRUE(in.ok());
}

TEST(BitReader, ExpGolombOfTooManyZerosIsRefused) {
  const Bytes bytes = NalBuilder({}).Ue(4'294'967'295).Build();
  BitReader in(bytes);
  EXPECT_EQ(in.GetUe(), 0U);
  EXPECT_FALSE(in.ok());
}

TEST(BitReader, SkipsFarPastTheEndAtOnce) {
  const Bytes bytes = MakeBytes({1, 2, 3});
  BitReader in(bytes);
  in.SkipBits(UINT64_MAX);
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace reel
