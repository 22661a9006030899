// Cameras that do harm: each harms only itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ingest/ingest_fixture.h"
#include "tests/ingest/scripted_camera.h"

namespace reel::server {
namespace {

using std::chrono::seconds;

// One good camera beside the bad one, on the same loop.
class HostileTest : public IngestTest {
 protected:
  void SetUp() override {
    StartCameras();
    Apply({CameraAt("good", good_.url()), CameraAt("bad", bad_.url())});
    good_visitor_ = good_.Accept();
    ASSERT_TRUE(good_visitor_);
    good_visitor_->Play(kOnePicture);
    ExpectGoodRecords();
  }
  // The good camera is recorded all the same.
  void ExpectGoodRecords() {
    for (int i = 0; i < 20; ++i) {
      good_visitor_->Frame(0, pictures_.Next());
      sent_.push_back(pictures_.last_unit());
    }
    const Recorded recorded = ReadWhen("good", sent_.size());
    EXPECT_EQ(recorded.Contents(), sent_);
    EXPECT_EQ(recorded.runs.size(), 1U);
  }
  void ExpectBadIsGivenUp(const std::string& trouble) {
    EXPECT_TRUE(AwaitTrouble("bad", trouble)) << testing::PrintToString(TroublesOf("bad"));
    ExpectGoodRecords();
  }

  bool AnyTrouble(const std::string& part) {
    const std::vector<std::string> troubles = TroublesOf("bad");
    return std::any_of(troubles.begin(), troubles.end(), [&](const std::string& trouble) {
      return trouble.find(part) != std::string::npos;
    });
  }

  ScriptedCamera good_;
  ScriptedCamera bad_;
  std::optional<Visitor> good_visitor_;
  PictureMaker pictures_;
  std::vector<Bytes> sent_;
};

TEST_F(HostileTest, Garbage) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Next();
  visitor->Send("\x16\x03\x01\x02 this is no RTSP\r\n");
  EXPECT_TRUE(visitor->Left());
  ExpectBadIsGivenUp("neither a response");
}

TEST_F(HostileTest, Oversized) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Next();
  visitor->Send("RTSP/1.0 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
  ExpectBadIsGivenUp("a body of");
}

TEST_F(HostileTest, AHeadWithoutAnEnd) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Next();
  visitor->Send("RTSP/1.0 200 OK\r\nX: " + std::string(20'000, 'x'));
  ExpectBadIsGivenUp("without an end");
}

TEST_F(HostileTest, NeverAnswers) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Next();
  clock_.Advance(seconds(11));
  ExpectBadIsGivenUp("no answer to OPTIONS");
}

TEST_F(HostileTest, AnswersByteByByteForEver) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Next();
  for (const char* part : {"R", "T", "S", "P", "/"}) visitor->Send(part);
  clock_.Advance(seconds(11));
  ExpectBadIsGivenUp("no answer to OPTIONS");
}

TEST_F(HostileTest, PlaysAndSendsNothing) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  EXPECT_TRUE(Await([&] {
    clock_.Advance(seconds(1));
    good_visitor_->Frame(0, pictures_.Next(1000));
    sent_.push_back(pictures_.last_unit());
    return AnyTrouble("silent");
  }));
  ExpectGoodRecords();
}

TEST_F(HostileTest, HalfOpenAndGone) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Next();
  visitor->Close();
  ExpectBadIsGivenUp("closed the connection");
}

TEST_F(HostileTest, AsksWithoutReading) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\n\r\n";
  for (int i = 0; i < 2000 && StatusOf("bad").trouble.empty(); ++i) visitor->Send(many);
  ExpectBadIsGivenUp("does not read");
}

TEST_F(HostileTest, Floods) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  std::string flood;
  Bytes frame;
  AppendInterleaved(99, Bytes(60'000), &frame);
  for (int i = 0; i < 16; ++i)
    flood.append(reinterpret_cast<const char*>(frame.data()), frame.size());
  // As fast as it is taken, while the other must get its turns.
  for (int i = 0; i < 1000 && !AnyTrouble("sends more than"); ++i) {
    visitor->Send(flood);
    if (i % 25 == 0) ExpectGoodRecords();
  }
  EXPECT_TRUE(AnyTrouble("sends more than"));
  ExpectGoodRecords();
}

TEST_F(HostileTest, SendsMediaForTracksThatAreNone) {
  auto visitor = bad_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Play(kOnePicture);
  for (int channel = 0; channel < 256; ++channel) {
    visitor->Frame(static_cast<uint8_t>(channel), AsBytes("\x80 short"));
    visitor->Frame(static_cast<uint8_t>(channel), {});
  }
  ExpectGoodRecords();
  EXPECT_EQ(Read("bad").units.size(), 0U);
}

}  // namespace
}  // namespace reel::server
