// What SimDisk promises to the crash explorers built on it.
#include "engine/testing/sim_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "tests/io/aligned_buffer.h"

namespace reel {
namespace {

using Mode = CrashTraits::Mode;

constexpr uint64_t kBlock = 4096;
constexpr size_t kSector = 512;

class SimDiskTest : public testing::Test {
 public:
  void SetUp() override { file_ = disk_.Create("f", 64 * kBlock).value(); }

  void WriteBlock(uint64_t block, uint64_t seed) {
    AlignedBuffer data(kBlock, seed);
    ASSERT_EQ(file_->Write(block * kBlock, data.span()).value(), kBlock);
  }
  static Bytes BlockOf(const SimDisk& disk, uint64_t block) {
    return disk.Peek("f", block * kBlock, kBlock);
  }
  std::unique_ptr<SimDisk> Cut(Mode mode, uint64_t tear_seed = 1) {
    CrashTraits traits;
    traits.mode = mode;
    return disk_.CrashImage(disk_.journal_size(), tear_seed, traits);
  }
  void Plan(SeamCall call, Fault fault, uint64_t nth = 1, uint64_t times = 1) {
    disk_.faults().Add({call, std::move(fault), nth, times, ""});
  }

  const Bytes zeros_ = Bytes(kBlock);
  SimDisk disk_;
  std::unique_ptr<File> file_;
};

TEST_F(SimDiskTest, SyncedWritesSurviveEveryPowerCut) {
  WriteBlock(3, 77);
  ASSERT_TRUE(file_->Sync().ok());
  const size_t acknowledged = disk_.journal_size();
  for (uint64_t i = 0; i < 8; ++i) WriteBlock(8 + i, i);
  CrashTraits traits;
  traits.garbage = true;
  for (size_t k = acknowledged; k <= disk_.journal_size(); ++k) {
    for (uint64_t seed = 0; seed < 50; ++seed) {
      ASSERT_EQ(BlockOf(*disk_.CrashImage(k, seed, traits), 3), AlignedBuffer(kBlock, 77).copy());
    }
  }
}

TEST_F(SimDiskTest, BeforeTheSyncEndsTheWriteMayBeLost) {
  WriteBlock(3, 77);
  ASSERT_TRUE(file_->Sync().ok());
  CrashTraits drop;
  drop.mode = Mode::kDropAll;
  EXPECT_EQ(BlockOf(*disk_.CrashImage(disk_.journal_size() - 1, 1, drop), 3), zeros_);
  EXPECT_NE(BlockOf(*disk_.CrashImage(disk_.journal_size(), 1, drop), 3), zeros_);
}

TEST_F(SimDiskTest, ModesDropKeepAndTear) {
  WriteBlock(3, 77);
  const Bytes written = AlignedBuffer(kBlock, 77).copy();
  EXPECT_EQ(BlockOf(*Cut(Mode::kDropAll), 3), zeros_);
  EXPECT_EQ(BlockOf(*Cut(Mode::kKeepAll), 3), written);
  std::set<size_t> kept_counts;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const Bytes after = BlockOf(*Cut(Mode::kSectors, seed), 3);
    size_t kept = 0;
    for (size_t at = 0; at < kBlock; at += kSector) {
      const auto is = [&](const Bytes& what) {
        return std::equal(what.begin() + static_cast<ptrdiff_t>(at),
                          what.begin() + static_cast<ptrdiff_t>(at + kSector),
                          after.begin() + static_cast<ptrdiff_t>(at));
      };
      ASSERT_TRUE(is(written) || is(zeros_)) << "a sector is old or new, never a mixture";
      if (is(written)) ++kept;
    }
    kept_counts.insert(kept);
  }
  EXPECT_GE(kept_counts.size(), 5U) << "tears come in many shapes";
}

TEST_F(SimDiskTest, PrefixesKeepTheFirstSectors) {
  WriteBlock(3, 77);
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const Bytes after = BlockOf(*Cut(Mode::kPrefixes, seed), 3);
    bool lost = false;
    for (size_t at = 0; at < kBlock; at += kSector) {
      const bool zero = std::all_of(after.begin() + static_cast<ptrdiff_t>(at),
                                    after.begin() + static_cast<ptrdiff_t>(at + kSector),
                                    [](std::byte b) { return b == std::byte{0}; });
      ASSERT_FALSE(lost && !zero);
      lost = lost || zero;
    }
  }
}

