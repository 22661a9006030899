// The ledger in memory: one result whatever the order, nothing lost on the way, nothing kept for
// ever.
#include "engine/store/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace reel {
namespace {

template <class Id>
Id IdOf(uint8_t n) {
  Id id;
  id.bytes.fill(n);
  return id;
}

format::StreamRecord Named(uint8_t n, const std::string& name, uint64_t revision = 1) {
  format::StreamRecord record;
  record.row.stream = IdOf<StreamId>(n);
  record.row.name = name;
  record.revision = revision;
  return record;
}

RunRow Ended(uint8_t run, int64_t begin, int64_t end, EndCause cause = EndCause::kEnded) {
  return {IdOf<StreamId>(1), IdOf<RunId>(run), {begin}, {end}, cause};
}

GapRow Gap(int64_t begin, int64_t end, uint64_t lost = 0) {
  return {IdOf<StreamId>(1), {begin}, {end}, GapCause::kOverload, lost};
}

format::RetiredRecord Receipt(uint8_t volume, uint64_t serial) {
  format::RetiredRecord record;
  record.volume = IdOf<VolumeId>(volume);
  record.serial = {serial};
  return record;
}

template <class T>
std::vector<T> Of(const std::vector<format::LedgerRecord>& records) {
  std::vector<T> found;
  for (const format::LedgerRecord& record : records) {
    if (const T* one = std::get_if<T>(&record)) found.push_back(*one);
  }
  return found;
}

// Copying forward puts old statements behind newer ones.
TEST(LedgerTest, OneResultInWhateverOrder) {
  std::vector<format::LedgerRecord> records = {Named(1, "gate", 1),
                                               Named(1, "main gate", 2),
                                               Ended(1, 10, 20),
                                               Ended(1, 10, 30),
                                               Ended(1, 10, 30, EndCause::kShutdown),
                                               Gap(5, 6, 1),
                                               Gap(5, 9, 4),
                                               Gap(5, 9, 2)};
  std::vector<size_t> order = {0, 1, 2, 3, 4, 5, 6, 7};
  do {
    Ledger ledger;
    for (const size_t i : order) ledger.Apply(records[i]);
    ASSERT_EQ(ledger.FindStream(IdOf<StreamId>(1))->row.name, "main gate");
    ASSERT_EQ(ledger.FindRun(IdOf<RunId>(1))->end.ns, 30);
    ASSERT_EQ(ledger.FindRun(IdOf<RunId>(1))->cause, EndCause::kShutdown);
    const auto gaps = Of<GapRow>(ledger.Live({}, 0));
    ASSERT_EQ(gaps.size(), 1U);
    ASSERT_EQ(gaps[0], Gap(5, 9, 4));
    std::next_permutation(order.begin() + 2, order.end());
  } while (std::next_permutation(order.begin(), order.begin() + 2) ||
           !std::is_sorted(order.begin() + 2, order.end()));
}

TEST(LedgerTest, SaysWhetherARecordIsNews) {
  Ledger ledger;
  EXPECT_TRUE(ledger.Apply(Gap(5, 6)));
  EXPECT_FALSE(ledger.Apply(Gap(5, 6)));
  EXPECT_TRUE(ledger.Apply(Gap(5, 7)));
  EXPECT_FALSE(ledger.Apply(Gap(5, 6)));
}

TEST(LedgerTest, APendingRecordIsCopiedForwardButNotKnown) {
  Ledger ledger;
  {
    const Ledger::Pending pending(ledger, Named(1, "gate"));
    EXPECT_FALSE(ledger.FindStream("gate").has_value());
    EXPECT_EQ(Of<format::StreamRecord>(ledger.Live({}, 0)).size(), 1U);
  }
  EXPECT_TRUE(ledger.Live({}, 0).empty());
}

TEST(LedgerTest, ReceiptsAreTheVolumesOwnAndTheLatest) {
  Ledger ledger;
  for (uint64_t serial = 1; serial <= 10; ++serial) ledger.Apply(Receipt(1, serial));
  ledger.Apply(Receipt(2, 77));
  const auto kept = Of<format::RetiredRecord>(ledger.Live(IdOf<VolumeId>(1), 3));
  ASSERT_EQ(kept.size(), 3U);
  for (const format::RetiredRecord& receipt : kept) {
    EXPECT_EQ(receipt.volume, IdOf<VolumeId>(1));
    EXPECT_GE(receipt.serial.value, 8U);
  }
  EXPECT_EQ(Of<format::RetiredRecord>(ledger.Live(IdOf<VolumeId>(2), 3)).size(), 1U);
}

TEST(LedgerTest, ReceiptsAreBounded) {
  Ledger ledger;
  for (uint64_t serial = 1; serial <= Ledger::kMaxReceipts + 5; ++serial)
    ledger.Apply(Receipt(1, serial));
  const auto kept =
      Of<format::RetiredRecord>(ledger.Live(IdOf<VolumeId>(1), 2 * Ledger::kMaxReceipts));
  EXPECT_EQ(kept.size(), Ledger::kMaxReceipts);
  EXPECT_EQ(kept.front().serial.value, Ledger::kMaxReceipts + 5);
}

TEST(LedgerTest, PruneDropsWhatIsAboutFootageThatIsGone) {
  Ledger ledger;
  ledger.Apply(Named(1, "gate"));
  ledger.Apply(Named(2, "door"));
  ledger.Apply(Gap(10, 20));
  ledger.Apply(Gap(30, 50));
  ledger.Apply(Ended(1, 10, 20));
  ledger.Apply(Ended(2, 10, 60));
  ledger.Apply(format::SessionRecord{{}, {1}, {1}});
  ledger.Apply(format::SessionRecord{{}, {2}, {30}});
  ledger.Apply(format::SessionRecord{{}, {3}, {45}});
  ledger.Prune({{IdOf<StreamId>(1), WallTime{40}}});
  EXPECT_EQ(Of<GapRow>(ledger.Live({}, 0)).size(), 2U) << "nothing has been recycled yet";
  format::RetiredRecord receipt = Receipt(1, 1);
  receipt.end = {35};
  ledger.Apply(receipt);
  ledger.Prune(
      {{IdOf<StreamId>(1), WallTime{40}}});  // of the other nothing is known: sessions stay
  EXPECT_EQ(Of<GapRow>(ledger.Live({}, 0)), std::vector<GapRow>{Gap(30, 50)});
  EXPECT_FALSE(ledger.FindRun(IdOf<RunId>(1)).has_value());
  EXPECT_TRUE(ledger.FindRun(IdOf<RunId>(2)).has_value());
  EXPECT_EQ(ledger.SessionBegins().size(), 3U);
  ledger.Prune({{IdOf<StreamId>(1), WallTime{40}}, {IdOf<StreamId>(2), WallTime{41}}});
  EXPECT_EQ(ledger.SessionBegins(), (std::vector<WallTime>{{30}, {45}}));
  EXPECT_EQ(ledger.Streams().size(), 2U);
}

TEST(LedgerTest, ImportsGoWithTheirFootageAndTheOneThatKnowsItsEndHolds) {
  ImportRow begun;
  begun.stream = IdOf<StreamId>(1);
  begun.run = IdOf<RunId>(1);
  begun.begin = {10};
  begun.imported = {100};
  ImportRow whole = begun;
  whole.end = {20};
  for (const bool forward : {true, false}) {
    Ledger ledger;
    ledger.Apply(forward ? begun : whole);
    EXPECT_EQ(ledger.Apply(forward ? whole : begun), forward);
    EXPECT_EQ(ledger.Imports(), std::vector<ImportRow>{whole});
    EXPECT_EQ(Of<ImportRow>(ledger.Live({}, 0)), std::vector<ImportRow>{whole});
  }
  Ledger ledger;
  ledger.Apply(whole);
  ImportRow broken_off = begun;
  broken_off.run = IdOf<RunId>(2);
  ledger.Apply(broken_off);
  format::RetiredRecord receipt;  // later footage has been recycled
  receipt.end = {30};
  ledger.Apply(receipt);
  ledger.Prune({{IdOf<StreamId>(1), WallTime{20}}});
  EXPECT_EQ(ledger.Imports().size(), 2U);
  ledger.Prune({{IdOf<StreamId>(1), WallTime{21}}});
  EXPECT_EQ(ledger.Imports(), std::vector<ImportRow>{broken_off});
}

}  // namespace
}  // namespace reel
