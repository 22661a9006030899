// Block 0 and footers through power cuts (S1, S2), and the window that reads go through.
#include "engine/segment/segment_file.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "engine/segment/file_window.h"
#include "engine/testing/sim_disk.h"
#include "tests/segment/chunk_maker.h"

namespace reel {
namespace {

using made::Life;

constexpr uint64_t kSegmentBytes = 256U << 10;
constexpr char kName[] = "segment-00000000";

class SegmentFileTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk_.Create(kName, kSegmentBytes).ok());
    file_ = *disk_.Open(kName, OpenMode::kReadWrite);
  }
  static LifeReading ReadAfter(SimDisk& disk, uint32_t granule_bytes) {
    const std::unique_ptr<File> file = *disk.Open(kName, OpenMode::kReadOnly);
    Result<LifeReading> reading = ReadLife(*file, granule_bytes);
    EXPECT_TRUE(reading.ok()) << reading.status().ToString();
    return *reading;
  }
  static Status Write(File& file, const format::SegmentHeader& life) {
    std::optional<uint64_t> in_doubt;
    Status status = WriteLife(file, life, &in_doubt);
    EXPECT_EQ(status.ok(), !in_doubt.has_value());
    return status;
  }
  SimDisk disk_;
  std::unique_ptr<File> file_;
};
INSTANTIATE_TEST_SUITE_P(Granules, SegmentFileTest, ::testing::Values(4096, 16384));

// At every point of the change, whatever is torn: the old life or the new one, never none (S1).
TEST_P(SegmentFileTest, AChangeOfLifeSurvivesAPowerCutAtAnyPoint) {
  const uint32_t granule = GetParam();
  format::SegmentHeader old_life = Life(kSegmentBytes, granule, 1);
  ASSERT_TRUE(Write(*file_, old_life).ok());
  const size_t begin = disk_.journal_size();
  format::SegmentHeader new_life = Life(kSegmentBytes, granule, 2);
  new_life.generation = 2;
  ASSERT_TRUE(Write(*file_, new_life).ok());
  for (size_t at = begin; at <= disk_.journal_size(); ++at) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      CrashTraits traits;
      traits.garbage = seed % 2 == 1;
      const auto after = disk_.CrashImage(at, seed, traits);
      const LifeReading reading = ReadAfter(*after, granule);
      ASSERT_EQ(reading.kind, LifeReading::Kind::kKnown) << at << " " << seed;
      const SegmentUid uid = reading.header.uid;
      ASSERT_TRUE(uid == new_life.uid || (uid == old_life.uid && at < disk_.journal_size()));
    }
  }
}

// A change that was cut short leaves the old life in one copy: the next change, cut short too, does
// not bring it back.
TEST_P(SegmentFileTest, AChangeCutShortTwiceDoesNotBringALifeBack) {
  const uint32_t granule = GetParam();
  format::SegmentHeader life = Life(kSegmentBytes, granule, 1);
  const SegmentUid first = life.uid;
  ASSERT_TRUE(Write(*file_, life).ok());
  const size_t begin = disk_.journal_size();
  life = Life(kSegmentBytes, granule, 2);
  life.generation = 2;
  ASSERT_TRUE(Write(*file_, life).ok());
  for (size_t at = begin; at <= disk_.journal_size(); ++at) {
    const auto once = disk_.CrashImage(at, at, {});
    if (ReadAfter(*once, granule).header.uid == first) continue;
    const std::unique_ptr<File> file = *once->Open(kName, OpenMode::kReadWrite);
    const size_t again = once->journal_size();
    life = Life(kSegmentBytes, granule, 3);
    life.generation = 3;
    ASSERT_TRUE(Write(*file, life).ok());
    for (size_t cut = again; cut <= once->journal_size(); ++cut) {
      for (uint64_t seed = 0; seed < 20; ++seed) {
        const LifeReading reading = ReadAfter(*once->CrashImage(cut, seed, {}), granule);
        ASSERT_EQ(reading.kind, LifeReading::Kind::kKnown);
        ASSERT_NE(reading.header.uid, first) << at << " " << cut << " " << seed;
      }
    }
  }
}

TEST_P(SegmentFileTest, AFirstLifeCutShortIsUnused) {
  const size_t begin = disk_.journal_size();
  ASSERT_TRUE(Write(*file_, Life(kSegmentBytes, GetParam())).ok());
  for (size_t at = begin; at <= disk_.journal_size(); ++at) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      CrashTraits traits;
      traits.garbage = true;
      const auto after = disk_.CrashImage(at, seed, traits);
      ASSERT_NE(ReadAfter(*after, GetParam()).kind, LifeReading::Kind::kDamaged);
    }
  }
}

