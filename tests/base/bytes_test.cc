#include "engine/base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace reel {
namespace {

Bytes Raw(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(BytesTest, ScalarsAreLittleEndianAtAnyAddress) {
  Bytes bytes(16);
  StoreLe<uint32_t>(bytes.data() + 3, 0x01020304);
  EXPECT_EQ(ByteSpan(bytes).subspan(3, 4)[0], std::byte{4});
  EXPECT_EQ(ByteSpan(bytes).subspan(3, 4)[3], std::byte{1});
  EXPECT_EQ(LoadLe<uint32_t>(bytes.data() + 3), 0x01020304U);
  StoreLe<int16_t>(bytes.data() + 1, -2);
  EXPECT_EQ(LoadLe<int16_t>(bytes.data() + 1), -2);
}

TEST(BytesTest, Rounding) {
  EXPECT_EQ(RoundUp(0, 4096), 0U);
  EXPECT_EQ(RoundUp(1, 4096), 4096U);
  EXPECT_EQ(RoundUp(4096, 4096), 4096U);
  EXPECT_EQ(RoundUp(4097, 1536), 4608U);
  EXPECT_EQ(RoundDown(4095, 4096), 0U);
  EXPECT_EQ(RoundDown(8191, 4096), 4096U);
}

TEST(BytesTest, VarintsAreLeb128) {
  Bytes out;
  ByteWriter writer(&out);
  writer.PutVarint(0);
  writer.PutVarint(127);
  writer.PutVarint(300);
  writer.PutSignedVarint(-1);
  writer.PutSignedVarint(1);
  EXPECT_EQ(out, Raw({0x00, 0x7F, 0xAC, 0x02, 0x01, 0x02}));
}

TEST(BytesTest, WhatIsWrittenReadsBack) {
  constexpr uint64_t kUnsigned[] = {0, 1, 127, 128, 16'383, 16'384, 1ULL << 35, 1ULL << 63, ~0ULL};
  constexpr int64_t kSigned[] = {
      0, -1, 1, -64, 64, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  StreamId id;
  id.bytes[3] = 9;
  Bytes out;
  ByteWriter writer(&out);
  for (const uint64_t value : kUnsigned) writer.PutVarint(value);
  for (const int64_t value : kSigned) writer.PutSignedVarint(value);
  writer.Put<uint16_t>(0xBEEF);
  writer.Put<int64_t>(-5);
  writer.PutUuid(id);
  writer.PutString("gate");
  writer.PutString("");

  ByteReader reader(out);
  for (const uint64_t value : kUnsigned) EXPECT_EQ(reader.GetVarint(), value);
  for (const int64_t value : kSigned) EXPECT_EQ(reader.GetSignedVarint(), value);
  EXPECT_EQ(reader.Get<uint16_t>(), 0xBEEF);
  EXPECT_EQ(reader.Get<int64_t>(), -5);
  EXPECT_EQ(reader.GetUuid<StreamId>(), id);
  EXPECT_EQ(reader.GetString(4), "gate");
  EXPECT_EQ(reader.GetString(0), "");
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
}

TEST(ByteReaderTest, FailureIsForGoodAndReadsZero) {
  const Bytes bytes = Raw({1, 2, 3});
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Get<uint32_t>(), 0U);
  EXPECT_FALSE(reader.ok());
  // Three bytes are left, and none of them may come out any more.
  EXPECT_EQ(reader.Get<uint8_t>(), 0U);
  EXPECT_EQ(reader.GetVarint(), 0U);
  EXPECT_EQ(reader.GetSignedVarint(), 0);
  EXPECT_TRUE(reader.GetBytes(1).empty());
  EXPECT_TRUE(reader.GetBytes(0).empty());
  EXPECT_EQ(reader.GetString(100), "");
  EXPECT_TRUE(reader.GetUuid<StreamId>().is_nil());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReaderTest, NothingFromNothing) {
  ByteReader reader({});
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(reader.GetBytes(0).empty());
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.GetVarint(), 0U);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReaderTest, VarintsThatAreNone) {
  const Bytes unended = Raw({0x80, 0x80});
  const Bytes eleven(11, std::byte{0x80});
  Bytes too_big(9, std::byte{0xFF});
  too_big.push_back(std::byte{2});  // bit 64
  Bytes biggest(9, std::byte{0xFF});
  biggest.push_back(std::byte{1});
  for (const Bytes& bytes : {unended, eleven, too_big}) {
    ByteReader reader(bytes);
    EXPECT_EQ(reader.GetVarint(), 0U);
    EXPECT_FALSE(reader.ok());
  }
  ByteReader reader(biggest);
  EXPECT_EQ(reader.GetVarint(), ~0ULL);
  EXPECT_TRUE(reader.ok());
}

TEST(ByteReaderTest, LengthsThatLie) {
  Bytes huge;
  ByteWriter(&huge).PutVarint(~0ULL);
  huge.resize(huge.size() + 8);
  ByteReader by_bound(huge);
  EXPECT_EQ(by_bound.GetString(1024), "");
  EXPECT_FALSE(by_bound.ok());
  ByteReader by_end(huge);
  EXPECT_EQ(by_end.GetString(std::numeric_limits<size_t>::max()), "");
  EXPECT_FALSE(by_end.ok());
  Bytes five;
  ByteWriter(&five).PutString("12345");
  ByteReader over_bound(five);
  EXPECT_EQ(over_bound.GetString(4), "");
  EXPECT_FALSE(over_bound.ok());
  ByteReader bytes(huge);
  EXPECT_TRUE(bytes.GetBytes(std::numeric_limits<size_t>::max()).empty());
  EXPECT_FALSE(bytes.ok());
}

TEST(ByteReaderTest, EveryTruncationIsNoticed) {
  Bytes whole;
  ByteWriter writer(&whole);
  writer.Put<uint64_t>(7);
  writer.PutVarint(1ULL << 40);
  writer.PutString("front door");
  writer.PutUuid(StreamId{});
  for (size_t size = 0; size <= whole.size(); ++size) {
    // A copy of just that size, so that a sanitizer sees any step past it.
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    ByteReader reader(cut);
    (void)reader.Get<uint64_t>();
    (void)reader.GetVarint();
    (void)reader.GetString(64);
    (void)reader.GetUuid<StreamId>();
    EXPECT_EQ(reader.ok(), size == whole.size()) << size;
  }
}

}  // namespace
}  // namespace reel
