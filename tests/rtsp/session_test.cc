// Sessions against a camera that is a table of answers.
#include "server/rtsp/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/sim_clock.h"
#include "tests/media/nal_builder.h"
#include "tests/rtsp/rtp_builder.h"

namespace reel::server {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSdp =
    "v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n"
    "m=audio 0 RTP/AVP 8\r\na=control:a\r\n";

class SessionTest : public testing::Test, public SessionSink {
 protected:
  SessionTest() { UseOptions(); }

  void UseOptions(bool udp = false) {
    Session::Options options;
    options.url = ParseUrl("rtsp://cam/live").value();
    options.user = "root";
    options.password = "secret";
    options.random = &random_;
    if (udp)
      options.open_udp = [](size_t track) { return static_cast<uint16_t>(5000 + 2 * track); };
    session_.emplace(options, *this);
  }

  void OnTracks(const std::vector<TrackInfo>& tracks) override {
    for (const TrackInfo& track : tracks) codecs_.push_back(track.codec);
  }
  void OnUnit(const ReceivedUnit& unit) override { units_.push_back(unit.track.value); }
  void OnReportPort(size_t track, uint16_t port) override {
    told_.push_back("port " + std::to_string(track) + " " + std::to_string(port));
  }
  void OnUdpReport(size_t track, ByteSpan /*report*/) override {
    told_.push_back("report " + std::to_string(track));
  }

  // The requests since last time: "SETUP rtsp://cam/live/v".
  std::vector<std::string> Requests() {
    std::vector<std::string> lines;
    MessageReader reader;
    reader.Feed(AsBytes(session_->output()));
    session_->Sent(session_->output().size());
    for (;;) {
      Result<std::optional<Message>> message = reader.Next();
      if (!message.ok() || !*message) return lines;
      if (const auto* frame = std::get_if<InterleavedFrame>(&**message)) {
        lines.push_back("$" + std::to_string(frame->channel));
      } else if (const auto* response = std::get_if<Response>(&**message)) {
        lines.push_back(std::to_string(response->code));
      } else {
        request_ = std::get<Request>(**message);
        lines.push_back(request_.method + " " + request_.url);
      }
    }
  }
  std::string Header(const char* name) const {
    return std::string(request_.headers.Find(name).value_or(""));
  }

  // Answers the last of Requests().
  void Answer(int code, const std::string& headers = "", const std::string& body = "") {
    std::string text =
        "RTSP/1.0 " + std::to_string(code) + " Told\r\nCSeq: " + Header("CSeq") + "\r\n" + headers;
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    Say(text + "\r\n" + body);
  }
  void Say(std::string_view text) { Say(AsBytes(text)); }
  void Say(ByteSpan bytes) {
    const MutableByteSpan room = session_->Room();
    ASSERT_LE(bytes.size(), room.size());
    std::copy(bytes.begin(), bytes.end(), room.begin());
    session_->Received(bytes.size(), now_, WallTime{1});
  }
  void Frame(uint8_t channel, ByteSpan bytes) {
    Bytes frame;
    AppendInterleaved(channel, bytes, &frame);
    Say(frame);
  }

  // Up to PLAY, which is not answered.
  void Negotiate(const std::string& session = "Session: 12;timeout=60\r\n") {
    session_->Start(now_);
    EXPECT_THAT(Requests(), ElementsAre("OPTIONS rtsp://cam/live"));
    Answer(200, "Public: DESCRIBE, GET_PARAMETER\r\n");
    EXPECT_THAT(Requests(), ElementsAre("DESCRIBE rtsp://cam/live"));
    Answer(200, "Content-Base: rtsp://cam/live/\r\n", kSdp);
    EXPECT_THAT(Requests(), ElementsAre("SETUP rtsp://cam/live/v"));
    EXPECT_THAT(Header("Transport"), HasSubstr("interleaved=0-1"));
    Answer(200, session + "Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\n");
    EXPECT_THAT(Requests(), ElementsAre("SETUP rtsp://cam/live/a"));
    EXPECT_EQ(Header("Session"), "12");
    Answer(200, session + "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n");
    EXPECT_THAT(Requests(), ElementsAre("PLAY rtsp://cam/live/"));
  }
  void Play() {
    Negotiate();
    Answer(200);
    ASSERT_TRUE(session_->playing());
  }
  // What the session did at its own deadlines until `end`.
  std::vector<std::string> RunUntil(MonoTime end) {
    std::vector<std::string> lines;
    while (!session_->ended() && session_->deadline() && *session_->deadline() <= end) {
      now_ = std::max(now_, *session_->deadline());
      session_->OnTimer(now_);
      for (std::string& line : Requests()) lines.push_back(std::move(line));
    }
    now_ = end;
    return lines;
  }
  SessionEnd Ended() { return session_->ended().value(); }

