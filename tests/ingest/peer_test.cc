// Cameras against GStreamer's RTSP server: what was recorded is what was sent.
//
// Compared are the NAL units of slices, byte for byte and in order, with those of the file that is
// sent over and over: a payloader may drop delimiters and put parameter sets in again, but pictures
// are what they were. What is recorded may begin anywhere in the file and must go on without a
// hole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/ingest/ingest_fixture.h"
#include "tests/ingest/peer_camera.h"
#include "tests/media/footage.h"

namespace reel::server {
namespace {

class PeerTest : public IngestTest {
 protected:
  void ExpectIsTheFile(const std::string& stream, Codec codec, const std::string& file,
                       size_t units) {
    const Recorded recorded = ReadWhen(stream, units);
    ASSERT_FALSE(recorded.units.empty());
    for (const RecordedUnit& unit : recorded.units) {
      EXPECT_EQ(unit.unit.flags & kUnitLossBefore, 0) << stream;
    }
    const std::vector<Bytes> sent = Slices(codec, SplitUnits(codec, ReadFootage(file)));
    const std::vector<Bytes> got = Slices(codec, recorded.Contents());
    ASSERT_FALSE(got.empty());
    const bool found = StandsIn(got, sent);
    EXPECT_TRUE(found) << stream << ": " << got.size() << " slices are not those that were sent";
  }
};

// 24 cameras; 128 in the long round (REEL_TEST_LONG).
TEST_F(PeerTest, RecordsManyCamerasAsTheySend) {
  // The server makes what it sends at the first request: of a hundred at once some wait too long.
  constexpr size_t kAtOnce = 32;
  constexpr size_t kWithSound = 24;
  const size_t count = std::getenv("REEL_TEST_LONG") != nullptr ? 128 : 24;
  const auto has_sound = [](size_t i) { return i < kWithSound && i % 4 != 0; };
  std::vector<std::string> arguments;
  std::vector<CameraConfig> cameras;
  arguments.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const char* sound[] = {"", ",alaw", ",aac", ",opus"};
    arguments.push_back("/" + std::to_string(i) + "=" + FilePath(i % 2 == 0 ? kH264 : kH265) +
                        sound[has_sound(i) ? i % 4 : 0]);
  }
  const PeerCamera peer(arguments);
  StartCameras(2);
  for (size_t i = 0; i < count; ++i) {
    cameras.push_back(CameraAt("camera" + std::to_string(i), peer.url("/" + std::to_string(i))));
    if (cameras.size() % kAtOnce != 0 && cameras.size() != count) continue;
    Apply(cameras);
    for (const CameraConfig& camera : cameras)
      ASSERT_TRUE(AwaitState(camera.name, SourceState::kRecording)) << camera.name;
  }
  for (size_t i = 0; i < count; ++i) {
    const std::string& name = cameras[i].name;
    ExpectIsTheFile(name, i % 2 == 0 ? Codec::kH264 : Codec::kH265, i % 2 == 0 ? kH264 : kH265,
                    100);
    EXPECT_EQ(StatusOf(name).reconnects, 0U) << name;
    EXPECT_EQ(StatusOf(name).packets_lost, 0U) << name;
    const Recorded recorded = Read(name);
    ASSERT_EQ(recorded.tracks.size(), has_sound(i) ? 2U : 1U) << name;
    EXPECT_GT(recorded.tracks[0].width, 0U);
    if (has_sound(i)) {
      EXPECT_GT(recorded.Contents(1).size(), 5U) << name;
    }
    EXPECT_EQ(recorded.runs.size(), 1U);
  }
}

TEST_F(PeerTest, RecordsByUdp) {
  const PeerCamera peer({std::string("/0=") + FilePath(kH264) + ",alaw",
                         std::string("/1=") + FilePath(kH265) + ",aac"});
  StartCameras();
  std::vector<CameraConfig> cameras{CameraAt("h264", peer.url("/0")),
                                    CameraAt("h265", peer.url("/1"))};
  for (CameraConfig& camera : cameras) camera.transport = Transport::kUdp;
  Apply(cameras);
  ExpectIsTheFile("h264", Codec::kH264, kH264, 200);
  ExpectIsTheFile("h265", Codec::kH265, kH265, 200);
  EXPECT_GT(Read("h264").Contents(1).size(), 20U);
}

TEST_F(PeerTest, LogsIn) {
  for (const char* method : {"basic", "digest"}) {
    const PeerCamera peer(
        {std::string("/live=") + FilePath(kH264), "--login", method, "root", "se:cret"});
    StartCameras();
    CameraConfig right = CameraAt(method, peer.url("/live"));
    right.user = "root";
    right.password = Secret("se:cret");
    CameraConfig wrong = CameraAt(std::string(method) + "-wrong", peer.url("/live"));
    wrong.user = "root";
    wrong.password = Secret("cret");
    Apply({right, wrong});
    ExpectIsTheFile(method, Codec::kH264, kH264, 25);
    EXPECT_TRUE(AwaitTrouble(wrong.name, "login refused"));
    EXPECT_EQ(StatusOf(wrong.name).state, SourceState::kWaiting);
    cameras_.reset();
  }
}

TEST_F(PeerTest, AServerThatIsKilledLeavesAGapAndIsRecordedAgain) {
  const std::string mount = std::string("/live=") + FilePath(kH264) + ",alaw";
  auto peer = std::make_unique<PeerCamera>(std::vector<std::string>{mount});
  const uint16_t port = peer->port();
  StartCameras();
  Apply({CameraAt("door", peer->url("/live"))});
  ReadWhen("door", 30);
  peer->Kill();
  EXPECT_TRUE(AwaitState("door", SourceState::kWaiting));
  const size_t before = Read("door").units.size();
  peer = std::make_unique<PeerCamera>(std::vector<std::string>{mount}, port);
  ASSERT_EQ(peer->port(), port);
  clock_.Advance(std::chrono::seconds(30));
  const Recorded recorded = ReadWhen("door", before + 30);
  EXPECT_EQ(recorded.runs.size(), 2U);
  EXPECT_TRUE(Await([&] { return HasGap("door", GapCause::kSourceLost); }));
}

}  // namespace
}  // namespace reel::server
