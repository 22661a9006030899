// Sources "ffmpeg:": what libavformat reads is recorded as what our own client reads, and the two
// say the same of one source.
#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "server/rtsp/text.h"
#include "tests/ingest/ingest_fixture.h"
#include "tests/ingest/peer_camera.h"
#include "tests/media/footage.h"

namespace reel::server {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Processes of ours that run reel-feed.
std::vector<pid_t> Feeds() {
  std::vector<pid_t> feeds;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto pid = ParseNumber<uint32_t>(entry.path().filename().string());
    std::ifstream file(entry.path() / "stat");
    std::string number;
    std::string name;
    std::string state;
    std::string parent;
    if (!pid || !(file >> number >> name >> state >> parent)) continue;
    if (name == "(reel-feed)" && parent == std::to_string(getpid())) {
      feeds.push_back(static_cast<pid_t>(*pid));
    }
  }
  return feeds;
}

class FeedTest : public IngestTest {
 protected:
  FeedTest() { feed_command_ = {REEL_TEST_FEED}; }

  std::string WriteFile(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  // Both clients record one source at one time. What both have is the same units, byte for byte.
  void ExpectBothSaySame(const std::string& mount, Codec codec, const std::string& file) {
    const PeerCamera peer({mount});
    StartCameras();
    const std::string url = peer.url("/live");
    Apply({CameraAt("own", url), CameraAt("other", "ffmpeg:" + url)});
    const std::vector<Bytes> own = ReadWhen("own", 150).Contents();
    const Recorded other = ReadWhen("other", 150);
    EXPECT_EQ(other.runs.size(), 1U);
    EXPECT_EQ(other.tracks, Read("own").tracks);
    ExpectIsTheFile(own, codec, file);
    ExpectIsTheFile(other.Contents(), codec, file);
    ExpectOverlap(own, other.Contents());
    cameras_.reset();
  }
  static void ExpectIsTheFile(const std::vector<Bytes>& units, Codec codec,
                              const std::string& file) {
    const std::vector<Bytes> sent = Slices(codec, SplitUnits(codec, ReadFootage(file)));
    EXPECT_TRUE(StandsIn(Slices(codec, units), sent)) << "these are not the slices that were sent";
  }
  // One begins somewhere in the other, and from there on both are equal.
  static void ExpectOverlap(const std::vector<Bytes>& a, const std::vector<Bytes>& b) {
    size_t longest = 0;
    const auto try_at = [&longest](const std::vector<Bytes>& from, const std::vector<Bytes>& to,
                                   size_t begin) {
      const size_t common = std::min(from.size() - begin, to.size());
      const auto at = from.begin() + static_cast<ptrdiff_t>(begin);
      if (std::equal(at, at + static_cast<ptrdiff_t>(common), to.begin())) {
        longest = std::max(longest, common);
      }
    };
    for (size_t i = 0; i < a.size(); ++i) try_at(a, b, i);
    for (size_t i = 0; i < b.size(); ++i) try_at(b, a, i);
    EXPECT_GE(longest, 75U) << "units of " << a.size() << " and " << b.size();
  }
};

TEST_F(FeedTest, H264IsWhatOurOwnClientRecords) {
  ExpectBothSaySame("/live=" + FilePath(kH264), Codec::kH264, kH264);
}

TEST_F(FeedTest, H265IsWhatOurOwnClientRecords) {
  ExpectBothSaySame("/live=" + FilePath(kH265), Codec::kH265, kH265);
}

TEST_F(FeedTest, RecordsSound) {
  for (const std::string kind : {"alaw", "aac", "opus"}) {
    // One after the other: with sound their server takes a second client of a mount with an error.
    const PeerCamera peer({"/live=" + FilePath(kH264) + "," + kind});
    StartCameras();
    const CameraConfig own = CameraAt("own-" + kind, peer.url("/live"));
    const CameraConfig other = CameraAt(kind, "ffmpeg:" + peer.url("/live"));
    Apply({own});
    EXPECT_TRUE(Await([&] { return Read(own.name).Contents(1).size() > 20; })) << kind;
    const Recorded mine = Read(own.name);
    Apply({other});
    EXPECT_TRUE(Await([&] { return Read(kind).Contents(1).size() > 20; }))
        << kind << testing::PrintToString(TroublesOf(kind));
    ASSERT_EQ(Read(kind).tracks.size(), 2U);
    EXPECT_EQ(Read(kind).tracks[1], mine.tracks[1]);
    cameras_.reset();
  }
}

TEST_F(FeedTest, LogsIn) {
  for (const char* method : {"basic", "digest"}) {
    const PeerCamera peer(
        {std::string("/live=") + FilePath(kH264), "--login", method, "root", "s/e:c@ret%"});
    StartCameras();
    CameraConfig right = CameraAt(method, "ffmpeg:" + peer.url("/live"));
    right.user = "root";
    right.password = Secret("s/e:c@ret%");
    CameraConfig wrong = right;
    wrong.name = wrong.sources[0].stream = std::string(method) + "-wrong";
    wrong.password = Secret("hunter2");
    Apply({right, wrong});
    ExpectIsTheFile(ReadWhen(method, 25).Contents(), Codec::kH264, kH264);
    EXPECT_TRUE(AwaitTrouble(wrong.name, "login refused"));
    clock_.Advance(seconds(60));
    EXPECT_TRUE(Await([&] { return HasGap(wrong.name, GapCause::kLoginRefused); }));
    EXPECT_EQ(StatusOf(wrong.name).state, SourceState::kWaiting) << "it is not tried for minutes";
    cameras_.reset();
  }
}

TEST_F(FeedTest, WhatCannotBeOpenedSaysWhy) {
  const std::string text = WriteFile("text", "no film at all\n");
  const std::string list = WriteFile("list.m3u8", "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n");
  const PeerCamera peer({std::string("/live=") + FilePath(kH264)});
  StartCameras();
  struct Case {
    const char* name;
    std::string url;
    const char* trouble;
  };
  const std::vector<Case> cases = {
      {"refused", "rtsp://127.0.0.1:1/hidden", "Connection refused"},
      {"absent", peer.url("/hidden"), "404"},
      {"no-file", (folder_ / "none.mp4").string(), "No such file"},
      {"no-film", text, "not a media file"},
      {"playlist", list, "not a media file"},
      {"local", "file:///etc/hidden", "file:// are not taken"},
  };
  std::vector<CameraConfig> cameras;
  cameras.reserve(cases.size());
  for (const Case& one : cases) cameras.push_back(CameraAt(one.name, "ffmpeg:" + one.url));
  Apply(cameras);
  for (const Case& one : cases) {
    EXPECT_TRUE(AwaitTrouble(one.name, one.trouble))
        << one.name << ": " << testing::PrintToString(TroublesOf(one.name));
    EXPECT_TRUE(AwaitState(one.name, SourceState::kWaiting));
    // An address may hold what only its owner should know.
    for (const std::string& trouble : TroublesOf(one.name))
      EXPECT_THAT(trouble, Not(HasSubstr("hidden")));
  }
  EXPECT_TRUE(Await([] { return Feeds().empty(); }));
}

TEST_F(FeedTest, AFileComesAsItWasFilmed) {
  StartCameras();
  Apply({CameraAt("raw", "ffmpeg:" + FilePath(kH264)),
         CameraAt("mp4", "ffmpeg:" + FilePath("axis-test_h264.mp4"))});
  const std::vector<Bytes> film = SplitUnits(Codec::kH264, ReadFootage(kH264));
  constexpr size_t kUnits = 25;
  ASSERT_GE(film.size(), kUnits);
  const Recorded raw = ReadWhen("raw", kUnits);
  for (size_t i = 0; i < kUnits; ++i) EXPECT_EQ(raw.units[i].unit.bytes, film[i]) << i;
  // None earlier than it was filmed.
  const Unit& first = raw.units[0].unit;
  const Unit& last = raw.units[kUnits - 1].unit;
  const auto filmed = std::chrono::duration<double>(static_cast<double>(last.dts - first.dts) /
                                                    raw.tracks[0].timescale);
  EXPECT_GT(filmed, std::chrono::milliseconds(500));
  EXPECT_GE(last.wall - first.wall, filmed - std::chrono::milliseconds(10));
  EXPECT_GT(ReadWhen("mp4", 10).tracks[0].width, 0U);
}

TEST_F(FeedTest, AFileBeginsAnewAtItsEnd) {
  StartCameras();
  Apply({CameraAt("short", "ffmpeg:" + FilePath("made-open-gop.h264"))});
  EXPECT_TRUE(AwaitTrouble("short", "the file is at its end"));
  const size_t units = Read("short").units.size();
  clock_.Advance(seconds(5));
  const Recorded recorded = ReadWhen("short", 2 * units);
  EXPECT_EQ(recorded.runs.size(), 2U);
  EXPECT_TRUE(Await([&] { return HasGap("short", GapCause::kSourceLost); }));
}

TEST_F(FeedTest, AKilledProcessLeavesAGapAndComesBack) {
  const PeerCamera peer({std::string("/live=") + FilePath(kH264)});
  StartCameras();
  Apply({CameraAt("door", "ffmpeg:" + peer.url("/live"))});
  ReadWhen("door", 30);
  ASSERT_THAT(Feeds(), SizeIs(1));
  ASSERT_EQ(kill(Feeds()[0], SIGKILL), 0);
  EXPECT_TRUE(AwaitTrouble("door", "the process that reads it has ended"));
  const size_t before = Read("door").units.size();
  clock_.Advance(seconds(5));
  const Recorded recorded = ReadWhen("door", before + 30);
  EXPECT_EQ(recorded.runs.size(), 2U);
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kSourceLost); }));
}

