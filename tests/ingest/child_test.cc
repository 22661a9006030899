// Sources that a child reads, with children played by the shell: whatever they do, they harm only
// their own source and leave nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>

#include "engine/base/bytes.h"
#include "engine/media/nal.h"
#include "server/feed/feed_frame.h"
#include "server/ingest/feed_link.h"
#include "server/ingest/source.h"
#include "server/rtsp/text.h"
#include "tests/ingest/ingest_fixture.h"
#include "tests/ingest/scripted_camera.h"

namespace reel::server {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kListens = "exec cat >/dev/null";  // until reeld closes

class ChildTest : public IngestTest {
 protected:
  // Children run `script` in the test's folder.
  void StartCamerasWith(const std::string& script) {
    feed_command_ = {"/bin/sh", "-c", "cd " + folder_.string() + "; " + script};
    StartCameras();
  }
  static CameraConfig Door() { return CameraAt("door", "ffmpeg:rtsp://192.0.2.1/live"); }

  // Into the file `name`: tracks and units of one byte more each.
  std::vector<Bytes> WriteFrames(const std::string& name, size_t units, bool with_tracks = true) {
    TrackInfo video;
    TrackInfo sound;
    sound.id = TrackId{1};
    sound.kind = TrackKind::kAudio;
    sound.codec = Codec::kPcmALaw;
    sound.timescale = 8000;
    Bytes frames;
    const auto add = [&frames](ByteSpan bytes) {
      frames.insert(frames.end(), bytes.begin(), bytes.end());
    };
    if (with_tracks) add(EncodeTracksFrame({video, sound}).value());
    std::vector<Bytes> sent;
    for (size_t i = 0; i < units; ++i) {
      Bytes unit;
      AppendLengthPrefixed(AsBytes('e' + std::string(i % 1000 + 1, 'x')), &unit);
      FeedUnit head;
      head.flags = kUnitClean;
      head.pts = head.dts = static_cast<int64_t>(i) * 3600;
      head.bytes = unit;
      add(EncodeUnitHead(head));
      add(unit);
      sent.push_back(unit);
    }
    WriteFile(name, frames);
    return sent;
  }
  void WriteFile(const std::string& name, ByteSpan bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << AsText(bytes);
  }
  std::string ReadFile(const std::string& name) {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  // Waits for the line that a child writes into the file `name`: its process.
  pid_t PidIn(const std::string& name) {
    EXPECT_TRUE(Await([&] { return ReadFile(name).ends_with('\n'); }));
    std::string text = ReadFile(name);
    if (!text.empty()) text.pop_back();
    return static_cast<pid_t>(ParseNumber<uint32_t>(text).value_or(0));
  }
  static bool IsGone(pid_t pid) { return kill(pid, 0) != 0 && errno == ESRCH; }
};

TEST_F(ChildTest, RecordsWhatTheChildSays) {
  const std::vector<Bytes> sent = WriteFrames("frames", 100);
  StartCamerasWith(std::string("cat frames; ") + kListens);
  Apply({Door()});
  const Recorded recorded = ReadWhen("door", sent.size());
  EXPECT_EQ(recorded.Contents(), sent);
  EXPECT_EQ(recorded.tracks.size(), 2U);
  EXPECT_EQ(recorded.runs.size(), 1U);
  EXPECT_TRUE(AwaitState("door", SourceState::kRecording));
  EXPECT_EQ(StatusOf("door").reconnects, 0U);
}

TEST_F(ChildTest, WithoutTheProgramSuchSourcesAreRefused) {
  StartCameras();
  const Status status = cameras_->Apply({Door()});
  EXPECT_EQ(status.code(), Code::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("camera door"));
}

TEST_F(ChildTest, AProgramThatCannotBeStartedIsNamed) {
  feed_command_ = {"/nowhere/reel-feed"};
  StartCameras();
  Apply({Door()});
  EXPECT_TRUE(AwaitTrouble("door", "cannot start /nowhere/reel-feed"));
  EXPECT_EQ(StatusOf("door").state, SourceState::kWaiting);
}

TEST_F(ChildTest, AChildThatEndsIsStartedAgainLaterAndLater) {
  StartCamerasWith("echo x >> starts");
  Apply({Door()});
  EXPECT_TRUE(AwaitTrouble("door", "the process that reads it has ended"));
  EXPECT_TRUE(Await([&] {
    clock_.Advance(seconds(1));
    return ReadFile("starts").size() >= 2 * 5;
  }));
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kSourceLost); }));
}

TEST_F(ChildTest, GarbageEndsTheChildAndHarmsNobodyElse) {
  ScriptedCamera camera;
  StartCamerasWith(std::string("echo $$ > pid; echo this is no frame; ") + kListens);
  Apply({Door(), CameraAt("good", camera.url())});
  auto visitor = camera.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  PictureMaker pictures;
  std::vector<Bytes> sent;
  EXPECT_TRUE(AwaitTrouble("door", "makes no sense"));
  EXPECT_EQ(StatusOf("door").state, SourceState::kWaiting);
  const pid_t pid = PidIn("pid");
  EXPECT_TRUE(Await([&] { return IsGone(pid); }));
  for (int i = 0; i < 20; ++i) {
    visitor->Frame(0, pictures.Next());
    sent.push_back(pictures.last_unit());
  }
  EXPECT_EQ(ReadWhen("good", sent.size()).Contents(), sent);
}

