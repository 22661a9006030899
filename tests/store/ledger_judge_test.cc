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

std::vector<format::LedgerRecord> Gaps(std::initializer_list<int64_t> gaps) {
  std::vector<format::LedgerRecord> records;
  for (const int64_t n : gaps) records.push_back(Gap(n));
  return records;
}

using Serials = std::set<SegmentSerial>;

TEST(LedgerJudge, AWholeCopyMakesTheOlderOnesRedundant) {
  LedgerJudge judge(kReceipts);
  judge.Add({3}, Gaps({1, 2, 3, 4}));
  judge.Add({2}, Gaps({3}));
  judge.Add({1}, Gaps({1, 2}));
  EXPECT_EQ(judge.Redundant(), (Serials{{1}, {2}}));
}

TEST(LedgerJudge, ACopyCutShortGoesItself) {
  LedgerJudge judge(kReceipts);
  judge.Add({3}, Gaps({1, 2}));
  judge.Add({2}, Gaps({3}));
  judge.Add({1}, Gaps({1, 2}));
  // Not {1}, though {3} says the same: that is the one to go.
  EXPECT_EQ(judge.Redundant(), Serials{{3}});
}

TEST(LedgerJudge, TheOnlyOneAndWhatSaysMoreStay) {
  LedgerJudge only(kReceipts);
  only.Add({1}, Gaps({1}));
  EXPECT_TRUE(only.Redundant().empty());
  LedgerJudge each(kReceipts);
  each.Add({2}, Gaps({1, 2}));
  each.Add({1}, Gaps({1, 3}));
  EXPECT_TRUE(each.Redundant().empty());
}

}  // namespace
}  // namespace reel
