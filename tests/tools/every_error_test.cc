// Every error that a user can cause says in one line what, where and what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <filesystem>

#include "engine/base/aligned.h"
#include "engine/format/superblock.h"
#include "engine/io/disk_factory.h"
#include "engine/io/transfer.h"
#include "engine/volume/superblock_file.h"
#include "tests/tools/process.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr ExitCode kUsage = ExitCode::kUsage;
constexpr ExitCode kNotFound = ExitCode::kNotFound;
constexpr ExitCode kRefused = ExitCode::kRefused;

class EveryError : public testing::Test {
 protected:
  void SetUp() override {
    node_ = MakeNode(folder_);
    disk_ = folder_ / "disk";
    ASSERT_EQ(Reel({"import", "--node", node_, "--start", "2026-01-01T00:00:00Z",
                    "gate=" + Media("axis-test_h264.mp4")})
                  .exit_code,
              0);
  }
  std::string OtherNode() {
    fs::create_directory(folder_ / "disk-2");
    EXPECT_EQ(
        Reel({"init", folder_ / "node-2", "--volume", folder_ / "disk-2" + ",size=64M"}).exit_code,
        0);
    return folder_ / "disk-2";
  }
  // What is said by whatever opens the node.
  void ExpectOpeningSays(ExitCode code, const std::string& message) const {
    ExpectSaid({{"import", "--node", node_, Media("axis-test_h264.mp4")}, code, message});
  }

  const TempFolder folder_;
  std::string node_;
  std::string disk_;
};

TEST_F(EveryError, Names) {
  const std::string video = Media("axis-test_h264.mp4");
  const std::string long_name(256, 'x');
  for (const auto& [name, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "cannot be empty"},
           {long_name, "at most 255 bytes, this has 256"},
           {"a/b", "cannot hold '/'"},
           {"line\nbreak", "cannot hold control characters"},
           {"bell\a", "cannot hold control characters"},
           {"\xC2\x85", "cannot hold control characters"},
           {" gate", "cannot begin or end with a space"},
           {"\xFF", "must be UTF-8"},
           {"gate", "a stream named 'gate' exists"}}) {
    const ExitCode code = name == "gate" ? kRefused : kUsage;
    ExpectSaid({{"streams", "add", "--node", node_, name}, code, why});
    ExpectSaid({{"streams", "rename", "--node", node_, "gate", name}, code, why});
    if (name != "gate") {
      ExpectSaid({{"import", "--node", node_, "--stream", name.empty() ? " " : name, video},
                  kUsage,
                  name.empty() ? "space" : why});
    }
  }
  ExpectSaid({{"streams", "rename", "--node", node_, "gaet", "x"}, kNotFound, "mean 'gate'"});
  ExpectSaid({{"streams", "retire", "--node", node_, "gaet"}, kNotFound, "mean 'gate'"});
  ExpectSaid({{"streams", "rehome", "--node", node_, "gate", "x"}, kUsage, "is no UUID: write it"});
  ExpectSaid({{"streams", "rehome", "--node", node_, "00000000-0000-0000-0000-000000000000", "x"},
              kUsage,
              "cannot be a stream's UUID"});
  ExpectSaid({{"streams"}, kUsage, "reel streams --help"});
}