TEST_F(SimDiskTest, LaterWritesMayStandWhileEarlierAreLost) {
  WriteBlock(1, 1);
  WriteBlock(2, 2);
  std::set<std::pair<bool, bool>> seen;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const auto after = Cut(Mode::kWrites, seed);
    seen.insert({BlockOf(*after, 1) != zeros_, BlockOf(*after, 2) != zeros_});
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(SimDiskTest, GarbageOnlyWhereAWriteWasPending) {
  WriteBlock(3, 77);
  CrashTraits traits;
  traits.mode = Mode::kSectors;
  traits.garbage = true;
  bool noise = false;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const auto after = disk_.CrashImage(disk_.journal_size(), seed, traits);
    EXPECT_EQ(BlockOf(*after, 2), zeros_);
    EXPECT_EQ(BlockOf(*after, 4), zeros_);
    traits.garbage = false;
    noise = noise ||
            BlockOf(*after, 3) != BlockOf(*disk_.CrashImage(disk_.journal_size(), seed, traits), 3);
    traits.garbage = true;
  }
  EXPECT_TRUE(noise);
}

TEST_F(SimDiskTest, WriteHoleSpoilsOnlyStripesWithPendingWrites) {
  constexpr uint32_t kStripe = 4 * kBlock;
  for (uint64_t i = 0; i < 12; ++i) WriteBlock(i, i + 1);
  ASSERT_TRUE(file_->Sync().ok());
  WriteBlock(13, 99);  // the stripe of blocks 12..15
  WriteBlock(5, 98);   // and the one of blocks 4..7, which holds durable bytes
  CrashTraits traits;
  traits.stripe_bytes = kStripe;
  bool spoilt = false;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const auto after = disk_.CrashImage(disk_.journal_size(), seed, traits);
    for (const uint64_t i : {0U, 1U, 2U, 3U, 8U, 9U, 10U, 11U}) {
      ASSERT_EQ(BlockOf(*after, i), AlignedBuffer(kBlock, i + 1).copy());
    }
    spoilt = spoilt || BlockOf(*after, 6) != AlignedBuffer(kBlock, 7).copy();
  }
  EXPECT_TRUE(spoilt);
}

TEST_F(SimDiskTest, CrashImagesAreAFunctionOfTheirArguments) {
  for (uint64_t i = 0; i < 8; ++i) WriteBlock(i, i + 1);
  const size_t middle = disk_.journal_size() / 2;
  const uint64_t first = disk_.CrashImage(middle, 5)->ContentHash();
  EXPECT_NE(disk_.CrashImage(disk_.journal_size(), 5)->ContentHash(), first);
  EXPECT_EQ(disk_.CrashImage(middle, 5)->ContentHash(), first) << "also when going back";
}

TEST_F(SimDiskTest, CreationAndRemovalAreAllOrNothing) {
  const size_t before = disk_.journal_size();
  ASSERT_TRUE(disk_.Create("g", kBlock).ok());
  const size_t created = disk_.journal_size();
  ASSERT_TRUE(disk_.Remove("g").ok());
  ASSERT_EQ(disk_.journal_size(), created + 2);
  const auto outcomes = [this](size_t k) {
    std::set<size_t> counts;
    for (uint64_t seed = 0; seed < 32; ++seed) {
      counts.insert(disk_.CrashImage(k, seed)->List().value().size());
    }
    return counts;
  };
  EXPECT_EQ(outcomes(before), std::set<size_t>({1}));
  EXPECT_EQ(outcomes(before + 1), std::set<size_t>({1, 2}));
  EXPECT_EQ(outcomes(created), std::set<size_t>({2}));
  EXPECT_EQ(outcomes(created + 1), std::set<size_t>({1, 2}));
  EXPECT_EQ(outcomes(created + 2), std::set<size_t>({1}));
}