  MonoTime now_{seconds(100).count()};
  SeededRandom random_{1};
  std::optional<Session> session_;
  Request request_;
  std::vector<Codec> codecs_;
  std::vector<int> units_;
  std::vector<std::string> told_;
};

TEST_F(SessionTest, PlaysAndTearsDown) {
  Play();
  EXPECT_THAT(codecs_, ElementsAre(Codec::kH264, Codec::kPcmALaw));
  RtpSender video;
  RtpSender audio{8};
  Frame(4, video.Packet(MakeBytes({0x65, 0x88, 1}), 0, true));
  Frame(2, audio.Packet(MakeBytes({1, 2}), 0, false));
  Frame(77, MakeBytes({1}));
  Frame(4, {});
  EXPECT_THAT(units_, ElementsAre(0, 1));
  session_->Teardown(now_);
  EXPECT_THAT(Requests(), ElementsAre("TEARDOWN rtsp://cam/live/"));
  EXPECT_EQ(Ended(), SessionEnd::kGoodbye);
}

TEST_F(SessionTest, MediaMayComeBeforeTheAnswerToPlay) {
  Negotiate();
  RtpSender video;
  Frame(4, video.Packet(MakeBytes({0x65, 0x88, 1}), 0, true));
  EXPECT_THAT(units_, ElementsAre(0));
}

TEST_F(SessionTest, KeepsTheSessionAliveAndReports) {
  Play();
  RtpSender video;
  Frame(4, video.Packet(MakeBytes({0x65, 0x88, 1}), 0, true));
  EXPECT_THAT(RunUntil(now_ + seconds(12)), ElementsAre("$5", "$5"));
  EXPECT_THAT(RunUntil(now_ + seconds(20)), testing::Contains("GET_PARAMETER rtsp://cam/live/"));
  Answer(501);
  EXPECT_FALSE(session_->ended());
  EXPECT_THAT(RunUntil(now_ + seconds(30)), testing::Contains("OPTIONS rtsp://cam/live/"));
  // It is never answered: that alone ends nothing.
  RunUntil(now_ + seconds(60));
  EXPECT_FALSE(session_->ended());
}

TEST_F(SessionTest, AShortTimeoutIsKept) {
  Negotiate("Session: 12 ; timeout = 10.5\r\n");
  Answer(200);
  EXPECT_THAT(RunUntil(now_ + seconds(5)), testing::Contains("GET_PARAMETER rtsp://cam/live/"));
  Answer(454);
  EXPECT_EQ(Ended(), SessionEnd::kGoodbye);
}

TEST_F(SessionTest, LogsInOnceAndSaysSoAgain) {
  session_->Start(now_);
  Requests();
  Answer(401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n");
  EXPECT_THAT(Requests(), ElementsAre("OPTIONS rtsp://cam/live"));
  EXPECT_THAT(Header("Authorization"), HasSubstr("username=\"root\""));
  EXPECT_THAT(Header("Authorization"), testing::Not(HasSubstr("secret")));
  Answer(200);
  Requests();
  EXPECT_THAT(Header("Authorization"), HasSubstr("Digest"));
  Answer(401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\"\r\n");
  EXPECT_THAT(Requests(), ElementsAre("DESCRIBE rtsp://cam/live"));
  Answer(401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n3\"\r\n");
  EXPECT_THAT(Requests(), ElementsAre());
  EXPECT_EQ(Ended(), SessionEnd::kLoginRefused);
  EXPECT_THAT(session_->why(), HasSubstr("check user and password"));
}

TEST_F(SessionTest, AWrongPasswordIsTriedOnce) {
  session_->Start(now_);
  int requests = 0;
  while (!session_->ended()) {
    ASSERT_EQ(Requests().size(), 1U);
    ++requests;
    Answer(401, "WWW-Authenticate: Basic realm=\"r\"\r\n");
  }
  EXPECT_EQ(requests, 2);
  EXPECT_EQ(Ended(), SessionEnd::kLoginRefused);
}

TEST_F(SessionTest, Forbidden) {
  session_->Start(now_);
  Requests();
  Answer(403);
  EXPECT_EQ(Ended(), SessionEnd::kLoginRefused);
}

TEST_F(SessionTest, Redirects) {
  session_->Start(now_);
  Requests();
  Answer(200);
  Requests();
  Answer(302, "Location: rtsp://other:8554/x\r\n");
  EXPECT_EQ(Ended(), SessionEnd::kRedirected);
  EXPECT_EQ(session_->redirect_url(), "rtsp://other:8554/x");
}

TEST_F(SessionTest, OptionsThatAreNotUnderstoodDoNotMatter) {
  session_->Start(now_);
  Requests();
  Answer(551);
  EXPECT_THAT(Requests(), ElementsAre("DESCRIBE rtsp://cam/live"));
  Answer(404);
  EXPECT_EQ(Ended(), SessionEnd::kRefused);
  EXPECT_EQ(session_->why(), "DESCRIBE: 404 Told");
}

TEST_F(SessionTest, ATrackThatIsRefusedIsLeftOut) {
  session_->Start(now_);
  Requests();
  Answer(200);
  Requests();
  Answer(200, "", kSdp);
  Requests();
  Answer(461);
  EXPECT_THAT(Requests(), ElementsAre("SETUP rtsp://cam/live/a"));
  Answer(200, "Transport: RTP/AVP;unicast;client_port=1-2\r\n");
  EXPECT_THAT(Requests(), ElementsAre());
  EXPECT_EQ(Ended(), SessionEnd::kRefused);
  EXPECT_THAT(session_->why(), HasSubstr("another transport"));
}

TEST_F(SessionTest, NothingToRecord) {
  session_->Start(now_);
  Requests();
  Answer(200);
  Requests();
  Answer(200, "", "m=video 0 RTP/AVP 26\r\n");
  EXPECT_EQ(Ended(), SessionEnd::kRefused);
  EXPECT_THAT(session_->why(), HasSubstr("nothing that Reel records"));
}

TEST_F(SessionTest, NoAnswerTimesOut) {
  session_->Start(now_);
  Requests();
  RunUntil(now_ + seconds(10));
  EXPECT_EQ(Ended(), SessionEnd::kTimedOut);
  EXPECT_EQ(session_->why(), "no answer to OPTIONS");
}

TEST_F(SessionTest, GarbageEndsIt) {
  Play();
  Say("\x16\x03 no RTSP");
  EXPECT_EQ(Ended(), SessionEnd::kBroken);
}

TEST_F(SessionTest, AnswersWhatTheCameraAsks) {
  Play();
  Say("OPTIONS rtsp://us RTSP/1.0\r\nCSeq: 9\r\n\r\nRECORD rtsp://us RTSP/1.0\r\n\r\n");
  EXPECT_THAT(Requests(), ElementsAre("200", "501"));
  for (int i = 0; i < 4000 && !session_->ended(); ++i) Say("OPTIONS rtsp://us RTSP/1.0\r\n\r\n");
  EXPECT_EQ(Ended(), SessionEnd::kBroken) << "it asks without reading";
}

TEST_F(SessionTest, AnswersToNothingAskedArePassedOver) {
  session_->Start(now_);
  Requests();
  Say("RTSP/1.0 401 No\r\nCSeq: 99\r\n\r\n");
  EXPECT_FALSE(session_->ended());
  Say("RTSP/1.0 200 OK\r\n\r\n");  // without a number: to what is pending
  EXPECT_THAT(Requests(), ElementsAre("DESCRIBE rtsp://cam/live"));
}

TEST_F(SessionTest, AGoodbyeEndsIt) {
  Play();
  Bytes bye;
  PutBe(0x81CB'0001, 4, &bye);
  PutBe(7, 4, &bye);
  Frame(5, bye);
  EXPECT_EQ(Ended(), SessionEnd::kGoodbye);
}

TEST_F(SessionTest, Udp) {
  UseOptions(true);
  session_->Start(now_);
  Requests();
  Answer(200);
  Requests();
  Answer(200, "", kSdp);
  Requests();
  EXPECT_THAT(Header("Transport"), HasSubstr("client_port=5000-5001"));
  Answer(200, "Transport: RTP/AVP;unicast;client_port=5000-5001;server_port=7000-7001\r\n");
  Requests();
  Answer(200, "Transport: RTP/AVP/UDP;unicast;server_port=7002\r\n");
  Requests();
  Answer(200);
  RtpSender video;
  session_->Datagram(0, false, video.Packet(MakeBytes({0x65, 0x88, 1}), 0, true), now_,
                     WallTime{1});
  EXPECT_THAT(units_, ElementsAre(0));
  RunUntil(now_ + seconds(5));
  EXPECT_THAT(told_, ElementsAre("port 0 7001", "port 1 7003", "report 0"));
}

}  // namespace
}  // namespace reel::server