// Behind a failed sync a copy can be read and is nowhere: the other one is not written before it.
TEST_P(SegmentFileTest, ACopyWhoseSyncFailedIsWrittenFirst) {
  const uint32_t granule = GetParam();
  format::SegmentHeader life = Life(kSegmentBytes, granule, 1);
  ASSERT_TRUE(Write(*file_, life).ok());
  FaultRule fails;
  fails.call = SeamCall::kSync;
  fails.fault = Fault::Error(EIO);
  disk_.faults().Add(fails);
  life.generation = 2;
  std::optional<uint64_t> in_doubt;
  ASSERT_FALSE(WriteLife(*file_, life, &in_doubt).ok());
  ASSERT_TRUE(in_doubt.has_value());
  const size_t begin = disk_.journal_size();
  life.generation = 3;
  ASSERT_TRUE(WriteLife(*file_, life, &in_doubt).ok());
  EXPECT_FALSE(in_doubt.has_value());
  for (size_t at = begin; at <= disk_.journal_size(); ++at) {
    for (uint64_t seed = 0; seed < 500; ++seed) {
      CrashTraits traits;
      traits.mode = CrashTraits::Mode::kSectors;
      traits.garbage = true;  // both copies at once: one in 200
      const auto after = disk_.CrashImage(at, seed, traits);
      ASSERT_EQ(ReadAfter(*after, granule).kind, LifeReading::Kind::kKnown) << at << " " << seed;
    }
  }
}

TEST_P(SegmentFileTest, OneRottenCopyHarmsNothingTwoAreDamage) {
  const uint32_t granule = GetParam();
  ASSERT_TRUE(Write(*file_, Life(kSegmentBytes, granule)).ok());
  disk_.FlipBit(kName, 40, 3);
  EXPECT_EQ(ReadAfter(disk_, granule).kind, LifeReading::Kind::kKnown);
  disk_.FlipBit(kName, granule + 40, 3);
  EXPECT_EQ(ReadAfter(disk_, granule).kind, LifeReading::Kind::kDamaged);
}

// A write that went elsewhere left the old copy A; B is newer and rules.
TEST_P(SegmentFileTest, TheNewerCopyRules) {
  const uint32_t granule = GetParam();
  format::SegmentHeader life = Life(kSegmentBytes, granule, 1);
  ASSERT_TRUE(Write(*file_, life).ok());
  const Bytes old_a = disk_.Peek(kName, 0, 4096);
  life.generation = 2;
  life.serial = {7};
  ASSERT_TRUE(Write(*file_, life).ok());
  disk_.Poke(kName, 0, old_a);
  EXPECT_EQ(ReadAfter(disk_, granule).header.serial.value, 7U);
}

TEST_P(SegmentFileTest, AFooterIsWholeOrNone) {
  const format::SegmentHeader life = Life(kSegmentBytes, GetParam());
  format::DirectoryEncoder directory;
  std::vector<ContentId> ids;
  for (uint32_t seq = 1; seq <= 4; ++seq) {
    made::PlaceWish place{seq, 0, 0, 32768 + seq * 8192ULL};
    directory.Append(made::MakeChunk(life, place, {}).row);
    ids.emplace_back();
  }
  format::FooterHead head;
  head.uid = life.uid;
  head.serial = life.serial;
  head.epoch = life.epoch;
  const size_t begin = disk_.journal_size();
  ASSERT_TRUE(WriteFooter(*file_, life, directory.Encode(head, ids)).ok());
  for (size_t at = begin; at <= disk_.journal_size(); ++at) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      const auto after = disk_.CrashImage(at, seed);
      const std::unique_ptr<File> file = *after->Open(kName, OpenMode::kReadOnly);
      const auto footer = ReadFooter(*file, life);
      ASSERT_TRUE(footer.ok());
      if (footer->has_value()) {
        ASSERT_EQ((*footer)->rows.size(), 4U);
      }
      if (at == disk_.journal_size()) {
        ASSERT_TRUE(footer->has_value());
      }
    }
  }
  const auto other_life = ReadFooter(*file_, Life(kSegmentBytes, GetParam(), 5));
  EXPECT_FALSE(other_life->has_value());

  // An index that is filled again costs two reads a segment.
  ASSERT_TRUE(Write(*file_, life).ok());
  const uint64_t reads = disk_.faults().count(SeamCall::kRead);
  EXPECT_EQ(ReadLife(*file_, GetParam())->kind, LifeReading::Kind::kKnown);
  EXPECT_TRUE((*ReadFooter(*file_, life)).has_value());
  EXPECT_EQ(disk_.faults().count(SeamCall::kRead) - reads, 2U);
}

