// What a real file system keeps when the power goes: ext4 on a loop device. Skipped where the
// machine lacks what that needs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/io/disk_factory.h"
#include "tests/io/aligned_buffer.h"
#include "tests/io/ext4_image.h"

namespace reel {
namespace {

constexpr uint64_t kBlock = 4096;

class PowerCutTest : public testing::TestWithParam<DiskEngine> {
 public:
  void SetUp() override {
    if (!image_.lacks().empty()) GTEST_SKIP() << image_.lacks();
    disk_ = Open();
    if (disk_ == nullptr) GTEST_SKIP() << "io_uring is refused on this machine";
  }

  std::unique_ptr<Disk> Open() {
    DiskOptions options;
    options.engine = GetParam();
    auto disk = OpenDisk(image_.path(), options);
    return disk.ok() ? std::move(*disk) : nullptr;
  }
  Bytes BytesAt(uint64_t offset_bytes) {
    const auto file = disk_->Open("f", OpenMode::kReadOnly).value();
    AlignedBuffer read(4 * kBlock);
    EXPECT_EQ(file->Read(offset_bytes, read.span()).value(), 4 * kBlock);
    return read.copy();
  }
  void CutPowerAndComeBack() {
    ASSERT_TRUE(image_.CutPower());
    disk_.reset();
    ASSERT_TRUE(image_.Unmount());
    ASSERT_TRUE(image_.Mount());
    disk_ = Open();
  }

  Ext4Image image_{64 << 20};
  std::unique_ptr<Disk> disk_;
};

// One way of syncing each, since ext4 commits what all files had waiting.
TEST_P(PowerCutTest, BytesSyncedThroughAQueueSurvive) {
  AlignedBuffer data(4 * kBlock, 1);
  {
    const auto file = disk_->Create("f", 64 * kBlock).value();
    const auto queue = disk_->NewQueue(4).value();
    ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), 0, data.span(), 1)));
    ASSERT_EQ(ReapAll(*queue).size(), 1U);
    ASSERT_TRUE(queue->Submit(SyncOf(file.get(), 2)));
    ASSERT_EQ(ReapAll(*queue)[0].result, 0);
  }
  CutPowerAndComeBack();
  EXPECT_EQ(BytesAt(0), data.copy());
}

TEST_P(PowerCutTest, BytesSyncedThroughAFileSurviveAndUnsyncedOnesDoNot) {
  AlignedBuffer data(4 * kBlock, 1);
  {
    const auto file = disk_->Create("f", 64 * kBlock).value();
    ASSERT_TRUE(file->Write(8 * kBlock, data.span()).ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(file->Write(16 * kBlock, data.span()).ok());
  }
  CutPowerAndComeBack();
  EXPECT_EQ(BytesAt(8 * kBlock), data.copy());
  // A completed write is not durable; if it were here, the cut would have proved nothing.
  EXPECT_EQ(BytesAt(16 * kBlock), Bytes(4 * kBlock));
}

TEST_P(PowerCutTest, CreationAndRemovalAreDurableOnReturn) {
  ASSERT_TRUE(disk_->Create("kept", 64 * kBlock).ok());
  ASSERT_TRUE(disk_->Create("removed", 64 * kBlock).ok());
  ASSERT_TRUE(disk_->Remove("removed").ok());
  CutPowerAndComeBack();
  EXPECT_THAT(disk_->List().value(), testing::ElementsAre("kept"));
  const auto file = disk_->Open("kept", OpenMode::kReadOnly).value();
  AlignedBuffer read(64 * kBlock, 1);
  EXPECT_EQ(file->Read(0, read.span()).value(), 64 * kBlock);
  EXPECT_EQ(read.copy(), Bytes(64 * kBlock));
}

INSTANTIATE_TEST_SUITE_P(Engines, PowerCutTest,
                         testing::Values(DiskEngine::kPwrite, DiskEngine::kUring),
                         [](const auto& engine) {
                           return engine.param == DiskEngine::kUring ? "Uring" : "Pwrite";
                         });

}  // namespace
}  // namespace reel
