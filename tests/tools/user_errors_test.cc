// What a user does wrong, and the one line that says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/io/disk_factory.h"
#include "tests/tools/process.h"
#include "tools/exit_codes.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;

// One node with footage for all cases, since none of them may change it.
class UserErrors : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    node_ = MakeNode(*folder_);
    const Outcome imported = Reel({"import", "--node", node_, "--start", "2026-01-01T00:00:00Z",
                                   "gate-east=" + Media("axis-test_h264.mp4")});
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    fs::create_directory(*folder_ / "plain");
    std::ofstream(*folder_ / "notes.txt") << "no pictures here, only words\n";
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::unique_ptr<TempFolder> folder_;
  static std::string node_;
};
std::unique_ptr<TempFolder> UserErrors::folder_;
std::string UserErrors::node_;

using Case = UserError;
void Check(const Case& wrong) { ExpectSaid(wrong); }

TEST_F(UserErrors, CommandLine) {
  const std::string node = node_;
  const Case cases[] = {
      {{}, ExitCode::kUsage, "subcommand"},
      {{"play"}, ExitCode::kUsage, "'play' is no verb.*--help"},
      {{"sek", "gate"}, ExitCode::kUsage, "'sek' is no verb; did you mean 'seek'"},
      {{"streams", "renam", "a"}, ExitCode::kUsage, "did you mean 'rename'.*reel streams --help"},
      {{"export", "--node", node, "gate-east", "yard", "--from", "-1h", "--to", "now", "-o",
        "x.mp4"},
       ExitCode::kUsage,
       "'x.mp4' is the name of one file: several streams.*a folder"},
      {{"seek", "--node", node, "gate-east"}, ExitCode::kUsage, "reel seek --help"},
      {{"timeline"}, ExitCode::kUsage, "--node"},
      {{"timeline", "--node", node, "--bucket", "week"}, ExitCode::kUsage, "hour"},
      {{"seek", "--node", node, "gate-east", "noon"}, ExitCode::kUsage, "'noon' is no time"},
      {{"timeline", "--node", node, "--from", "2026-01-02T00:00:00Z", "--to",
        "2026-01-01T00:00:00Z"},
       ExitCode::kUsage,
       "2026-01-02T00:00:00.*2026-01-01T00:00:00.*reversed"},
      {{"export", "--node", node, "gate-east", "--from", "-1h", "--to", "-1h", "-o", "x.mp4"},
       ExitCode::kUsage,
       "is empty"},
      {{"import", "--node", node, "--stream", "a", "x.mp4", "y.mp4"},
       ExitCode::kUsage,
       "NAME=FILE"},
      {{"import", "--node", node, "a/cam.mp4", "b/cam.mp4"},
       ExitCode::kUsage,
       "both go to stream 'cam'"},
      {{"init", *folder_ / "new", "--volume", *folder_ / "plain" + ",size=10X"},
       ExitCode::kUsage,
       "no size"},
      {{"init", *folder_ / "new", "--volume", *folder_ / "plain" + ",colour=red"},
       ExitCode::kUsage,
       "size"},
      {{"init", *folder_ / "new", "--volume", *folder_ / "plain" + ",size=64M,placement=best"},
       ExitCode::kUsage,
       "placement"},
  };
  for (const Case& wrong : cases) Check(wrong);
  EXPECT_FALSE(fs::exists(*folder_ / "new")) << "a failed init leaves nothing behind";
}

