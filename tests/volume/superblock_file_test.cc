// The superblock file: what no rotten slot and no power cut takes away.
#include "engine/volume/superblock_file.h"

#include <gtest/gtest.h>

#include "engine/testing/sim_disk.h"

namespace reel {
namespace {

constexpr uint32_t kGranuleBytes = 16U << 10;

format::Superblock Version(uint64_t sequence) {
  format::Superblock superblock;
  superblock.sequence = sequence;
  superblock.volume.bytes.fill(3);
  superblock.owner.bytes.fill(7);
  superblock.segment_bytes = 1U << 20;
  superblock.segment_count_max = 8;
  superblock.granule_bytes = kGranuleBytes;
  superblock.epoch = {static_cast<uint32_t>(sequence)};
  return superblock;
}

class SuperblockFileTest : public ::testing::Test {
 protected:
  void WriteVersions(uint64_t last) {
    ASSERT_TRUE(CreateSuperblock(disk_, Version(1)).ok());
    for (uint64_t n = 2; n <= last; ++n) ASSERT_TRUE(WriteSuperblock(disk_, Version(n)).ok());
  }
  SimDisk disk_;
};

// An older version would be taken for an older copy of the volume, and refused.
TEST_F(SuperblockFileTest, NoSingleRottenSlotBringsAnOlderVersionBack) {
  for (const uint64_t last : {1U, 2U, 5U}) {
    SimDisk written;
    ASSERT_TRUE(CreateSuperblock(written, Version(1)).ok());
    for (uint64_t n = 2; n <= last; ++n) ASSERT_TRUE(WriteSuperblock(written, Version(n)).ok());
    for (uint64_t slot = 0; slot < format::kSuperblockSlots; ++slot) {
      const std::unique_ptr<SimDisk> rotten = written.Clone();
      rotten->CorruptSector(kSuperblockName, slot * kGranuleBytes);
      const Result<format::Superblock> read = ReadSuperblock(*rotten);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      EXPECT_EQ(read->sequence, last) << "slot " << slot;
    }
  }
}

TEST_F(SuperblockFileTest, AVersionOfWhichNoCopyIsLeftIsNotPassedOver) {
  WriteVersions(4);
  for (const uint64_t first : {0U, 2U}) {
    const std::unique_ptr<SimDisk> rotten = disk_.Clone();
    rotten->CorruptSector(kSuperblockName, first * kGranuleBytes);
    rotten->CorruptSector(kSuperblockName, (first + 1) * kGranuleBytes);
    EXPECT_EQ(ReadSuperblock(*rotten).status().code(), Code::kDataLoss);
  }
}

TEST_F(SuperblockFileTest, APowerCutLeavesTheVersionBeforeOrTheNewOne) {
  WriteVersions(3);
  const size_t begin = disk_.journal_size();
  ASSERT_TRUE(WriteSuperblock(disk_, Version(4)).ok());
  const size_t end = disk_.journal_size();
  bool old_seen = false;
  bool new_seen = false;
  for (size_t at = begin; at <= end; ++at) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      CrashTraits traits;
      traits.garbage = true;
      traits.stripe_bytes = kGranuleBytes;
      const std::unique_ptr<SimDisk> after = disk_.CrashImage(at, seed, traits);
      const Result<format::Superblock> read = ReadSuperblock(*after);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      old_seen = old_seen || read->sequence == 3;
      new_seen = new_seen || read->sequence == 4;
      EXPECT_TRUE(read->sequence == 4 || (read->sequence == 3 && at < end));
    }
  }
  EXPECT_TRUE(old_seen && new_seen);
}

}  // namespace
}  // namespace reel
