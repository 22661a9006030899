#include "engine/store/gop_joiner.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

TEST(GopJoinerTest, EachByteIsNamedOnceAndTheNewestCopyFirst) {
  GopRow a;
  a.first_unit = {0};
  a.flags = kGopClean;
  a.lead_bytes = 1;
  a.pieces = {{{1}, {5}, 8192, 4096, {0}, 5}};
  GopRow b = a;
  b.lead_bytes = 2;
  b.pieces = {{{1}, {5}, 8192, 8192, {0}, 10}};
  EXPECT_EQ(Join(a, b), b);
  EXPECT_EQ(Join(b, a), b);
  b.pieces = {{{1}, {6}, 4096, 4096, {0}, 5}};
  const GopRow joined = Join(a, b);
  ASSERT_EQ(joined.pieces.size(), 2U);
  EXPECT_EQ(joined.pieces[0].serial.value, 6U);
  EXPECT_EQ(joined.lead_bytes, 2U);
}

TEST(GopJoinerTest, TooManyPiecesKeepTheRowThatReachesFurther) {
  GopRow a;
  a.pieces.clear();
  for (uint32_t i = 0; i < kMaxPieces; ++i)
    a.pieces.push_back({{1}, {1}, 8192 + 8192ULL * i, 4096, {i}, 1});
  GopRow b;
  b.pieces = {{{1}, {2}, 8192, 4096, {0}, 1}};
  EXPECT_EQ(Join(a, b), a);
  EXPECT_EQ(Join(b, a), a);
}

}  // namespace
}  // namespace reel