TEST_F(ChildTest, GarbageBehindUnitsKeepsTheUnits) {
  const std::vector<Bytes> sent = WriteFrames("frames", 10);
  StartCamerasWith(R"(cat frames; printf '\001\000\000\000\011'; echo $$ > pid; exec sleep 1000)");
  Apply({Door()});
  EXPECT_TRUE(AwaitTrouble("door", "a frame of an unknown kind"));
  EXPECT_EQ(ReadWhen("door", sent.size()).Contents(), sent);
  const pid_t pid = PidIn("pid");
  EXPECT_TRUE(Await([&] { return IsGone(pid); })) << "it does not listen, and is killed";
}

TEST_F(ChildTest, AFloodWaits) {
  constexpr uint64_t kPortion = 1U << 20;  // half a second's worth
  max_bytes_per_second_each_ = 2 * kPortion;
  WriteFrames("tracks", 0);
  WriteFrames("units", 2000, /*with_tracks=*/false);
  StartCamerasWith("cat tracks; while cat units; do :; done 2>/dev/null");
  CameraConfig door = Door();
  door.sources[0].mode = RecordMode::kEvent;  // what floods is not what is looked at
  const MonoTime begin = clock_.MonoNow();
  Apply({door});
  EXPECT_TRUE(AwaitTrouble("door", "sends more than"));
  // It is read at once, the same every half second: the fifth not before 1.5 s.
  for (uint64_t halves = 1; halves <= 9; ++halves)
    EXPECT_TRUE(Await([&] { return StatusOf("door").bytes >= halves * kPortion / 2; }));
  EXPECT_GE(clock_.MonoNow() - begin, std::chrono::milliseconds(1500));
  EXPECT_EQ(StatusOf("door").reconnects, 0U);
}

TEST_F(ChildTest, SilenceIsNamedAndEnded) {
  WriteFrames("frames", 1);
  StartCamerasWith(std::string("cat frames; ") + kListens);
  Apply({Door()});
  ReadWhen("door", 1);
  clock_.Advance(seconds(11));
  EXPECT_TRUE(AwaitTrouble("door", "silent for"));
  clock_.Advance(seconds(60));
  EXPECT_TRUE(AwaitState("door", SourceState::kWaiting));
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kSourceStalled); }));
}

TEST_F(ChildTest, OneThatNeverSaysAnythingIsGivenUp) {
  StartCamerasWith(kListens);
  Apply({Door()});
  EXPECT_TRUE(AwaitState("door", SourceState::kConnecting));
  clock_.Advance(FeedLink::kOpenTimeout);
  EXPECT_TRUE(AwaitTrouble("door", "nothing to record within"));
}

TEST_F(ChildTest, ARefusedLoginIsNotTriedForMinutes) {
  WriteFile("end", EncodeEnd(PermissionDenied("login refused: check user and password")));
  StartCamerasWith(std::string("echo x >> starts; cat end; ") + kListens);
  Apply({Door()});
  EXPECT_TRUE(AwaitTrouble("door", "login refused"));
  clock_.Advance(seconds(120));
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kLoginRefused); }));
  EXPECT_EQ(ReadFile("starts").size(), 2U);
}

TEST_F(ChildTest, AKilledChildLeavesAGapAndComesBack) {
  const std::vector<Bytes> sent = WriteFrames("frames", 30);
  StartCamerasWith(std::string("echo $$ > pid; cat frames; ") + kListens);
  Apply({Door()});
  ReadWhen("door", sent.size());
  const pid_t first = PidIn("pid");
  ASSERT_EQ(kill(first, SIGKILL), 0);
  EXPECT_TRUE(AwaitTrouble("door", "the process that reads it has ended"));
  EXPECT_TRUE(Await([&] { return IsGone(first); }));
  clock_.Advance(seconds(5));
  const Recorded recorded = ReadWhen("door", 2 * sent.size());
  EXPECT_EQ(recorded.runs.size(), 2U);
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kSourceLost); }));
}

TEST_F(ChildTest, KnowsNothingButWhatItIsTold) {
  StartCamerasWith("cat /proc/$$/cmdline /proc/$$/environ > seen; exec cat > request");
  CameraConfig door = Door();
  door.user = "root";
  door.password = Secret("hunter2");
  Apply({door});
  EXPECT_TRUE(Await([&] { return ReadFile("request").find("hunter2") != std::string::npos; }));
  EXPECT_THAT(ReadFile("request"), HasSubstr("rtsp://192.0.2.1/live"));
  EXPECT_THAT(ReadFile("seen"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(ReadFile("seen"), Not(HasSubstr("192.0.2.1")));
  EXPECT_THAT(ReadFile("seen"), Not(HasSubstr("HOME=")));
}

TEST_F(ChildTest, InheritsNoDescriptor) {
  const UniqueFd leak(dup(STDERR_FILENO));  // one that does not close on exec
  StartCamerasWith("exec ls /proc/self/fd > fds");
  Apply({Door()});
  // The last one is the folder that is listed.
  EXPECT_TRUE(Await([&] { return ReadFile("fds") == "0\n1\n2\n3\n"; })) << ReadFile("fds");
}

TEST_F(ChildTest, ReloadAndStopLeaveNoChild) {
  WriteFrames("frames", 10);
  StartCamerasWith("echo $$ > pid.$(ls | grep -c pid); cat frames; exec sleep 1000");
  Apply({Door()});
  ReadWhen("door", 10);
  const pid_t first = PidIn("pid.0");
  Apply({});
  EXPECT_TRUE(Await([&] { return IsGone(first); }));
  Apply({Door()});
  ReadWhen("door", 20);
  const pid_t second = PidIn("pid.1");
  EXPECT_FALSE(IsGone(second));
  cameras_->Stop();
  EXPECT_TRUE(IsGone(second)) << "Stop has waited for it";
}

}  // namespace
}  // namespace reel::server