TEST_F(SimDiskTest, SyncCoversOnlyWhatHadCompletedWhenItWasSubmitted) {
  SimDiskOptions options;
  options.in_order = true;  // the late write completes before the sync does
  SimDisk disk(options);
  const auto file = disk.Create("f", 64 * kBlock).value();
  const auto queue = disk.NewQueue(4).value();
  AlignedBuffer early(kBlock, 1);
  AlignedBuffer late(kBlock, 2);
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), 0, early.span(), 1)));
  ASSERT_EQ(ReapAll(*queue).size(), 1U);
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), kBlock, late.span(), 2)));
  ASSERT_TRUE(queue->Submit(SyncOf(file.get(), 3)));
  ASSERT_EQ(ReapAll(*queue).back().tag, 3U);
  CrashTraits drop;
  drop.mode = Mode::kDropAll;
  const auto after = disk.CrashImage(disk.journal_size(), 1, drop);
  EXPECT_EQ(BlockOf(*after, 0), early.copy());
  EXPECT_EQ(BlockOf(*after, 1), zeros_);
  EXPECT_EQ(BlockOf(disk, 1), late.copy()) << "it is read all the same";
}

TEST_F(SimDiskTest, AWriteUnderWayMayHaveReachedTheDisk) {
  const auto queue = disk_.NewQueue(4).value();
  AlignedBuffer data(kBlock, 1);
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file_.get(), 0, data.span(), 1)));
  EXPECT_EQ(BlockOf(disk_, 0), zeros_);
  EXPECT_EQ(BlockOf(*Cut(Mode::kKeepAll), 0), data.copy());
}

TEST_F(SimDiskTest, AFailedSyncIsNotMadeGoodByALaterOne) {
  size_t lost_at_once = 0;
  for (uint64_t i = 0; i < 16; ++i) WriteBlock(i, i + 1);
  Plan(SeamCall::kSync, Fault::Error(EIO));
  EXPECT_EQ(file_->Sync().system_errno(), EIO);
  ASSERT_TRUE(file_->Sync().ok()) << "as Linux does: the second one says all is well";
  const auto after = Cut(Mode::kDropAll);
  for (uint64_t i = 0; i < 16; ++i) {
    if (BlockOf(disk_, i) == zeros_) ++lost_at_once;
    EXPECT_EQ(BlockOf(*after, i), zeros_);
  }
  EXPECT_GT(lost_at_once, 0U);
  EXPECT_LT(lost_at_once, 16U);
}

TEST_F(SimDiskTest, WhatWasRewrittenDurablyNeverComesBack) {
  for (uint64_t i = 0; i < 16; ++i) {
    AlignedBuffer three(3 * kBlock, i + 1);
    ASSERT_TRUE(file_->Write(4 * i * kBlock, three.span()).ok());
  }
  Plan(SeamCall::kSync, Fault::Error(EIO));
  ASSERT_FALSE(file_->Sync().ok());
  for (uint64_t i = 0; i < 16; ++i) WriteBlock(4 * i + 1, 100 + i);
  ASSERT_TRUE(file_->Sync().ok());
  bool old_before = false;
  bool old_behind = false;
  for (uint64_t seed = 0; seed < 32; ++seed) {
    const auto after = disk_.CrashImage(disk_.journal_size(), seed);
    for (uint64_t i = 0; i < 16; ++i) {
      ASSERT_EQ(BlockOf(*after, 4 * i + 1), AlignedBuffer(kBlock, 100 + i).copy());
      old_before = old_before || BlockOf(*after, 4 * i) != zeros_;
      old_behind = old_behind || BlockOf(*after, 4 * i + 2) != zeros_;
    }
  }
  EXPECT_TRUE(old_before && old_behind) << "the rest of an orphaned write may still appear";
  const auto kept = Cut(Mode::kKeepAll);
  for (uint64_t i = 0; i < 16; ++i) {
    const Bytes three = AlignedBuffer(3 * kBlock, i + 1).copy();
    const Bytes third(three.end() - kBlock, three.end());
    EXPECT_THAT(BlockOf(*kept, 4 * i + 2), testing::AnyOf(zeros_, third));
  }
}