TEST_F(UserErrors, NotThere) {
  const Case cases[] = {
      {{"timeline", "--node", *folder_ / "nowhere"}, ExitCode::kNotFound, "no such directory"},
      {{"timeline", "--node", *folder_ / "plain"},
       ExitCode::kNotFound,
       "not a reel node.*reel init"},
      {{"import", "--node", *folder_ / "plain", "x.mp4"}, ExitCode::kNotFound, "not a reel node"},
      {{"reindex", "--node", *folder_ / "plain"}, ExitCode::kNotFound, "not a reel node"},
      {{"import", "--node", node_, "nowhere.mp4"}, ExitCode::kNotFound, "nowhere.mp4"},
      {{"seek", "--node", node_, "gate-eats", "now"}, ExitCode::kNotFound, "gate-eats.*gate-east"},
      {{"seek", "--node", node_, "gate-east", "2027-01-01T00:00:00Z"},
       ExitCode::kNotFound,
       "no footage"},
      {{"export", "--node", node_, "gate-east", "--from", "2025-01-01T00:00:00Z", "--to",
        "2025-01-02T00:00:00Z", "-o", *folder_ / "x.mp4"},
       ExitCode::kNotFound,
       "no footage.*2026-01-01"},
      {{"init", *folder_ / "new", "--volume", *folder_ / "nowhere"},
       ExitCode::kNotFound,
       "mount the disk"},
      {{"inspect", *folder_ / "nowhere"}, ExitCode::kNotFound, "no such file"},
      {{"inspect", *folder_ / "plain"}, ExitCode::kNotFound, "neither"},
      {{"inspect", *folder_ / "notes.txt"}, ExitCode::kNotFound, "no file of Reel's"},
  };
  for (const Case& wrong : cases) Check(wrong);
  EXPECT_TRUE(fs::is_empty(*folder_ / "plain"));
  EXPECT_FALSE(fs::exists(*folder_ / "x.mp4"));
}

TEST_F(UserErrors, Servers) {
  const std::string none = *folder_ / "none";
  std::ofstream(*folder_ / "no-key.pem") << "words\n";
  const std::string words = *folder_ / "no-key.pem";
  const Case cases[] = {
      {{"streams", "--server", "nonsense"}, ExitCode::kUsage, "unix:/run/reeld/reeld.sock"},
      {{"streams", "--server", "unix:" + none},
       ExitCode::kIo,
       "no reeld answers at unix:" + none + ".*does it run"},
      {{"watch", "--server", "unix:" + none}, ExitCode::kIo, "no reeld answers at unix:" + none},
      {{"streams", "--server", "unix:"}, ExitCode::kUsage, "'unix:' is no server"},
      {{"streams", "--server", "localhost:99999"}, ExitCode::kUsage, "is no server"},
      {{"streams", "--server", "http://localhost:80"}, ExitCode::kUsage, "is no server"},
      {{"streams", "--server", "::1:7443"}, ExitCode::kUsage, "is no server"},
      {{"streams", "--server", "192.0.2.1:7443"}, ExitCode::kUsage, "--cert, --key, --ca"},
      {{"streams", "--server", "192.0.2.1:7443", "--cert", none}, ExitCode::kNotFound, none},
      {{"streams", "--server", "192.0.2.1:7443", "--cert", words},
       ExitCode::kUsage,
       "no-key.pem is no PEM file"},
      {{"streams", "--node", node_, "--server", "unix:" + none}, ExitCode::kUsage, "excludes"},
      {{"cameras"}, ExitCode::kUsage, "--server"},
      {{"cameras", "--node", node_}, ExitCode::kUsage, "reel cameras --help"},
      {{"audit", "verify", none}, ExitCode::kNotFound, "no such directory"},
      {{"audit", "verify", *folder_ / "plain"}, ExitCode::kNotFound, "holds no whole line"},
  };
  for (const Case& wrong : cases) Check(wrong);
  EXPECT_FALSE(fs::exists(none)) << "looking makes nothing";
}

// What is written on the command line goes before what the environment says.
TEST_F(UserErrors, Variables) {
  const std::string none = "unix:" + std::string(*folder_ / "none");
  setenv("REEL_NODE", (*folder_ / "none").c_str(), 1);
  setenv("REEL_SERVER", none.c_str(), 1);
  EXPECT_EQ(Reel({"streams", "--node", node_}).exit_code, 0);
  Check({{"streams"}, ExitCode::kIo, "no reeld answers at " + none});
  unsetenv("REEL_SERVER");
  setenv("REEL_NODE", node_.c_str(), 1);
  EXPECT_EQ(Reel({"streams"}).exit_code, 0);
  const std::string out = *folder_ / "by-variable.mp4";
  const Outcome exported = Reel({"export", "nobody", "--from", "-1h", "--to", "now", "-o", out});
  EXPECT_NE(exported.err.find("no stream"), std::string::npos) << exported.err;
  unsetenv("REEL_NODE");
}

TEST_F(UserErrors, NoMedia) {
  Check({{"import", "--node", node_, *folder_ / "notes.txt"}, ExitCode::kUsage, "notes.txt"});
  const Outcome listed = Reel({"timeline", "--node", node_});
  EXPECT_EQ(listed.out.find("notes"), std::string::npos) << "no stream is left behind";
}

