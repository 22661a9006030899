// What real cameras offer, and what is made of offers that are broken.
#include "server/rtsp/sdp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/bytes.h"
#include "server/rtsp/url.h"
#include "tests/media/footage.h"

namespace reel::server {
namespace {

// "96 H264 90000 640x480 track1" a track, or why it is none.
std::string Told(const SdpMedia& media) {
  const Result<TrackPlan> plan = PlanTrack(media);
  if (!plan.ok()) return plan.status().message();
  const TrackInfo& info = plan->info;
  std::string told = std::to_string(plan->payload_type) + " codec " +
                     std::to_string(static_cast<int>(info.codec)) + " " +
                     std::to_string(info.timescale) + " ";
  if (info.kind == TrackKind::kVideo) {
    told += std::to_string(info.width) + "x" + std::to_string(info.height) + " config " +
            std::to_string(info.config.size());
  } else {
    told += std::to_string(info.sample_rate_hz) + " Hz x" + std::to_string(info.channels) +
            " config " + std::to_string(info.config.size());
  }
  return told + " " + plan->control;
}

std::vector<std::string> Told(std::string_view text) {
  const Result<Sdp> sdp = ParseSdp(text);
  if (!sdp.ok()) return {sdp.status().message()};
  std::vector<std::string> lines{sdp->control};
  for (const SdpMedia& media : sdp->media) lines.push_back(Told(media));
  return lines;
}

struct RealCamera {
  const char* file;
  std::vector<std::string> told;
};

class RealCameraTest : public testing::TestWithParam<RealCamera> {};

TEST_P(RealCameraTest, IsUnderstood) {
  REEL_FOOTAGE_OR_SKIP(bytes, GetParam().file);
  const std::string_view text = AsText(bytes);
  const size_t head_end = text.find("\r\n\r\n");
  const bool is_bare = text.starts_with("v=0");
  EXPECT_THAT(Told(is_bare ? text : text.substr(head_end + 4)),
              testing::ElementsAreArray(GetParam().told));
}

INSTANTIATE_TEST_SUITE_P(
    Retina, RealCameraTest,
    testing::Values(RealCamera{"retina-bunny_describe.txt",
                               {"*", "96 codec 16 12000 12000 Hz x2 config 2 trackID=1",
                                "97 codec 1 90000 240x160 config 33 trackID=2"}},
                    RealCamera{"retina-dahua_describe_h264_aac_onvif.txt",
                               {"*", "96 codec 1 90000 704x480 config 39 trackID=0",
                                "97 codec 16 48000 48000 Hz x1 config 2 trackID=1",
                                "107 codec 32 90000 0 Hz x0 config 0 trackID=4"}},
                    RealCamera{"retina-dahua_describe_h265_pcma.txt",
                               {"*", "98 codec 2 90000 704x480 config 99 trackID=0",
                                "8 codec 17 8000 8000 Hz x1 config 0 trackID=1"}},
                    RealCamera{"retina-foscam_describe.txt",
                               {"*", "96 codec 1 90000 1280x720 config 22 track1",
                                "0 codec 18 8000 8000 Hz x1 config 0 track2"}},
                    // Parameter sets that end in start codes; mu-law as payload type 8.
                    RealCamera{"retina-gw_main_describe.txt",
                               {"*", "96 codec 1 90000 1920x1080 config 28 video",
                                "8 codec 18 8000 8000 Hz x1 config 0 audio"}},
                    RealCamera{"retina-h264dvr_describe.txt",
                               {"*", "96 codec 1 90000 1920x1080 config 37 trackID=3",
                                "8 codec 17 8000 8000 Hz x1 config 0 trackID=4"}},
                    RealCamera{"retina-hikvision_describe.txt",
                               {"rtsp://192.168.5.106:554/Streaming/Channels/101/"
                                "?transportmode=unicast&profile=Profile_1",
                                "96 codec 1 90000 1920x1080 config 37 "
                                "rtsp://192.168.5.106:554/Streaming/Channels/101/trackID=1"
                                "?transportmode=unicast&profile=Profile_1",
                                "107 codec 32 90000 0 Hz x0 config 0 "
                                "rtsp://192.168.5.106:554/Streaming/Channels/101/trackID=3"
                                "?transportmode=unicast&profile=Profile_1"}},
                    RealCamera{"retina-reolink_describe.txt",
                               {"*", "96 codec 1 90000 2560x1440 config 22 trackID=1",
                                "97 codec 16 16000 16000 Hz x1 config 2 trackID=2"}},
                    RealCamera{"retina-ubiquiti_sdp.txt",
                               {"*", "96 codec 16 48000 48000 Hz x1 config 2 trackID=0",
                                "96 codec 19 48000 48000 Hz x2 config 19 trackID=1",
                                "97 codec 1 90000 1920x1080 config 41 trackID=2"}},
                    // No control of the session; blanks behind the payload type.
                    RealCamera{"retina-vstarcam_describe.txt",
                               {"", "96 codec 1 90000 1920x1080 config 38 track0",
                                "8 codec 17 8000 8000 Hz x1 config 0 track1"}}));

TEST(SdpTest, PassesOverWhatItDoesNotKnow) {
  EXPECT_THAT(Told("garbage\n\nv=1\nx=\nm=video 0 RTP/AVP x\na=control:lost\nm=audio 0 RTP/AVP 0\n"
                   "a=control:a\x01"
                   "b\na=rtpmap:0\na=rtpmap:x PCMA/8000\na=control:t\n"),
              testing::ElementsAre("", "0 codec 18 8000 8000 Hz x1 config 0 t"));
}

TEST(SdpTest, SaysWhatReelDoesNotRecord) {
  EXPECT_THAT(
      Told("m=video 0 RTP/AVP 26\nm=video 0 RTP/AVP 96\na=rtpmap:96 JPEG/90000\n"
           "m=video 0 RTP/SAVP 96\na=rtpmap:96 H264/90000\n"
           "m=audio 0 RTP/AVP 96\na=rtpmap:96 mpeg4-generic/48000\na=fmtp:96 mode=CELP-cbr\n"
           "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=2\n"
           "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/4000000000\n"),
      testing::ElementsAre("", "video in ''", "video in 'JPEG'", "transport RTP/SAVP",
                           "mpeg4-generic in mode 'CELP-cbr'", "H.264 in interleaved packetisation",
                           "a clock of 4000000000 Hz"));
}

TEST(SdpTest, IsBounded) {
  EXPECT_THAT(Told("v=0\n"), testing::ElementsAre("SDP: it offers no media"));
  std::string many;
  for (int i = 0; i < 33; ++i) many += "m=audio 0 RTP/AVP 0\n";
  EXPECT_THAT(Told(many), testing::ElementsAre("SDP: more than 32 media"));
}

TEST(SdpTest, ParameterSetsThatCannotBeReadAreLeftOut) {
  const std::string head =
      "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=";
  EXPECT_THAT(Told(head + "!!!,====,A\n"), testing::Contains("96 codec 1 90000 0x0 config 0 "));
  // Without its padding.
  EXPECT_THAT(Told(head + "Z00AH5WoFAFuQA,aO48gA\n"),
              testing::Contains("96 codec 1 90000 1280x720 config 22 "));
}

TEST(UrlTest, Parses) {
  const Url url = ParseUrl("rtsp://cam:8554/live?channel=1").value();
  EXPECT_EQ(url, (Url{false, "cam", 8554, "/live?channel=1"}));
  EXPECT_EQ(ParseUrl("RTSPS://[::1]").value(), (Url{true, "::1", 322, ""}));
  EXPECT_EQ(ParseUrl("rtsp://h?x").value().ToString(), "rtsp://h/?x");
  EXPECT_EQ(ParseUrl("rtsps://[fe80::1]:5/").value().ToString(), "rtsps://[fe80::1]:5/");
  for (const char* bad :
       {"", "http://cam/", "rtsp://", "rtsp:///x", "rtsp://cam:0/", "rtsp://cam:70000",
        "rtsp://cam:/", "rtsp://[::1", "rtsp://[::1]x", "rtsp://c am/", "rtsp://cam/\r\nX: y"}) {
    EXPECT_FALSE(ParseUrl(bad).ok()) << bad;
  }
  const Status secret = ParseUrl("rtsp://root:hunter2@cam/").status();
  EXPECT_THAT(secret.message(), testing::HasSubstr("do not belong in a URL"));
  EXPECT_THAT(secret.message(), testing::Not(testing::HasSubstr("hunter2")));
}

TEST(UrlTest, ControlsAreResolvedAsCamerasExpect) {
  const std::string base = "rtsp://cam/live";
  EXPECT_EQ(ResolveControl(base, ""), base);
  EXPECT_EQ(ResolveControl(base, "*"), base);
  EXPECT_EQ(ResolveControl(base, "trackID=1"), "rtsp://cam/live/trackID=1");
  EXPECT_EQ(ResolveControl(base + "/", "/trackID=1"), "rtsp://cam/live/trackID=1");
  EXPECT_EQ(ResolveControl(base + "?a=1", "video"), "rtsp://cam/live?a=1/video");
  EXPECT_EQ(ResolveControl(base, "rtsp://other/x"), "rtsp://other/x");
}

}  // namespace
}  // namespace reel::server