TEST_F(SimDiskTest, CompletionsComeOutOfOrderUnlessAskedOtherwise) {
  const auto order = [](bool in_order, uint64_t seed) {
    SimDiskOptions options;
    options.seed = seed;
    options.in_order = in_order;
    SimDisk disk(options);
    const auto file = disk.Create("f", 64 * kBlock).value();
    const auto queue = disk.NewQueue(16).value();
    AlignedBuffer data(16 * kBlock, 1);
    for (uint64_t i = 0; i < 16; ++i) {
      const auto part = data.span().subspan(i * kBlock, kBlock);
      EXPECT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), i * kBlock, part, i)));
    }
    disk.clock().Advance(
        std::chrono::seconds(1));  // all are ready; the order is when they became so
    std::vector<uint64_t> tags;
    for (const IoCompletion& done : ReapAll(*queue)) tags.push_back(done.tag);
    return tags;
  };
  EXPECT_TRUE(std::ranges::is_sorted(order(true, 1)));
  EXPECT_FALSE(std::ranges::is_sorted(order(false, 1)));
  EXPECT_EQ(order(false, 1), order(false, 1));
  EXPECT_NE(order(false, 1), order(false, 2));
  EXPECT_EQ(order(false, 2).size(), 16U);
}

TEST_F(SimDiskTest, FaultsHitTheNthCallOnceOrForEver) {
  Plan(SeamCall::kWrite, Fault::Error(EINTR), 2);
  Plan(SeamCall::kRead, Fault::Error(EIO), 3, kForEver);
  AlignedBuffer data(kBlock, 1);
  std::vector<int> writes;
  std::vector<int> reads;
  for (int i = 0; i < 4; ++i) {
    writes.push_back(file_->Write(0, data.span()).status().system_errno());
    reads.push_back(file_->Read(0, data.span()).status().system_errno());
  }
  EXPECT_THAT(writes, testing::ElementsAre(0, EINTR, 0, 0));
  EXPECT_THAT(reads, testing::ElementsAre(0, 0, EIO, EIO));
}

TEST_F(SimDiskTest, ShortTransfersMoveHalf) {
  Plan(SeamCall::kWrite, Fault::Short());
  AlignedBuffer data(kBlock, 1);
  EXPECT_EQ(file_->Write(0, data.span()).value(), kBlock / 2);
  const Bytes half = disk_.Peek("f", kBlock / 2, kBlock / 2);
  EXPECT_EQ(half, Bytes(kBlock / 2));
  EXPECT_EQ(disk_.Peek("f", 0, kBlock / 2), AlignedBuffer(kBlock / 2, 1).copy());
}

TEST_F(SimDiskTest, PowerOffFailsEveryCallFromThenOn) {
  disk_.PowerOffAt(2);
  AlignedBuffer data(kBlock, 1);
  EXPECT_TRUE(file_->Write(0, data.span()).ok());
  EXPECT_EQ(file_->Sync().system_errno(), EIO);
  EXPECT_EQ(disk_.List().status().system_errno(), EIO);
  EXPECT_EQ(disk_.Create("g", kBlock).status().system_errno(), EIO);
}

TEST_F(SimDiskTest, StalledRequestsWaitForReleaseOrTime) {
  const auto queue = disk_.NewQueue(4).value();
  AlignedBuffer data(kBlock, 1);
  IoCompletion out[4];
  Plan(SeamCall::kWrite, Fault::Stall(Duration::zero()));
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file_.get(), 0, data.span(), 1)));
  EXPECT_EQ(queue->Reap(out, std::chrono::hours(1)), 0U);
  disk_.ReleaseStalled();
  EXPECT_EQ(queue->Reap(out, Duration::zero()), 1U);
  Plan(SeamCall::kWrite, Fault::Stall(std::chrono::seconds(20)));
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file_.get(), 0, data.span(), 2)));
  EXPECT_EQ(queue->Reap(out, std::chrono::seconds(19)), 0U);
  EXPECT_EQ(queue->Reap(out, std::chrono::seconds(2)), 1U);
}