TEST_F(EveryError, TimesAndRanges) {
  const auto timeline = [&](const std::string& from, const std::string& to) {
    return Words{"timeline", "--node", node_, "--from", from, "--to", to};
  };
  const UserError errors[] = {
      {timeline("now", "-1h"), kUsage, "is reversed: --from must be before --to"},
      {timeline("now", "now"), kUsage, "is empty: --from must be before --to"},
      {timeline("2263-01-01T00:00:00Z", "now"), kUsage, "1678 to 2262.*check the year"},
      {timeline("2026-01-01", "9999-12-31 14:00"), kUsage, "1678 to 2262.*check the year"},
      {timeline("noon", "now"), kUsage, "'noon' is no time: write it as .*-2h or now"},
      {timeline("2026-02-30", "now"), kUsage, "is no time: write it as"},
      {timeline("-5", "now"), kUsage, "'-5' is no time: write it as"},
      {{"export", "--node", node_, "gate", "--from", "2262-04-12T00:00:00Z", "--to", "now", "-o",
        "x.mp4"},
       kUsage,
       "1678 to 2262"},
      {{"seek", "--node", node_, "gate", "1677-01-01T00:00:00Z"}, kUsage, "1678 to 2262"},
      {{"scrub", "--node", node_, "--for", "soon"}, kUsage, "no length of time: write it as 90s"},
      {{"scrub", "--node", node_, "--rate", "fast"}, kUsage, "no size: write it as 4096"},
      {{"record", "--node", node_, "--for", "-1s", "x.mp4"}, kUsage, "length of time|--help"},
      {{"record", "--node", node_, "-"}, kUsage, "standard input needs a stream.*NAME=-"},
      {{"record", "--node", node_, "a=-", "b=-"}, kUsage, "one stream alone"},
      {{"record", "--node", node_, "--loop", "a=-"}, kUsage, "cannot be repeated.*leave --loop"},
      {{"import", "--node", node_, "a=-"}, kUsage, "cannot be imported.*reel record"},
      {{"plan", "many"}, kUsage, "COUNTxRATE.*200x4M"},
      {{"plan", "200x4M", "--days", "0"}, kUsage, "must be above 0"},
      {{"plan"}, kUsage, "reel plan --help"},
      {{"completion", "fish"}, kUsage, "bash"},
  };
  for (const UserError& error : errors) ExpectSaid(error);
}

TEST_F(EveryError, AFileIsNamedOnce) {
  const Outcome outcome = Reel({"import", "--node", node_, "/nope.mp4"});
  EXPECT_EQ(outcome.err, "reel: /nope.mp4: no such file; check the path\n");
  ExpectSaid({{"record", "--node", node_, folder_ / "."}, kUsage, "a directory; name the media"});
}

TEST_F(EveryError, AVolumeClonedSwappedOrUnmounted) {
  fs::copy(disk_, folder_ / "clone");
  ExpectSaid({{"adopt", "--node", node_, folder_ / "clone"},
              kRefused,
              "clone is a copy of volume .*which stands at .*disk: unmount one of the two"});
  ExpectSaid({{"adopt", "--node", node_, disk_}, kRefused, "is volume 1 of this node already"});
  ExpectSaid({{"adopt", "--node", node_, folder_ / "nowhere"}, kNotFound, "mount the disk there"});
  ExpectSaid({{"adopt", "--node", node_, folder_.path().string()}, kNotFound, "not a reel volume"});

  const std::string other = OtherNode();
  fs::rename(disk_, folder_ / "kept");
  fs::rename(other, disk_);
  ExpectOpeningSays(kRefused, "holds volume .*, expected .*: mount the right disk there");
  fs::rename(disk_, other);
  ExpectOpeningSays(kNotFound, "/disk: No such file or directory; .*mount the disk");
  fs::create_directory(disk_);
  ExpectOpeningSays(kNotFound, "/disk is not a reel volume.*; mount the right disk");
  fs::remove(disk_);

  // As it was before it was last opened: a backup put back.
  fs::rename(folder_ / "kept", disk_);
  ASSERT_EQ(Reel({"import", "--node", node_, Media("axis-test_h264.mp4")}).exit_code, 0);
  fs::rename(disk_, folder_ / "kept");
  fs::rename(folder_ / "clone", disk_);
  ExpectOpeningSays(kRefused, "is an older copy of volume .*: mount the right disk");
}

TEST_F(EveryError, AVolumeOfAnotherNode) {
  const std::string other = OtherNode();
  ASSERT_EQ(Reel({"adopt", "--node", node_, other}).exit_code, 0);
  ExpectSaid({{"import", "--node", folder_ / "node-2", Media("axis-test_h264.mp4")},
              kRefused,
              "belongs to node .*: adopt it or take it back"});
  ExpectSaid({{"volumes", "forget", "--node", node_, "7"}, kNotFound, "has no volume '7'"});
}

TEST_F(EveryError, AVolumeInUse) {
  const auto disk = OpenDisk(disk_);
  ASSERT_TRUE(disk.ok());
  const auto lock = (*disk)->Lock(kVolumeLockName);
  ASSERT_TRUE(lock.ok());
  const std::string pid = std::to_string(getpid());
  ExpectOpeningSays(kRefused, "/disk/.*locked by process " + pid + "; stop that process");
  ExpectSaid({{"adopt", "--node", folder_ / "new", disk_}, kRefused, pid + "; stop that process"});
  EXPECT_FALSE(fs::exists(folder_ / "new")) << "nothing is left behind";
}