TEST_F(FeedTest, AServerThatIsKilledLeavesAGapAndIsRecordedAgain) {
  const std::string mount = std::string("/live=") + FilePath(kH265);
  auto peer = std::make_unique<PeerCamera>(std::vector<std::string>{mount});
  const uint16_t port = peer->port();
  StartCameras();
  Apply({CameraAt("door", "ffmpeg:" + peer->url("/live"))});
  ReadWhen("door", 30);
  peer->Kill();
  EXPECT_TRUE(AwaitState("door", SourceState::kWaiting));
  const std::vector<Bytes> before = Read("door").Contents();
  ExpectIsTheFile(before, Codec::kH265, kH265);
  peer = std::make_unique<PeerCamera>(std::vector<std::string>{mount}, port);
  clock_.Advance(seconds(30));
  std::vector<Bytes> after = ReadWhen("door", before.size() + 30).Contents();
  after.erase(after.begin(), after.begin() + static_cast<ptrdiff_t>(before.size()));
  ExpectIsTheFile(after, Codec::kH265, kH265);
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kSourceLost); }));
}

TEST_F(FeedTest, ReloadAndStopLeaveNoProcess) {
  const PeerCamera peer({std::string("/live=") + FilePath(kH264)});
  StartCameras();
  const CameraConfig stays = CameraAt("stays", "ffmpeg:" + peer.url("/live"));
  Apply({stays, CameraAt("goes", "ffmpeg:" + peer.url("/live")),
         CameraAt("hangs", "ffmpeg:udp://127.0.0.1:9")});
  ReadWhen("stays", 10);
  ReadWhen("goes", 10);
  EXPECT_THAT(Feeds(), SizeIs(3));
  Apply({stays});
  EXPECT_TRUE(Await([] { return Feeds().size() == 1; }));
  ReadWhen("stays", Read("stays").units.size() + 10);
  EXPECT_EQ(Read("stays").runs.size(), 1U) << "it was not disturbed";
  cameras_->Stop();
  EXPECT_THAT(Feeds(), IsEmpty());
}

}  // namespace
}  // namespace reel::server
