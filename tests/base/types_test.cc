#include "reel/types.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace reel {
namespace {

static_assert(!std::is_convertible_v<StreamId, RunId>);
static_assert(!std::is_convertible_v<SegmentSerial, UnitNumber>);
static_assert(!std::is_convertible_v<uint64_t, SegmentSerial>);
static_assert(sizeof(StreamId) == 16 && sizeof(ContentId) == 32);

constexpr std::string_view kText = "00112233-4455-6677-8899-aabbccddeeff";

TEST(UuidTest, PrintsAndReadsBack) {
  const std::optional<StreamId> id = ParseId<StreamId>(kText);
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->bytes[1], 0x11);
  EXPECT_EQ(id->bytes[15], 0xFF);
  EXPECT_EQ(ToString(*id), kText);
  EXPECT_EQ(ParseId<StreamId>("00112233-4455-6677-8899-AABBCCDDEEFF"), id);
}

TEST(UuidTest, RefusesWhatIsNotOne) {
  for (const std::string_view text : {
           "",
           "00112233-4455-6677-8899-aabbccddeef",
           "00112233-4455-6677-8899-aabbccddeefff",
           "00112233445566778899aabbccddeeff0000",
           "001122334-455-6677-8899-aabbccddeeff",
           "0011223g-4455-6677-8899-aabbccddeeff",
           "{0112233-4455-6677-8899-aabbccddeef}",
           " 0112233-4455-6677-8899-aabbccddeeff",
       }) {
    EXPECT_FALSE(ParseId<StreamId>(text).has_value()) << text;
  }
}

TEST(UuidTest, NilIsAllZeros) {
  StreamId id;
  EXPECT_TRUE(id.is_nil());
  EXPECT_EQ(ToString(id), "00000000-0000-0000-0000-000000000000");
  id.bytes[15] = 1;
  EXPECT_FALSE(id.is_nil());
}

TEST(UuidTest, OrdersByBytesAndHashesEveryByte) {
  StreamId low;
  StreamId high;
  low.bytes[15] = 0xFF;
  high.bytes[0] = 1;
  EXPECT_LT(low, high);
  std::unordered_set<size_t> hashes{std::hash<StreamId>{}(StreamId{})};
  for (size_t i = 0; i < 16; ++i) {
    StreamId id;
    id.bytes.at(i) = 1;
    hashes.insert(std::hash<StreamId>{}(id));
  }
  EXPECT_EQ(hashes.size(), 17U);
}

TEST(TaggedTest, ComparesByValueAndStartsAtZero) {
  EXPECT_EQ(ChunkSeq{}.value, 0U);
  EXPECT_LT(ChunkSeq{1}, ChunkSeq{2});
  EXPECT_NE(kLedgerClass, kDefaultClass);
}

TEST(ContentIdTest, PrintsAs64HexDigits) {
  ContentId id;
  id.bytes.front() = 0xA0;
  id.bytes.back() = 0x0B;
  EXPECT_EQ(ToString(id), "a0" + std::string(60, '0') + "0b");
}

}  // namespace
}  // namespace reel
