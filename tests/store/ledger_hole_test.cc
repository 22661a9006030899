#include "engine/store/ledger_hole.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

TEST(LedgerHole, IsWhereNothingWasDurable) {
  using Chunks = std::vector<LedgerChunk>;
  const Chunks torn = {{{1}, 10}, {{2}, 20}, {{5}, 30}};
  EXPECT_EQ(RecordsBeforeHole(torn, {2}), 20U);
  EXPECT_EQ(RecordsBeforeHole(torn, {3}), 20U) << "4 never was";
  EXPECT_EQ(RecordsBeforeHole(torn, {4}), 30U) << "3 and 4 were lost: damage, not a hole";
  EXPECT_EQ(RecordsBeforeHole({{{2}, 10}}, {}), 0U);
  EXPECT_EQ(RecordsBeforeHole({{{1}, 10}, {{2}, 20}}, {}), 20U);
  EXPECT_EQ(RecordsBeforeHole({}, {}), 0U);
}

}  // namespace
}  // namespace reel