TEST_F(UserErrors, Refused) {
  const std::string video = *folder_ / "taken.mp4";
  std::ofstream(video) << "somebody's";
  const Case cases[] = {
      {{"export", "--node", node_, "gate-east", "--from", "2026-01-01T00:00:00Z", "--to",
        "2026-01-01T00:00:05Z", "-o", video},
       ExitCode::kRefused,
       "taken.mp4"},
      {{"seek", "--node", node_, "gate-east", "2026-01-01T00:00:01Z", "--out", video},
       ExitCode::kRefused,
       "--force"},
      {{"init", *folder_ / "new", "--volume", *folder_ / "disk" + ",size=64M"},
       ExitCode::kRefused,
       "already holds volume"},
  };
  for (const Case& wrong : cases) {
    SCOPED_TRACE(wrong.message);
    const Outcome outcome = Reel(wrong.arguments);
    EXPECT_EQ(outcome.exit_code, static_cast<int>(wrong.exit_code)) << outcome.err;
    EXPECT_THAT(outcome.err, ContainsRegex(wrong.message));
  }
  EXPECT_EQ(ReadText(video), "somebody's");
}

TEST_F(UserErrors, InUseNamesTheProcess) {
  const auto disk = OpenDisk(node_);
  ASSERT_TRUE(disk.ok());
  const auto lock = (*disk)->Lock("reel-lock");
  ASSERT_TRUE(lock.ok()) << lock.status().ToString();
  const std::string pid = std::to_string(getpid());
  Check({{"import", "--node", node_, Media("axis-test_h264.mp4")},
         ExitCode::kRefused,
         "in use.*" + pid});
  Check({{"reindex", "--node", node_}, ExitCode::kRefused, "in use.*" + pid});
  EXPECT_EQ(Reel({"seek", "--node", node_, "gate-east", "2026-01-01T00:00:01Z"}).exit_code, 0)
      << "reading goes on beside a writer";
}

TEST_F(UserErrors, TooLittleRoom) {
  Check({{"init", *folder_ / "new", "--volume", *folder_ / "plain" + ",size=4000T"},
         ExitCode::kFull,
         "MiB free"});
  EXPECT_FALSE(fs::exists(*folder_ / "new"));
}

TEST_F(UserErrors, ReadOnlyDirectory) {
  Check({{"init", "/proc/reel", "--volume", *folder_ / "plain" + ",size=64M"},
         ExitCode::kNotFound,
         "/proc/reel"});
  Check({{"seek", "--node", node_, "gate-east", "2026-01-01T00:00:01Z", "--out", "/proc/gop.h264"},
         ExitCode::kNotFound,
         "/proc/gop.h264"});
}

// A node of its own: its files are changed.
TEST(DamagedNode, WrongVolumeAndNewerFormat) {
  const TempFolder folder;
  const std::string node = MakeNode(folder);
  const TempFolder other;
  MakeNode(other);
  fs::rename(folder / "disk", folder / "kept");
  fs::rename(other / "disk", folder / "disk");
  Outcome outcome = Reel({"timeline", "--node", node});
  EXPECT_EQ(outcome.exit_code, static_cast<int>(ExitCode::kRefused)) << outcome.err;
  EXPECT_THAT(outcome.err, ContainsRegex("expected .*mount the right disk"));
}

TEST(DamagedNode, UnreadableNodeFile) {
  const TempFolder folder;
  const std::string node = MakeNode(folder);
  std::fstream file(node + "/reel-node", std::ios::in | std::ios::out | std::ios::binary);
  for (const int slot : {0, 1}) {
    file.seekp(slot * 65536 + 40);
    file.write("garbage!", 8);
  }
  file.close();
  Check({{"timeline", "--node", node}, ExitCode::kDamaged, "node"});
  Check({{"inspect", node}, ExitCode::kDamaged, "node"});
}

TEST(FullOutput, IsAnError) {
  const TempFolder folder;
  const std::string node = MakeNode(folder);
  const Outcome outcome =
      RunCommand({"sh", "-c", std::string(REEL_COMMAND) + " inspect " + node + " > /dev/full"});
  EXPECT_EQ(outcome.exit_code, static_cast<int>(ExitCode::kIo));
  EXPECT_THAT(outcome.err, ContainsRegex("reel: .*output"));
}

}  // namespace
}  // namespace reel