TEST_F(SimDiskTest, MisdirectedWritesLandElsewhere) {
  ASSERT_TRUE(disk_.Create("g", 4 * kBlock).ok());
  Plan(SeamCall::kWrite, Fault::Misdirect("g", kBlock));
  WriteBlock(0, 5);
  EXPECT_EQ(BlockOf(disk_, 0), zeros_);
  EXPECT_EQ(disk_.Peek("g", kBlock, kBlock), AlignedBuffer(kBlock, 5).copy());
}

TEST_F(SimDiskTest, RotIsDurableAndPartOfTheJournal) {
  WriteBlock(0, 5);
  ASSERT_TRUE(file_->Sync().ok());
  const size_t sound = disk_.journal_size();
  disk_.FlipBit("f", 100, 3);
  Bytes flipped = AlignedBuffer(kBlock, 5).copy();
  EXPECT_EQ(BlockOf(*disk_.CrashImage(sound, 1), 0), flipped);
  flipped[100] ^= std::byte{8};
  EXPECT_EQ(BlockOf(*Cut(Mode::kDropAll), 0), flipped);
  disk_.CorruptSector("f", kSector);
  EXPECT_NE(BlockOf(disk_, 0), flipped);
}

TEST_F(SimDiskTest, LocksBelongToProcesses) {
  auto lock = disk_.Lock("lock").value();
  disk_.RunAs(2);
  const Status refused = disk_.Lock("lock").status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(), testing::HasSubstr("process 1"));
  disk_.EndProcess(1);
  auto second = disk_.Lock("lock").value();
  lock.reset();
  EXPECT_TRUE(disk_.IsLocked("lock")) << "the dead process's handle releases nothing of others";
  EXPECT_FALSE(Cut(Mode::kKeepAll)->IsLocked("lock"));
}

TEST_F(SimDiskTest, LatencyModelMovesTheClock) {
  SimClock clock;
  SimDiskOptions options;
  options.clock = &clock;
  options.jitter_max = Duration::zero();
  options.latency.seek = std::chrono::milliseconds(10);
  options.latency.bytes_per_second = uint64_t{4096} * 1000;
  SimDisk disk(options);
  const auto file = disk.Create("f", 64 * kBlock).value();
  AlignedBuffer data(kBlock, 1);
  const MonoTime start = clock.MonoNow();
  ASSERT_TRUE(file->Write(0, data.span()).ok());
  EXPECT_EQ(clock.MonoNow() - start, std::chrono::milliseconds(11));
  ASSERT_TRUE(file->Write(kBlock, data.span()).ok());
  EXPECT_EQ(clock.MonoNow() - start, std::chrono::milliseconds(12)) << "no seek";
  ASSERT_TRUE(file->Write(8 * kBlock, data.span()).ok());
  EXPECT_EQ(clock.MonoNow() - start, std::chrono::milliseconds(23));
}

TEST_F(SimDiskTest, CloneIsIndependentAndKeepsWhatIsPending) {
  WriteBlock(0, 5);
  const auto clone = disk_.Clone();
  EXPECT_EQ(clone->ContentHash(), disk_.ContentHash());
  WriteBlock(1, 6);
  EXPECT_NE(clone->ContentHash(), disk_.ContentHash());
  CrashTraits drop;
  drop.mode = Mode::kDropAll;
  EXPECT_EQ(BlockOf(*clone->CrashImage(0, 1, drop), 0), zeros_);
}

TEST_F(SimDiskTest, JournalTextNamesEveryEntry) {
  WriteBlock(2, 5);
  const std::string text = disk_.JournalText();
  EXPECT_THAT(text, testing::HasSubstr("create inode 0 'f' of 262144"));
  EXPECT_THAT(text, testing::HasSubstr("write inode 0 [8192, +4096)"));
  EXPECT_EQ(std::ranges::count(text, '\n'), static_cast<ptrdiff_t>(disk_.journal_size()));
}

}  // namespace
}  // namespace reel
