// Which ledger segments may go without a copy.
#include "engine/store/ledger_judge.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

constexpr size_t kReceipts = 100;

format::LedgerRecord Gap(int64_t n) {
  StreamId stream;
  stream.bytes[0] = 1;
  return GapRow{stream, {n * 10}, {n * 10 + 1}, GapCause::kSourceLost, 0};
}

LedgerText Whole(std::initializer_list<int64_t> gaps) {
  LedgerText text;
  for (const int64_t n : gaps) text.records.push_back(Gap(n));
  text.before_hole = text.records.size();
  return text;
}

using Serials = std::set<SegmentSerial>;

TEST(LedgerJudge, AWholeCopyMakesTheOlderOnesRedundant) {
  LedgerJudge judge(kReceipts);
  judge.Add({3}, Whole({1, 2, 3, 4}));
  judge.Add({2}, Whole({3}));
  judge.Add({1}, Whole({1, 2}));
  EXPECT_EQ(judge.Redundant(), (Serials{{1}, {2}}));
}

TEST(LedgerJudge, ACopyCutShortGoesItself) {
  LedgerJudge judge(kReceipts);
  judge.Add({3}, Whole({1, 2}));
  judge.Add({2}, Whole({3}));
  judge.Add({1}, Whole({1, 2}));
  // Not {1}, though {3} says the same: that is the one to go.
  EXPECT_EQ(judge.Redundant(), Serials{{3}});
}

TEST(LedgerJudge, WhatStandsBehindAHoleWasNeverAcknowledged) {
  LedgerJudge judge(kReceipts);
  LedgerText torn = Whole({1, 7});
  torn.before_hole = 1;
  judge.Add({3}, torn);
  judge.Add({2}, Whole({3}));
  judge.Add({1}, Whole({1, 2}));
  EXPECT_EQ(judge.Redundant(), Serials{{3}});
}

TEST(LedgerJudge, AHoleIsWhereNothingWasDurable) {
  using Chunks = std::vector<LedgerText::Chunk>;
  const Chunks torn = {{{1}, 10}, {{2}, 20}, {{5}, 30}};
  EXPECT_EQ(RecordsBeforeHole(torn, {2}), 20U);
  EXPECT_EQ(RecordsBeforeHole(torn, {3}), 20U) << "4 never was";
  EXPECT_EQ(RecordsBeforeHole(torn, {4}), 30U) << "3 and 4 were lost: damage, not a hole";
  EXPECT_EQ(RecordsBeforeHole({{{2}, 10}}, {}), 0U);
  EXPECT_EQ(RecordsBeforeHole({{{1}, 10}, {{2}, 20}}, {}), 20U);
  EXPECT_EQ(RecordsBeforeHole({}, {}), 0U);
}

TEST(LedgerJudge, TheOnlyOneAndWhatSaysMoreStay) {
  LedgerJudge only(kReceipts);
  only.Add({1}, Whole({1}));
  EXPECT_TRUE(only.Redundant().empty());
  LedgerJudge each(kReceipts);
  each.Add({2}, Whole({1, 2}));
  each.Add({1}, Whole({1, 3}));
  EXPECT_TRUE(each.Redundant().empty());
}

}  // namespace
}  // namespace reel
