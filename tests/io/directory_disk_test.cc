// What only real disks have: time stamps, other processes, policies of the kernel, sysfs.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <thread>

#include "engine/io/block_device.h"
#include "engine/io/disk_factory.h"
#include "engine/io/unique_fd.h"
#include "reel/clock.h"
#include "tests/io/aligned_buffer.h"
#include "tests/io/temp_directory.h"

namespace reel {
namespace {

constexpr uint64_t kBlock = 4096;

std::unique_ptr<Disk> DiskIn(const TempDirectory& directory) {
  return OpenDisk(directory.path()).value();
}

// Runs `body` in a child process; its result is the exit status.
int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Stamps {
  std::array<int64_t, 6> values{};
  bool operator==(const Stamps&) const = default;
};

Stamps StampsOf(const std::string& path) {
  struct stat facts {};
  EXPECT_EQ(stat(path.c_str(), &facts), 0);
  return {{facts.st_atim.tv_sec, facts.st_atim.tv_nsec, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec,
           facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec}};
}

// Old enough that the next ordinary read would renew it even under relatime.
void AgeAccessTime(const std::string& path) {
  const std::array<timespec, 2> times{{{1'000'000, 0}, {0, UTIME_OMIT}}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
}

TEST(DirectoryDiskTest, LookingChangesNoTimeStampAndNoByte) {
  const TempDirectory directory;
  AlignedBuffer data(kBlock, 1);
  {
    const auto disk = DiskIn(directory);
    ASSERT_TRUE(disk->Create("f", kBlock).value()->Write(0, data.span()).ok());
    ASSERT_TRUE(disk->Lock("lock").ok());
  }
  const std::array<std::string, 3> paths = {directory.path(), directory.PathOf("f"),
                                            directory.PathOf("lock")};
  std::vector<Stamps> before;
  for (const std::string& path : paths) {
    AgeAccessTime(path);
    before.push_back(StampsOf(path));
  }
  const auto disk = DiskIn(directory);
  EXPECT_TRUE(disk->Probe().ok());
  EXPECT_EQ(disk->List().value().size(), 2U);
  EXPECT_FALSE(disk->IsLocked("lock"));
  const auto file = disk->Open("f", OpenMode::kReadOnly).value();
  EXPECT_TRUE(file->Read(0, data.span()).ok());
  const auto queue = disk->NewQueue(1).value();
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kRead, file.get(), 0, data.span(), 1)));
  ASSERT_EQ(ReapAll(*queue).size(), 1U);
  for (size_t i = 0; i < paths.size(); ++i) {
    EXPECT_EQ(StampsOf(paths[i]), before[i]) << paths[i];
  }
}

// A loop that gave up waiting for its disk leaves its queue to whoever takes the store down.
TEST(DirectoryDiskTest, AQueueWithRequestsOutMayBeDestroyedByAnotherThread) {
  const TempDirectory directory;
  const auto disk = DiskIn(directory);
  const auto file = disk->Create("f", 4096).value();
  AlignedBuffer data(4096);
  auto queue = disk->NewQueue(1).value();
  std::thread loop([&] {
    EXPECT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), 0, data.span(), 1)));
  });
  loop.join();
  EXPECT_EQ(queue->in_flight(), 1U);
  queue.reset();
}

