// SegmentPool: the states of files, and what a failed or missing sync leaves in doubt.
#include "engine/volume/segment_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include "engine/base/aligned.h"
#include "engine/io/disk_factory.h"
#include "engine/io/transfer.h"
#include "engine/testing/sim_disk.h"
#include "tests/io/temp_directory.h"
#include "tests/segment/chunk_maker.h"

namespace reel {
namespace {

constexpr uint64_t kSegmentBytes = 64U << 10;
using State = SegmentPool::FileState;

class SegmentPoolTest : public ::testing::Test {
 protected:
  static SegmentPool::Options OptionsOf() {
    SegmentPool::Options options;
    options.volume = made::Life(kSegmentBytes).volume;
    options.segment_bytes = kSegmentBytes;
    options.granule_bytes = 4096;
    options.count_max = 4;
    return options;
  }
  std::unique_ptr<SegmentPool> Opened(SimDisk& disk) {
    auto pool = std::make_unique<SegmentPool>(disk, clock_, random_, OptionsOf());
    EXPECT_TRUE(pool->Scan(/*read_only=*/false, &notes_).ok());
    return pool;
  }
  void SetUp() override { pool_ = Opened(disk_); }

  SegmentPool::Spare OpenOne(ClassId retention_class = kDefaultClass) {
    EXPECT_TRUE(pool_->PrepareSpare(retention_class, {1}).ok());
    return *pool_->TakeSpare(retention_class);
  }
  SegmentSerial SealedOne() {
    const SegmentPool::Spare spare = OpenOne();
    pool_->BeginSealing(spare.header.serial);
    EXPECT_TRUE(pool_->Seal(spare.header.serial, PutChunk(spare)).ok());
    return spare.header.serial;
  }
  // A chunk, written but not synced, and the footer of a segment that holds it alone.
  Bytes PutChunk(const SegmentPool::Spare& spare) {
    const made::MadeChunk chunk = made::MakeChunk(spare.header, {}, {});
    AlignedBytes bytes(chunk.bytes.size());
    std::copy(chunk.bytes.begin(), chunk.bytes.end(), bytes.data());
    EXPECT_TRUE(WriteFully(*spare.file, chunk.row.offset_bytes, bytes.span()).ok());
    format::DirectoryEncoder directory;
    directory.Append(chunk.row);
    format::FooterHead head;
    head.uid = spare.header.uid;
    head.serial = spare.header.serial;
    head.epoch = spare.header.epoch;
    return directory.Encode(head, {ContentId{}});
  }
  void FailNextSync() { FailNextSync(&disk_); }
  static void FailNextSync(SimDisk* disk) {
    FaultRule rule;
    rule.call = SeamCall::kSync;
    rule.fault = Fault::Error(EIO);
    disk->faults().Add(rule);
  }
  // What stands there after a power cut now, in the worst case.
  bool FooterSurvives(const format::SegmentHeader& header) {
    const auto after = PowerCut();
    const std::unique_ptr<File> file = *after->Open("segment-00000000", OpenMode::kReadOnly);
    return (*ReadFooter(*file, header)).has_value();
  }
  size_t ChunksThatSurvive(const format::SegmentHeader& header) {
    const auto after = PowerCut();
    const std::unique_ptr<File> file = *after->Open("segment-00000000", OpenMode::kReadOnly);
    return Salvage(*file, header, {})->rows.size();
  }
  std::unique_ptr<SimDisk> PowerCut() {
    CrashTraits drop;
    drop.mode = CrashTraits::Mode::kDropAll;
    return disk_.CrashImage(disk_.journal_size(), 1, drop);
  }