TEST(FileWindowTest, ReadsAheadAndReadsNothingTwice) {
  SimDisk disk;
  Bytes content(64U << 10);
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::byte>(i / 4096);
  disk.PutFile("f", content);
  const std::unique_ptr<File> file = *disk.Open("f", OpenMode::kReadOnly);
  FileWindow window(*file, content.size(), 16384);
  const uint64_t before = disk.faults().count(SeamCall::kRead);
  for (uint64_t at = 0; at < content.size(); at += 4096) {
    const Result<ByteSpan> bytes = window.At(at, 4096);
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ((*bytes)[0], static_cast<std::byte>(at / 4096));
  }
  EXPECT_EQ(disk.faults().count(SeamCall::kRead) - before, 4U);
  EXPECT_EQ(window.At(8192, 40000)->size(), 40000U);  // larger than the read-ahead
  EXPECT_EQ((*window.At(61440, 100))[99], std::byte{15});
}

// The first picture alone, then the rest of its GOP: what was read is told from what is read now by
// what has changed on the disk since.
TEST(FileWindowTest, WhatItHoldsOfALongerStretchIsNotReadAgain) {
  SimDisk disk;
  disk.PutFile("f", Bytes(65536, std::byte{1}));
  const std::unique_ptr<File> file = *disk.Open("f", OpenMode::kReadOnly);
  FileWindow window(*file, 65536, 8192);
  ASSERT_TRUE(window.At(4096, 100).ok());
  disk.Poke("f", 0, Bytes(65536, std::byte{2}));
  const Result<ByteSpan> larger = window.At(4096, 40000);
  ASSERT_TRUE(larger.ok());
  EXPECT_EQ((*larger)[0], std::byte{1});
  EXPECT_EQ((*larger)[8191], std::byte{1});
  EXPECT_EQ((*larger)[8192], std::byte{2});
  EXPECT_EQ((*larger)[39999], std::byte{2});
  const Result<ByteSpan> later = window.At(40960, 8000);  // begins within, in the same memory
  ASSERT_TRUE(later.ok());
  EXPECT_EQ((*later)[0], std::byte{2});
  EXPECT_EQ((*later)[7999], std::byte{2});
  const Result<ByteSpan> back = window.At(0, 8192);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ((*back)[4096], std::byte{2});
}

// In memory of a pool, in its own, and from the one to the other.
TEST(FileWindowTest, KeepsWhatItHoldsWhereItsMemoryGrows) {
  constexpr uint32_t kLong = 6U << 20;  // above what it makes room for at once
  const auto pool = BufferPool::Create(16U << 20).value();
  const auto small_pool = BufferPool::Create(2U << 20).value();
  for (BufferPool* const memory :
       {static_cast<BufferPool*>(nullptr), pool.get(), small_pool.get()}) {
    SimDisk disk;
    disk.PutFile("f", Bytes(kLong, std::byte{1}));
    const std::unique_ptr<File> file = *disk.Open("f", OpenMode::kReadOnly);
    FileWindow window(memory);
    window.Open(*file, kLong, 8192);
    ASSERT_TRUE(window.At(4096, 100).ok());
    disk.Poke("f", 0, Bytes(kLong, std::byte{2}));
    const Result<ByteSpan> larger = window.At(4096, kLong - 4096);
    ASSERT_TRUE(larger.ok());
    EXPECT_EQ((*larger)[0], std::byte{1});
    EXPECT_EQ((*larger)[8191], std::byte{1});
    EXPECT_EQ((*larger)[8192], std::byte{2});
    EXPECT_EQ((*larger)[kLong - 4097], std::byte{2});
  }
  EXPECT_EQ(pool->in_use_bytes(), 0U) << "given back with the window";
  EXPECT_EQ(small_pool->in_use_bytes(), 0U);
}

TEST(FileWindowTest, ABadSectorDoesNotHideItsNeighbours) {
  SimDisk disk;
  disk.PutFile("f", Bytes(32768, std::byte{1}));
  const std::unique_ptr<File> file = *disk.Open("f", OpenMode::kReadOnly);
  FaultRule rule;
  rule.call = SeamCall::kRead;
  rule.fault = Fault::Error(EIO);
  disk.faults().Add(rule);  // the long read fails, the one block behind it does not
  FileWindow window(*file, 32768, 32768);
  EXPECT_TRUE(window.At(0, 4096).ok());
}

TEST(FileWindowTest, AFileThatIsShorterIsAnError) {
  SimDisk disk;
  disk.PutFile("f", Bytes(8192));
  const std::unique_ptr<File> file = *disk.Open("f", OpenMode::kReadOnly);
  FileWindow window(*file, 32768, 4096);
  EXPECT_TRUE(window.At(4096, 4096).ok());
  EXPECT_EQ(window.At(16384, 4096).status().code(), Code::kOutOfRange);
}

}  // namespace
}  // namespace reel
