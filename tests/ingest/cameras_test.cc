// Cameras against a camera played by the test: what is recorded, what is missing and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ingest/ingest_fixture.h"
#include "tests/ingest/scripted_camera.h"

namespace reel::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class CamerasTest : public IngestTest {
 protected:
  // Sends `count` pictures over, and remembers them.
  void SendPictures(Visitor* visitor, int count, int step_ms = 40) {
    for (int i = 0; i < count; ++i) {
      visitor->Frame(0, pictures_.Next(step_ms));
      sent_.push_back(pictures_.last_unit());
    }
  }

  // What the camera says of its clock: the node's, off by `offset` (RFC 3550 6.4.1).
  void SendReport(Visitor* visitor, Duration offset) {
    constexpr uint64_t kFrom1900To1970 = 2'208'988'800;
    constexpr uint64_t kNsPerSecond = 1'000'000'000;
    const auto now_ns = static_cast<uint64_t>((clock_.WallNow() + offset).ns);
    const uint64_t fraction = (now_ns % kNsPerSecond << 32) / kNsPerSecond;
    Bytes report;
    PutBe(0x80C8'0006, 4, &report);
    PutBe(pictures_.sender().ssrc, 4, &report);
    PutBe((now_ns / kNsPerSecond + kFrom1900To1970) << 32 | fraction, 8, &report);
    PutBe(0, 8, &report);
    PutBe(0, 4, &report);
    visitor->Frame(1, report);
  }

  ScriptedCamera camera_;
  PictureMaker pictures_;
  std::vector<Bytes> sent_;
};

TEST_F(CamerasTest, RecordsWhatIsSentAndGoesOnAfterALoss) {
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 20);
  ReadWhen("door", 20);
  EXPECT_TRUE(AwaitState("door", SourceState::kRecording));
  EXPECT_EQ(StatusOf("door").trouble, "");
  EXPECT_TRUE(Await([&] { return StatusOf("door").units == 20; }));

  visitor->Close();
  EXPECT_TRUE(AwaitTrouble("door", "closed the connection"));
  clock_.Advance(seconds(20));
  visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 7);
  const Recorded recorded = ReadWhen("door", 27);
  EXPECT_EQ(recorded.Contents(), sent_);
  EXPECT_EQ(recorded.runs.size(), 2U);
  EXPECT_TRUE(Await([&] { return StatusOf("door").reconnects == 1; }));
  EXPECT_TRUE(Await([&] {
    const std::vector<GapRow> gaps = GapsOf("door");
    return std::any_of(gaps.begin(), gaps.end(), [](const GapRow& gap) {
      return gap.cause == GapCause::kSourceLost && gap.end - gap.begin >= seconds(20);
    });
  }));
}

TEST_F(CamerasTest, AWrongPasswordIsTriedOnceAndThenNotForMinutes) {
  StartCameras();
  CameraConfig config = CameraAt("door", camera_.url());
  config.user = "root";
  config.password = Secret("wrong");
  Apply({config});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  int answers = 0;
  const char* challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n";
  for (; answers < 2; ++answers) {
    visitor->Next();
    visitor->Answer(401, challenge);
  }
  EXPECT_TRUE(visitor->Left());
  EXPECT_TRUE(AwaitTrouble("door", "login refused"));
  EXPECT_EQ(StatusOf("door").state, SourceState::kWaiting);
  clock_.Advance(seconds(140));
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kLoginRefused); }));
  EXPECT_FALSE(camera_.Accept(700))
      << "it is tried again after two and a half minutes at the least";
  // Another password is tried at once.
  config.password = Secret("right");
  Apply({config});
  visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 5);
  EXPECT_EQ(ReadWhen("door", 5).Contents(), sent_);
}

TEST_F(CamerasTest, SilenceIsNamedAndThenEnded) {
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 4);
  SendPictures(&*visitor, 1, 6000);
  ReadWhen("door", 5);
  clock_.Advance(seconds(6));
  EXPECT_TRUE(AwaitTrouble("door", "silent for 6 s"));
  EXPECT_EQ(StatusOf("door").trouble_kind, TroubleKind::kSilent);
  EXPECT_EQ(StatusOf("door").state, SourceState::kRecording);
  // It comes back in time: a gap within the run.
  SendPictures(&*visitor, 5);
  ReadWhen("door", 10);
  EXPECT_TRUE(Await([&] { return StatusOf("door").trouble.empty(); }));
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kSourceStalled); }));
  EXPECT_EQ(Read("door").runs.size(), 1U);
  // It does not.
  clock_.Advance(seconds(16));
  EXPECT_TRUE(visitor->Left());
  EXPECT_TRUE(AwaitTrouble("door", "silent for 1"));
  EXPECT_TRUE(camera_.Accept());
}