TEST_F(EveryError, AVolumeOfANewerFormat) {
  const auto disk = OpenDisk(disk_);
  ASSERT_TRUE(disk.ok());
  format::Superblock superblock = ReadSuperblock(**disk).value();
  superblock.version = format::kFormatVersion + 1;
  ++superblock.sequence;
  ASSERT_TRUE(WriteSuperblock(**disk, superblock).ok());
  ExpectOpeningSays(kRefused, "version 2.*newer");
  ExpectSaid({{"adopt", "--node", folder_ / "new", disk_}, kRefused, "version 2.*newer"});
  ExpectSaid({{"inspect", disk_}, kRefused, "version 2.*newer"});
}

TEST_F(EveryError, NoRoomThere) {
  ExpectSaid({{"init", folder_ / "new", "--volume", "/proc"},
              ExitCode::kFull,
              "/proc has 0 MiB free, a volume needs 16 MiB"});
  EXPECT_FALSE(fs::exists(folder_ / "new"));
}

// Runs the command in a child that `prepare` has changed.
Outcome ReelAs(const Words& arguments, void (*prepare)()) {
  const TempFolder folder;
  const pid_t pid = fork();
  if (pid == 0) {
    const bool redirected = freopen((folder / "out").c_str(), "w", stdout) != nullptr &&
                            freopen((folder / "err").c_str(), "w", stderr) != nullptr;
    if (!redirected) _exit(99);
    std::vector<char*> words = {const_cast<char*>(REEL_COMMAND)};
    for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    prepare();
    execv(REEL_COMMAND, words.data());
    _exit(98);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  // A library below FFmpeg (libgcrypt) says so of itself where no memory may be locked.
  std::string err = ReadText(folder / "err");
  const std::string foreign = "Warning: using insecure memory!\n";
  if (err.rfind(foreign, 0) == 0) err.erase(0, foreign.size());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadText(folder / "out"), err};
}

// As a container's policy does it.
void RefuseUring() {
  std::array<sock_filter, 4> filter = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{static_cast<uint16_t>(filter.size()), filter.data()};
  const bool done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  if (!done) _exit(97);
}

// It is slower, not broken; who wants to know is told.
TEST_F(EveryError, AMachineWithoutUringRecordsAllTheSame) {
  const Words import = {"import", "--node", node_, "yard=" + Media("axis-test_h264.mp4")};
  const Outcome outcome = ReelAs(import, RefuseUring);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("durable"));
  const Outcome volumes = ReelAs({"volumes", "list", "--node", node_}, RefuseUring);
  EXPECT_THAT(volumes.out, ContainsRegex("pwrite"));
  EXPECT_THAT(volumes.out, ContainsRegex("note: io_uring is refused: .*"));
}

// A user without any rights, and without memory to lock.
void BecomeNobody() {
  constexpr uid_t kNobody = 65534;
  const rlimit none{0, 0};
  const bool done = setrlimit(RLIMIT_MEMLOCK, &none) == 0 &&
                    setresgid(kNobody, kNobody, kNobody) == 0 &&
                    setresuid(kNobody, kNobody, kNobody) == 0;
  if (!done) _exit(97);
}

void Chown(const fs::path& path, uid_t owner) {
  ASSERT_EQ(chown(path.c_str(), owner, owner), 0);
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    ASSERT_EQ(chown(entry.path().c_str(), owner, owner), 0);
  }
}

TEST_F(EveryError, WithoutPermissionAndWithoutMemoryToLock) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  fs::permissions(folder_.path(), fs::perms::all);
  const Words import = {"import", "--node", node_, "yard=" + Media("axis-test_h264.mp4")};
  const Outcome refused = ReelAs(import, BecomeNobody);
  if (refused.exit_code == 98) GTEST_SKIP() << "the build cannot be reached by others";
  EXPECT_EQ(refused.exit_code, static_cast<int>(kRefused)) << refused.err;
  EXPECT_THAT(refused.err,
              ContainsRegex("^reel: .*Permission denied; run reel as the user that owns it"));
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  Chown(node_, 65534);
  Chown(disk_, 65534);
  const Outcome outcome = ReelAs(import, BecomeNobody);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "") << "too little memory to lock costs speed alone";
}

}  // namespace
}  // namespace reel
