// What a real file system keeps when the power goes: ext4 on a loop device, shut down without
// flushing its journal (EXT4_IOC_SHUTDOWN). Needs root, a loop device and mkfs.ext4.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/io/disk_factory.h"
#include "engine/io/unique_fd.h"
#include "tests/io/aligned_buffer.h"
#include "tests/io/temp_directory.h"

namespace reel {
namespace {

constexpr uint64_t kBlock = 4096;
constexpr uint64_t kShutdownRequest = _IOR('X', 125, uint32_t);  // EXT4_IOC_SHUTDOWN
constexpr uint32_t kWithoutLogFlush = 2;

bool Spawn(std::vector<std::string> words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) {
    return false;
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class PowerCutTest : public testing::TestWithParam<DiskEngine> {
 public:
  void SetUp() override {
    constexpr off_t kImageBytes = 64 << 20;
    const UniqueFd image(open(image_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(ftruncate(image.get(), kImageBytes), 0);
    const bool made = geteuid() == 0 && Spawn({"mkfs.ext4", "-q", "-F", image_}) && Mount();
    if (!made) GTEST_SKIP() << "no loop device, or no mkfs.ext4";
    disk_ = Open();
    if (disk_ == nullptr) GTEST_SKIP() << "io_uring is refused on this machine";
  }
  void TearDown() override {
    disk_.reset();
    umount2(mount_point_.path().c_str(), MNT_DETACH);
  }

  bool Mount() { return Spawn({"mount", "-o", "loop,commit=600", image_, mount_point_.path()}); }
  std::unique_ptr<Disk> Open() {
    DiskOptions options;
    options.engine = GetParam();
    auto disk = OpenDisk(mount_point_.path(), options);
    return disk.ok() ? std::move(*disk) : nullptr;
  }
  Bytes BytesAt(uint64_t offset_bytes) {
    const auto file = disk_->Open("f", OpenMode::kReadOnly).value();
    AlignedBuffer read(4 * kBlock);
    EXPECT_EQ(file->Read(offset_bytes, read.span()).value(), 4 * kBlock);
    return read.copy();
  }
  void CutPowerAndComeBack() {
    uint32_t flags = kWithoutLogFlush;
    {
      const UniqueFd root(open(mount_point_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      ASSERT_EQ(ioctl(root.get(), kShutdownRequest, &flags), 0);
    }
    disk_.reset();
    ASSERT_EQ(umount2(mount_point_.path().c_str(), 0), 0);
    ASSERT_TRUE(Mount());
    disk_ = Open();
  }

  TempDirectory directory_;
  TempDirectory mount_point_;
  std::string image_ = directory_.PathOf("image");
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