TEST_F(CamerasTest, ALongGopIsNoSilence) {
  StartCameras();
  pictures_ = PictureMaker(500);
  Apply({CameraAt("door", camera_.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  for (int i = 0; i < 25; ++i) {  // a picture a second
    SendPictures(&*visitor, 1, 1000);
    ReadWhen("door", static_cast<size_t>(i) + 1);
    clock_.Advance(seconds(1));
  }
  EXPECT_THAT(TroublesOf("door"), testing::IsEmpty());
  EXPECT_FALSE(HasGap("door", GapCause::kSourceStalled));
  EXPECT_EQ(Read("door").runs.size(), 1U);
}

TEST_F(CamerasTest, LostPacketsAreAGap) {
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 5, 1000);
  ReadWhen("door", 5);
  clock_.Advance(milliseconds(1500));
  pictures_.Next(1000);
  SendPictures(&*visitor, 5);
  const Recorded recorded = ReadWhen("door", 10);
  EXPECT_EQ(recorded.units[5].unit.flags & kUnitLossBefore, kUnitLossBefore);
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kPacketsLost); }));
  EXPECT_TRUE(Await([&] { return StatusOf("door").packets_lost == 1; }));
}

TEST_F(CamerasTest, ASetNodeClockBeginsANewRun) {
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 5);
  ReadWhen("door", 5);
  clock_.JumpWall(-std::chrono::hours(1));
  SendPictures(&*visitor, 5);
  ReadWhen("door", 10);
  const Recorded recorded = Read("door");
  EXPECT_EQ(recorded.runs.size(), 2U);
  EXPECT_EQ(StatusOf("door").reconnects, 0U);
}

TEST_F(CamerasTest, ApplyDisturbsOnlyWhatChanged) {
  StartCameras(2);
  ScriptedCamera other;
  const CameraConfig door = CameraAt("door", camera_.url());
  Apply({door, CameraAt("yard", other.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor && other.Accept());
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 5);
  ReadWhen("door", 5);
  Apply({door, CameraAt("yard", other.url("/other")), CameraAt("gate", other.url("/gate"))});
  ASSERT_TRUE(other.Accept());
  ASSERT_TRUE(other.Accept());
  EXPECT_EQ(cameras_->Sources().size(), 3U);
  SendPictures(&*visitor, 5);
  EXPECT_EQ(ReadWhen("door", 10).runs.size(), 1U);
  EXPECT_FALSE(camera_.Accept(0));
  Apply({});
  EXPECT_TRUE(visitor->Left());
  EXPECT_TRUE(cameras_->Sources().empty());
}

TEST_F(CamerasTest, ApplyNamesTheCameraItCannotUse) {
  StartCameras();
  const Status status = cameras_->Apply(
      {CameraAt("bad", "rtsp://root:hunter2@cam/"), CameraAt("door", camera_.url())});
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("camera bad"));
  EXPECT_THAT(status.message(), testing::Not(HasSubstr("hunter2")));
  EXPECT_TRUE(camera_.Accept()) << "the others are as asked";
}

TEST_F(CamerasTest, FollowsRedirectsButNotInCircles) {
  StartCameras();
  ScriptedCamera other;
  Apply({CameraAt("door", camera_.url())});
  for (int i = 0; i < 4; ++i) {
    auto visitor = camera_.Accept();
    ASSERT_TRUE(visitor);
    visitor->Next();
    visitor->Answer(302, "Location: " + camera_.url("/next") + "\r\n");
    EXPECT_TRUE(visitor->Left());
  }
  EXPECT_TRUE(AwaitTrouble("door", "points to where we do not follow"));
  clock_.Advance(seconds(2));
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  EXPECT_EQ(visitor->Next().url, camera_.url()) << "begun anew where it was configured";
  visitor->Answer(301, "Location: " + other.url("/there") + "\r\n");
  visitor = other.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 5);
  ReadWhen("door", 5);
}

TEST_F(CamerasTest, ModesThatDoNotWantItSayWhy) {
  StartCameras();
  CameraConfig off = CameraAt("off", camera_.url());
  off.sources[0].mode = RecordMode::kOff;
  CameraConfig night = CameraAt("night", camera_.url());
  night.sources[0].mode = RecordMode::kSchedule;  // with no window: never
  Apply({off, night});
  EXPECT_FALSE(camera_.Accept(600));
  clock_.Advance(seconds(10));
  EXPECT_TRUE(Await([&] { return HasGap("night", GapCause::kOffSchedule); }));
  night.schedule = {{0, 7 * 24 * 60}};
  Apply({off, night});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 5);
  ReadWhen("night", 5);
  EXPECT_EQ(StatusOf("off").state, SourceState::kOff);
}