TEST(DirectoryDiskTest, LocksHoldAcrossProcessesAndDieWithTheirHolder) {
  const TempDirectory directory;
  const auto disk = DiskIn(directory);
  int ready[2];
  int leave[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(leave), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(leave[1]);
    auto theirs = OpenDisk(directory.path());
    auto lock = (*theirs)->Lock("lock");
    char byte = lock.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    static_cast<void>(!read(leave[0], &byte, 1));  // ends when the parent says, or is gone
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_TRUE(disk->IsLocked("lock"));
  EXPECT_THAT(disk->Lock("lock").status().message(),
              testing::HasSubstr("process " + std::to_string(child)));
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(disk->IsLocked("lock"));
  EXPECT_TRUE(disk->Lock("lock").ok());
  for (const int fd : {ready[0], ready[1], leave[0], leave[1]}) close(fd);
}

TEST(DirectoryDiskTest, FilesAreWhollyAllocated) {
  const TempDirectory directory;
  ASSERT_TRUE(DiskIn(directory)->Create("f", 1 << 20).ok());
  struct stat facts {};
  ASSERT_EQ(stat(directory.PathOf("f").c_str(), &facts), 0);
  EXPECT_GE(facts.st_blocks * 512, 1 << 20);
}

TEST(DirectoryDiskTest, LinksAndDirectoriesAreNotFiles) {
  const TempDirectory directory;
  std::ofstream(directory.PathOf("real")) << "x";
  ASSERT_EQ(symlink("real", directory.PathOf("link").c_str()), 0);
  ASSERT_EQ(mkdir(directory.PathOf("folder").c_str(), 0755), 0);
  const auto disk = DiskIn(directory);
  EXPECT_THAT(disk->List().value(), testing::ElementsAre("real"));
  EXPECT_FALSE(disk->Open("link", OpenMode::kReadWrite).ok());
  EXPECT_FALSE(disk->Lock("link").ok());
  EXPECT_EQ(disk->Open("folder", OpenMode::kReadOnly).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(disk->Create("link", kBlock).status().code(), Code::kAlreadyExists);
}

TEST(DirectoryDiskTest, FullAndReadOnlyFileSystems) {
  const TempDirectory directory;
  if (mount("reel", directory.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting a small file system needs root";
  }
  const auto disk = DiskIn(directory);
  ASSERT_TRUE(disk->Create("small", 256 << 10).ok());
  const Status full = disk->Create("large", 4 << 20).status();
  EXPECT_EQ(full.code(), Code::kResourceExhausted) << full.ToString();
  EXPECT_THAT(full.message(), testing::HasSubstr(directory.PathOf("large")));
  EXPECT_THAT(disk->List().value(), testing::ElementsAre("small"));
  { ASSERT_TRUE(disk->Lock("lock").ok()); }
  ASSERT_EQ(mount(nullptr, directory.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  EXPECT_FALSE(disk->IsLocked("lock"));
  EXPECT_FALSE(disk->IsLocked("other"));
  EXPECT_TRUE(disk->Open("small", OpenMode::kReadOnly).ok());
  EXPECT_EQ(disk->Open("small", OpenMode::kReadWrite).status().system_errno(), EROFS);
  EXPECT_EQ(umount2(directory.path().c_str(), MNT_DETACH), 0);
}

constexpr uint32_t kAnyFd = UINT32_MAX;

// From now on the kernel answers this process's `number` calls with `error`, as container policies
// do with io_uring; `fd`: only those whose first argument it is.
bool Deny(uint32_t number, uint32_t error, uint32_t fd = kAnyFd) {
  const uint8_t jump_unless_fd = fd == kAnyFd ? 0 : 1;
  std::array<sock_filter, 6> filter = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, fd, 0, jump_unless_fd),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// The descriptor this process has open on `path`.
uint32_t FdOn(const std::string& path) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    if (std::filesystem::read_symlink(entry.path(), ignored) == path) {
      const std::string number = entry.path().filename();
      uint32_t fd = kAnyFd;
      std::from_chars(number.data(), number.data() + number.size(), fd);
      return fd;
    }
  }
  return kAnyFd;
}

TEST(DirectoryDiskTest, PoorerFileSystemsGetWholeFilesToo) {
  const TempDirectory directory;
  const int failed_at = InChild([&directory] {
    // Without a way to name a finished file, and without preallocation.
    if (!Deny(SYS_linkat, ENOENT) || !Deny(SYS_fallocate, EOPNOTSUPP)) return 1;
    const auto disk = DiskIn(directory);
    const auto file = disk->Create("f", (1 << 20) + 3 * kBlock);
    if (!file.ok()) return 2;
    AlignedBuffer data(kBlock, 1);
    if (!(*file)->Read(1 << 20, data.span()).ok() || data.copy() != Bytes(kBlock)) return 3;
    if (disk->Create("f", kBlock).status().code() != Code::kAlreadyExists) return 4;
    return 0;
  });
  EXPECT_EQ(failed_at, 0);
  struct stat facts {};
  ASSERT_EQ(stat(directory.PathOf("f").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_size, (1 << 20) + 3 * static_cast<off_t>(kBlock));
  EXPECT_GE(facts.st_blocks * 512, facts.st_size);
}

// The descriptor this process opens next.
uint32_t NextFd() {
  const UniqueFd next(dup(STDERR_FILENO));
  return static_cast<uint32_t>(next.get());
}

TEST(DirectoryDiskTest, AFileThatCannotBeMadeDurableIsNotLeftBehind) {
  for (const bool named : {false, true}) {
    for (const bool directory_fails : {false, true}) {
      const TempDirectory directory;
      const int failed_at = InChild([&] {
        const auto disk = DiskIn(directory);
        if (named && !Deny(SYS_linkat, ENOENT)) return 1;
        const uint32_t file_fd = NextFd();
        if (!Deny(SYS_fsync, EIO, directory_fails ? FdOn(directory.path()) : file_fd)) return 2;
        return disk->Create("f", kBlock).status().system_errno() == EIO ? 0 : 3;
      });
      EXPECT_EQ(failed_at, 0);
      EXPECT_TRUE(DiskIn(directory)->List().value().empty());
    }
  }
}

TEST(DirectoryDiskTest, WhereIoUringIsRefusedPwriteTakesOverAndSaysWhy) {
  const TempDirectory directory;
  for (const uint32_t call : {uint32_t{SYS_io_uring_setup}, uint32_t{SYS_io_uring_enter}}) {
    const int failed_at = InChild([&directory, call] {
      if (!Deny(call, EPERM)) return 1;
      auto disk = OpenDisk(directory.path());
      if (!disk.ok()) return 2;
      const auto facts = (*disk)->Probe();
      if (!facts.ok() || facts->engine != "pwrite") return 3;
      if (facts->note.find("Operation not permitted") == std::string::npos) return 4;
      DiskOptions demanding;
      demanding.engine = DiskEngine::kUring;
      const auto refused = OpenDisk(directory.path(), demanding);
      if (refused.status().code() != Code::kFailedPrecondition) return 5;
      return 0;
    });
    EXPECT_EQ(failed_at, 0) << "system call " << call;
  }
}

TEST(DirectoryDiskTest, OpeningNeedsADirectory) {
  const TempDirectory directory;
  EXPECT_EQ(OpenDisk(directory.PathOf("none")).status().code(), Code::kNotFound);
  std::ofstream(directory.PathOf("file")) << "x";
  EXPECT_FALSE(OpenDisk(directory.PathOf("file")).ok());
}

TEST(DirectoryDiskTest, ADeclaredGranuleWins) {
  const TempDirectory directory;
  DiskOptions options;
  options.granule_bytes = 192 << 10;
  EXPECT_EQ(OpenDisk(directory.path(), options).value()->Probe()->granule_bytes, 192U << 10);
  options.granule_bytes = 1000;
  EXPECT_EQ(OpenDisk(directory.path(), options).status().code(), Code::kInvalidArgument);
}

class BlockFactsTest : public testing::Test {
 public:
  void Put(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = directory_.PathOf(path);
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text << "\n";
  }
  void PutQueue(const std::string& device, const std::string& minimum, const std::string& optimal) {
    Put(device + "/queue/minimum_io_size", minimum);
    Put(device + "/queue/optimal_io_size", optimal);
    Put(device + "/queue/rotational", "1");
  }
  BlockFacts Read() { return ReadBlockFacts(directory_.path(), makedev(9, 5)); }

  TempDirectory directory_;
};

TEST_F(BlockFactsTest, AParityArraysGranuleIsItsStripe) {
  PutQueue("9:5", "65536", "196608");
  Put("9:5/md/level", "raid5");
  EXPECT_EQ(Read().parity_stripe_bytes, 196608U);
  EXPECT_TRUE(Read().rotational);
}

TEST_F(BlockFactsTest, OtherStripesAreNone) {
  PutQueue("9:5", "65536", "196608");
  EXPECT_EQ(Read().parity_stripe_bytes, 0U) << "a plain disk may name an optimal size";
  Put("9:5/md/level", "raid0");
  EXPECT_EQ(Read().parity_stripe_bytes, 0U) << "no parity, no write hole";
}

TEST_F(BlockFactsTest, NonsenseIsIgnored) {
  Put("9:5/md/level", "raid6");
  for (const char* optimal : {"", "x", "0", "65536", "196609", "99999999999"}) {
    PutQueue("9:5", "65536", optimal);
    EXPECT_EQ(Read().parity_stripe_bytes, 0U) << optimal;
  }
}

TEST_F(BlockFactsTest, APartitionsQueueIsItsDisks) {
  PutQueue("md5", "65536", "131072");
  Put("md5/md/level", "raid5");
  Put("md5/md5p1/partition", "1");
  std::filesystem::create_directory_symlink("md5/md5p1", directory_.PathOf("9:5"));
  EXPECT_EQ(Read().parity_stripe_bytes, 131072U);
}

TEST_F(BlockFactsTest, UnknownDevicesHaveNoFacts) {
  EXPECT_EQ(Read().parity_stripe_bytes, 0U);
  EXPECT_FALSE(Read().rotational);
}

TEST(SystemClockTest, TheMachinesClocksRun) {
  const MonoTime before = SystemClock().MonoNow();
  EXPECT_LE(before, SystemClock().MonoNow());
  EXPECT_GT(SystemClock().WallNow(), ParseWall("2020-01-01T00:00:00Z").value());
  EXPECT_FALSE(SystemClock().boot_id().is_nil());
  EXPECT_EQ(SystemClock().boot_id(), SystemClock().boot_id());
  EXPECT_NE(NewId<RunId>(SystemRandom()), NewId<RunId>(SystemRandom()));
}

}  // namespace
}  // namespace reel