  SimClock clock_;
  SeededRandom random_{1};
  SimDisk disk_;
  std::vector<std::string> notes_;
  std::unique_ptr<SegmentPool> pool_;
};

TEST_F(SegmentPoolTest, AFileGoesRound) {
  const SegmentPool::Spare spare = OpenOne();
  const SegmentSerial serial = spare.header.serial;
  EXPECT_EQ(pool_->Find(serial)->state, State::kOpen);
  EXPECT_FALSE(pool_->VacateOldest(false).has_value());
  EXPECT_EQ(pool_->Recycle(serial).code(), Code::kFailedPrecondition);  // L4
  pool_->BeginSealing(serial);
  ASSERT_TRUE(pool_->Seal(serial, PutChunk(spare)).ok());
  {
    const Result<SegmentLease> lease = pool_->Lease(serial);
    ASSERT_TRUE(lease.ok());
    EXPECT_EQ(pool_->Recycle(serial).code(), Code::kFailedPrecondition);  // L4
  }
  EXPECT_EQ(pool_->VacateOldest(false)->header.serial, serial);
  ASSERT_TRUE(pool_->Recycle(serial).ok());
  EXPECT_EQ(pool_->free_count(), 1U);
  EXPECT_EQ(pool_->Lease(serial).status().code(), Code::kNotFound);
  // L3: free on the disk, not only here.
  const auto after = PowerCut();
  const std::unique_ptr<File> file = *after->Open("segment-00000000", OpenMode::kReadOnly);
  EXPECT_EQ(ReadLife(*file, 4096)->header.state, format::LifeState::kFree);
  EXPECT_GT(OpenOne().header.serial, serial);  // L1, in the same file
}

// What the device will make of the mark nobody knows: nobody is told that the life is gone.
TEST_F(SegmentPoolTest, ALifeThatCannotBeMarkedFreeIsWhatItWas) {
  const SegmentPool::Spare spare = OpenOne();
  const SegmentSerial serial = spare.header.serial;
  pool_->BeginSealing(serial);
  ASSERT_TRUE(pool_->Seal(serial, PutChunk(spare)).ok());
  ASSERT_TRUE(pool_->VacateOldest(false)->vacant);
  FailNextSync();
  EXPECT_FALSE(pool_->Recycle(serial).ok());
  EXPECT_EQ(pool_->Find(serial)->state, State::kSealed);
  EXPECT_TRUE(pool_->Lease(serial).ok());
  EXPECT_FALSE(pool_->VacateOldest(false).has_value()) << "another one is tried before it";
  ASSERT_TRUE(pool_->Recycle(serial).ok()) << "who asks for it may try again";
  EXPECT_EQ(pool_->free_count(), 1U);
}

// What can be read behind a failed sync is not what a power cut leaves: an orderly end writes it
// anew, and whatever is written after the next opening leaves one copy whole.
TEST_F(SegmentPoolTest, AHeaderWhoseSyncFailedIsSettled) {
  size_t read_on = 0;  // disks where what failed can be read all the same
  for (uint64_t disk_seed = 1; disk_seed <= 8; ++disk_seed) {
    SimDiskOptions options;
    options.seed = disk_seed;
    SimDisk disk(options);
    auto pool = Opened(disk);
    FailNextSync(&disk);
    ASSERT_FALSE(pool->PrepareSpare(kDefaultClass, {1}).ok());
    ASSERT_TRUE(pool->AnyLifeInDoubt());
    const std::unique_ptr<File> file = *disk.Open("segment-00000000", OpenMode::kReadOnly);
    read_on += ReadLife(*file, 4096)->kind == LifeReading::Kind::kKnown ? 1U : 0U;
    EXPECT_TRUE(pool->SettleLife());
    EXPECT_FALSE(pool->AnyLifeInDoubt());
    EXPECT_FALSE(pool->SettleLife());
    pool = Opened(disk);
    const size_t begin = disk.journal_size();
    if (const auto broken = pool->NextBroken()) {
      EXPECT_TRUE(pool->SalvageBroken(broken->serial, {}, /*write=*/true).ok());
    }
    EXPECT_TRUE(pool->PrepareSpare(kDefaultClass, {1}).ok());
    for (size_t at = begin; at <= disk.journal_size(); ++at) {
      for (uint64_t seed = 0; seed < 200; ++seed) {
        CrashTraits traits;
        traits.mode = CrashTraits::Mode::kSectors;
        traits.garbage = true;  // both copies at once: one in 200
        const auto after = disk.CrashImage(at, seed, traits);
        ASSERT_TRUE(Opened(*after)->DamagedFiles().empty()) << at << " " << seed;
      }
    }
  }
  EXPECT_GT(read_on, 0U);
}

// Settled once in a session: a device that goes on failing is not asked for ever.
TEST_F(SegmentPoolTest, ALifeThatCannotBeMarkedFreeIsFreeInTheEnd) {
  const SegmentPool::Spare spare = OpenOne();
  pool_->BeginSealing(spare.header.serial);
  ASSERT_TRUE(pool_->Seal(spare.header.serial, PutChunk(spare)).ok());
  FailNextSync();
  ASSERT_FALSE(pool_->Recycle(spare.header.serial).ok());
  FailNextSync();
  EXPECT_TRUE(pool_->SettleLife());
  EXPECT_FALSE(pool_->SettleLife());
  FailNextSync();
  ASSERT_FALSE(pool_->Recycle(spare.header.serial).ok());
  EXPECT_TRUE(pool_->SettleLife());
  pool_ = Opened(disk_);
  EXPECT_FALSE(pool_->Find(spare.header.serial).has_value());
  const auto after = PowerCut();
  EXPECT_EQ(Opened(*after)->free_count(), 1U);
}

TEST_F(SegmentPoolTest, TheLedgerIsNeverTheOldest) {
  const SegmentPool::Spare spare = OpenOne(kLedgerClass);
  pool_->BeginSealing(spare.header.serial);
  ASSERT_TRUE(pool_->Seal(spare.header.serial, PutChunk(spare)).ok());
  EXPECT_FALSE(pool_->VacateOldest(false).has_value());
}

// L5: who reads it already goes on; who comes later is told what is true in a moment.
TEST_F(SegmentPoolTest, WhatIsToGoGivesNoNewLease) {
  const SegmentSerial oldest = SealedOne();
  const SegmentSerial newer = SealedOne();
  Result<SegmentLease> reader = pool_->Lease(oldest);
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE(pool_->IsVacating(oldest));
  for (int i = 0; i < 2; ++i) {
    const auto victim = pool_->VacateOldest(false);
    ASSERT_TRUE(victim.has_value());
    EXPECT_EQ(victim->header.serial, oldest);
    EXPECT_FALSE(victim->vacant);
    clock_.Advance(SegmentPool::kVacateMax - Duration{1});
  }
  EXPECT_TRUE(pool_->IsVacating(oldest));
  EXPECT_EQ(pool_->Lease(oldest).status().code(), Code::kNotFound);
  EXPECT_TRUE(pool_->MaintenanceLease(oldest).ok());
  EXPECT_TRUE(pool_->Lease(newer).ok());
  reader->LetGo();
  const auto victim = pool_->VacateOldest(false);
  ASSERT_TRUE(victim.has_value());
  EXPECT_EQ(victim->header.serial, oldest);
  EXPECT_TRUE(victim->vacant);
  EXPECT_FALSE(victim->passed_over.has_value());
  EXPECT_TRUE(pool_->Recycle(oldest).ok());
}

TEST_F(SegmentPoolTest, AStuckReaderIsPassedOverAfterABound) {
  const SegmentSerial oldest = SealedOne();
  const SegmentSerial newer = SealedOne();
  Result<SegmentLease> stuck = pool_->Lease(oldest);
  EXPECT_FALSE(pool_->VacateOldest(false)->vacant);
  clock_.Advance(SegmentPool::kVacateMax);
  const auto victim = pool_->VacateOldest(false);
  ASSERT_TRUE(victim.has_value());
  EXPECT_EQ(victim->header.serial, newer);
  EXPECT_TRUE(victim->vacant);
  EXPECT_EQ(victim->passed_over, oldest);
  ASSERT_TRUE(pool_->Recycle(newer).ok());
  EXPECT_EQ(pool_->Lease(oldest).status().code(), Code::kNotFound) << "it is still to go";
  EXPECT_FALSE(pool_->VacateOldest(false).has_value());
  stuck->LetGo();
  EXPECT_EQ(pool_->VacateOldest(false)->header.serial, oldest);
}

// Recording waits for nobody, and those that are read meanwhile stay whole to their readers.
TEST_F(SegmentPoolTest, AtOnceMeansTheOldestThatNobodyReads) {
  const std::array<SegmentSerial, 3> serials = {SealedOne(), SealedOne(), SealedOne()};
  const Result<SegmentLease> first = pool_->Lease(serials[0]);
  const Result<SegmentLease> second = pool_->Lease(serials[1]);
  const auto victim = pool_->VacateOldest(true);
  ASSERT_TRUE(victim.has_value());
  EXPECT_EQ(victim->header.serial, serials[2]);
  EXPECT_EQ(victim->passed_over, serials[0]);
  EXPECT_FALSE(pool_->Lease(serials[0]).ok());
  EXPECT_TRUE(pool_->Lease(serials[1]).ok()) << "one at a time is vacated";
}

// The file system was full for a while; what was to go then need not go now.
TEST_F(SegmentPoolTest, WithRoomAfterAllTheOldestCanBeReadAgain) {
  const SegmentSerial oldest = SealedOne();
  FaultRule full;
  full.call = SeamCall::kCreate;
  full.fault = Fault::Error(ENOSPC);
  disk_.faults().Add(full);
  EXPECT_EQ(pool_->PrepareSpare(kDefaultClass, {1}).code(), Code::kNotFound);
  const Result<SegmentLease> reader = pool_->Lease(oldest);
  EXPECT_FALSE(pool_->VacateOldest(false)->vacant);
  EXPECT_FALSE(pool_->Lease(oldest).ok());
  EXPECT_TRUE(pool_->PrepareSpare(kDefaultClass, {1}).ok());
  EXPECT_TRUE(pool_->Lease(oldest).ok());
}

TEST_F(SegmentPoolTest, SerialsRiseThroughOpenings) {
  const SegmentSerial serial = OpenOne().header.serial;
  pool_ = Opened(disk_);
  EXPECT_GT(OpenOne().header.serial, serial);
}

TEST_F(SegmentPoolTest, StatesChangeAlongTheArrowsOnly) {
  const SegmentPool::Spare spare = OpenOne();
  EXPECT_DEATH(pool_->TrustSealed(spare.header.serial), "L2");
  EXPECT_DEATH((void)pool_->Seal(spare.header.serial, {}), "L2");
}

TEST_F(SegmentPoolTest, BrokenOnesComeBySerialAndLateOnesToo) {
  const SegmentPool::Spare first = OpenOne();
  const SegmentPool::Spare second = OpenOne();
  pool_->Abandon(second.header.serial, {});
  EXPECT_EQ(pool_->NextBroken()->serial, second.header.serial);
  pool_->Abandon(first.header.serial, {});
  EXPECT_EQ(pool_->NextBroken()->serial, first.header.serial);
  ASSERT_TRUE(pool_->SalvageBroken(first.header.serial, {}, true).ok());  // empty: becomes free
  EXPECT_EQ(pool_->NextBroken()->serial, second.header.serial);
  ASSERT_TRUE(pool_->SalvageBroken(second.header.serial, {}, true).ok());
  EXPECT_FALSE(pool_->NextBroken().has_value());
  EXPECT_EQ(pool_->free_count(), 2U);
}

// The process died after the footer's write and before its sync.
TEST_F(SegmentPoolTest, AFooterThatIsFoundIsMadeDurableBeforeItCounts) {
  const SegmentPool::Spare spare = OpenOne();
  const Bytes footer = PutChunk(spare);
  ASSERT_TRUE(spare.file->Sync().ok());
  AlignedBytes padded(RoundUp(footer.size(), 4096));
  std::copy(footer.begin(), footer.end(), padded.data());
  ASSERT_TRUE(WriteFully(*spare.file, spare.header.footer_offset_bytes, padded.span()).ok());
  pool_ = Opened(disk_);
  const auto settled = pool_->Settle(spare.header.serial);
  ASSERT_TRUE(settled.ok() && settled->has_value());
  EXPECT_TRUE(FooterSurvives(spare.header));
}

TEST_F(SegmentPoolTest, AFooterWhoseSyncFailedIsWrittenAgain) {
  const SegmentPool::Spare spare = OpenOne();
  const Bytes footer = PutChunk(spare);
  ASSERT_TRUE(spare.file->Sync().ok());
  pool_->BeginSealing(spare.header.serial);
  FailNextSync();
  EXPECT_FALSE(pool_->Seal(spare.header.serial, footer).ok());
  const auto settled = pool_->Settle(spare.header.serial);
  ASSERT_TRUE(settled.ok());
  EXPECT_FALSE(settled->has_value());  // though it can be read
  ASSERT_TRUE(pool_->SalvageBroken(spare.header.serial, {}, true).ok());
  EXPECT_EQ(pool_->Find(spare.header.serial)->state, State::kSealed);
  EXPECT_TRUE(FooterSurvives(spare.header));
}

// After a failed sync a later one says nothing about what was written before.
TEST_F(SegmentPoolTest, ASalvageWhoseSyncFailedWritesItsChunksAgain) {
  const SegmentPool::Spare spare = OpenOne();
  (void)PutChunk(spare);  // not synced
  pool_ = Opened(disk_);
  FailNextSync();
  EXPECT_FALSE(pool_->SalvageBroken(spare.header.serial, {}, true).ok());
  if (Salvage(*spare.file, spare.header, {})->rows.empty()) return;  // lost at once: nothing served
  ASSERT_TRUE(pool_->SalvageBroken(spare.header.serial, {}, true).ok());
  EXPECT_EQ(ChunksThatSurvive(spare.header), 1U);
}

TEST_F(SegmentPoolTest, AForeignOrRottenFileIsLeftAlone) {
  const SegmentPool::Spare spare = OpenOne();
  disk_.FlipBit("segment-00000000", 60, 1);
  disk_.FlipBit("segment-00000000", 4096 + 60, 1);
  pool_ = Opened(disk_);
  EXPECT_EQ(pool_->DamagedFiles(), std::vector<std::string>{"segment-00000000"});
  EXPECT_FALSE(notes_.empty());
  EXPECT_FALSE(pool_->Find(spare.header.serial).has_value());
  EXPECT_EQ(OpenOne().header.file_number, 1U);
}

// Block 0 of many files is read by several threads at once.
TEST_F(SegmentPoolTest, ThreadsReadWhatOneWould) {
  const TempDirectory directory;
  const std::unique_ptr<Disk> disk = *OpenDisk(directory.path());
  SegmentPool::Options options = OptionsOf();
  options.count_max = 40;
  {
    SegmentPool pool(*disk, clock_, random_, options);
    ASSERT_TRUE(pool.Scan(/*read_only=*/false, &notes_).ok());
    for (uint32_t i = 0; i < options.count_max; ++i) {
      ASSERT_TRUE(pool.PrepareSpare(kDefaultClass, {1}).ok());
      const auto spare = pool.TakeSpare(kDefaultClass);
      if (i % 5 != 0) continue;
      AlignedBytes rotten(4096);
      for (const uint64_t offset : {uint64_t{0}, uint64_t{4096}}) {
        std::fill_n(rotten.data(), rotten.size(), std::byte{7});
        ASSERT_TRUE(WriteFully(*spare->file, offset, rotten.span()).ok());
      }
    }
  }
  std::vector<std::string> notes_of[2];
  std::vector<SegmentSerial> serials_of[2];
  for (const bool many : {false, true}) {
    options.scan_threads = many ? 8 : 1;
    SegmentPool pool(*disk, clock_, random_, options);
    ASSERT_TRUE(pool.Scan(/*read_only=*/true, &notes_of[many]).ok());
    EXPECT_EQ(pool.DamagedFiles().size(), 8U);
    for (const SegmentPool::Opened& life : pool.Lives())
      serials_of[many].push_back(life.header.serial);
  }
  EXPECT_EQ(serials_of[0].size(), 32U);
  EXPECT_EQ(serials_of[0], serials_of[1]);
  EXPECT_EQ(notes_of[0], notes_of[1]);
}

}  // namespace
}  // namespace reel