TEST_F(CamerasTest, AnEventIsRecordedWithWhatLedToIt) {
  StartCameras();
  CameraConfig config = CameraAt("door", camera_.url());
  config.sources[0].mode = RecordMode::kEvent;
  config.pre_buffer = seconds(3);
  config.post_buffer = seconds(2);
  Apply({config});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  // Ten seconds, a GOP each.
  for (int i = 0; i < 10; ++i) {
    SendPictures(&*visitor, 5, 200);
    EXPECT_TRUE(Await([&] { return StatusOf("door").units == sent_.size(); }));
    clock_.Advance(seconds(1));
  }
  SendPictures(&*visitor, 1, 200);
  EXPECT_EQ(cameras_->Event("nobody", clock_.WallNow()).code(), Code::kNotFound);
  // Asked again until all that was sent has been read: it is one event all the same.
  Recorded recorded;
  EXPECT_TRUE(Await([&] {
    EXPECT_TRUE(cameras_->Event("door", clock_.WallNow()).ok());
    recorded = Read("door");
    return !recorded.units.empty() && recorded.units.back().unit.bytes == sent_.back();
  }));
  const std::vector<Bytes> contents = recorded.Contents();
  ASSERT_LE(contents.size(), sent_.size());
  EXPECT_TRUE(std::equal(contents.rbegin(), contents.rend(), sent_.rbegin()));
  EXPECT_EQ(recorded.units[0].unit.flags & kUnitClean, kUnitClean);
  // Three seconds of GOPs that took a second or, on a busy machine, more.
  EXPECT_GE(contents.size(), 6U);
  EXPECT_LE(contents.size(), 26U);
  // It is over.
  clock_.Advance(seconds(3));
  EXPECT_TRUE(Await([&] { return !StatusOf("door").recording_since; }));
  SendPictures(&*visitor, 1);
  clock_.Advance(seconds(30));
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kOffSchedule); }));
  EXPECT_EQ(Read("door").units.size(), contents.size());
}

TEST_F(CamerasTest, ACameraThatFlapsIsNamed) {
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  for (int i = 0; i < 4; ++i) {
    auto visitor = camera_.Accept();
    ASSERT_TRUE(visitor);
    visitor->Play(kOnePicture);
    SendPictures(&*visitor, 5);
    ReadWhen("door", sent_.size());
    if (i == 3) {
      EXPECT_TRUE(AwaitTrouble("door", "flapping: lost 3 times"));
      EXPECT_EQ(StatusOf("door").trouble_kind, TroubleKind::kFlapping);
    }
    visitor->Close();
    EXPECT_TRUE(AwaitState("door", SourceState::kWaiting));
    clock_.Advance(seconds(30));
  }
}

TEST_F(CamerasTest, ACameraThatIsLateIsNamed) {
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 5);
  ReadWhen("door", 5);
  clock_.Advance(seconds(4));  // and its pictures go on as if that had not been
  SendPictures(&*visitor, 1);
  EXPECT_TRUE(AwaitTrouble("door", "late by 3 s"));
  EXPECT_EQ(StatusOf("door").trouble_kind, TroubleKind::kLate);
}

TEST_F(CamerasTest, ACameraWhoseClockIsOffIsNamed) {
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 1);
  SendReport(&*visitor, -seconds(7200));
  EXPECT_TRUE(AwaitTrouble("door", "its clock is 7"));
  EXPECT_EQ(StatusOf("door").trouble_kind, TroubleKind::kClock);
  EXPECT_NEAR(std::chrono::duration<double>(StatusOf("door").clock_offset).count(), -7200, 3);
  // Its footage stands where the node says all the same.
  const Recorded recorded = ReadWhen("door", 1);
  EXPECT_LT(clock_.WallNow() - recorded.units[0].unit.wall, std::chrono::minutes(1));
}

// A hundred parts in a million take a minute to see; this one is off by ten times that.
TEST_F(CamerasTest, ACameraWhoseClockDriftsIsNamed) {
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  Duration offset{0};
  for (size_t i = 1; i <= 32; ++i) {
    SendReport(&*visitor, offset);
    SendPictures(&*visitor, 1, 4000);
    ReadWhen("door", i);  // the report was before it
    clock_.Advance(seconds(4));
    offset += std::chrono::milliseconds(4);
  }
  EXPECT_TRUE(AwaitTrouble("door", "its clock is drifting by "));
  EXPECT_EQ(StatusOf("door").trouble_kind, TroubleKind::kClock);
}

TEST_F(CamerasTest, AStreamThatTakesNoRunIsNamedAndRecordsWhenItDoes) {
  const auto stream = store_->CreateStream("door");
  ASSERT_TRUE(stream.ok() && store_->RetireStream(stream->id, true).ok());
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  SendPictures(&*visitor, 3);
  EXPECT_TRUE(AwaitTrouble("door", "retired"));
  ASSERT_TRUE(store_->RetireStream(stream->id, false).ok());
  sent_.clear();
  SendPictures(&*visitor, 5);
  EXPECT_EQ(ReadWhen("door", 5).Contents(), sent_);
  EXPECT_TRUE(Await([&] { return StatusOf("door").trouble.find("retired") == std::string::npos; }));
}

TEST_F(CamerasTest, StopTellsWhatIsMissing) {
  StartCameras();
  Apply({CameraAt("door", camera_.url())});
  clock_.Advance(seconds(3));
  cameras_->Stop();
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kSourceLost); }));
  EXPECT_EQ(cameras_->Apply({}).code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace reel::server
