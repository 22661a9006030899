// Real captures through the receiver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/rtsp/message.h"
#include "tests/media/footage.h"
#include "tests/rtsp/rtp_builder.h"

namespace reel::server {
namespace {

UnitCollector Receive(const TrackPlan& plan, const std::vector<Bytes>& packets) {
  UnitCollector got;
  TrackReceiver receiver(plan, {}, 1, got);
  for (const Bytes& packet : packets) receiver.OnRtp(packet, MonoTime{1});
  receiver.Finish();
  return got;
}

TEST(ReplayTest, TauGivesTheStreamThatWasExtractedFromIt) {
  REEL_FOOTAGE_OR_SKIP(capture, "tau-wilson.pcap");
  REEL_FOOTAGE_OR_SKIP(stream, "tau-raw.h265");
  TrackPlan plan = PlanOf(Codec::kH265);
  plan.payload_type = 104;
  const UnitCollector got = Receive(plan, UdpPayloads(capture));
  EXPECT_EQ(got.Contents(), SplitUnits(Codec::kH265, stream));
}

TEST(ReplayTest, DemoGivesEveryPictureWhole) {
  REEL_FOOTAGE_OR_SKIP(capture, "mrtp-demo_rtp.pcap");
  const std::vector<Bytes> packets = UdpPayloads(capture);
  UnitCollector got;
  TrackReceiver receiver(PlanOf(Codec::kH264), {}, 1, got);
  uint64_t others = 0;
  for (const Bytes& packet : packets) {
    // The capture holds a second stream, of another kind on another port.
    const std::optional<RtpPacket> parsed = ParseRtp(packet);
    if (!parsed || parsed->payload_type != 96) {
      ++others;
      continue;
    }
    receiver.OnRtp(packet, MonoTime{1});
  }
  receiver.Finish();
  EXPECT_EQ(others, 20U);
  EXPECT_EQ(receiver.counters().malformed, 0U);
  EXPECT_EQ(receiver.counters().lost, 0U);
  // 142 access unit delimiters were sent.
  EXPECT_EQ(got.units.size(), 142U);
  EXPECT_EQ(got.units[0].flags & kUnitClean, kUnitClean);
}

TEST(ReplayTest, BunnyGivesPicturesAndSound) {
  REEL_FOOTAGE_OR_SKIP(capture, "retina-bunny.rtsp");
  REEL_FOOTAGE_OR_SKIP(describe, "retina-bunny_describe.txt");
  MessageReader head;
  head.Feed(describe);
  const Sdp sdp = ParseSdp(std::get<Response>(**head.Next()).body).value();
  UnitCollector sound;
  UnitCollector pictures;
  TrackReceiver audio(PlanTrack(sdp.media[0]).value(), {}, 1, sound);
  TrackReceiver video(PlanTrack(sdp.media[1]).value(), {}, 2, pictures);
  MessageReader reader;
  ByteSpan rest = capture;
  while (!rest.empty()) {
    const ByteSpan piece = rest.first(std::min<size_t>(rest.size(), 1460));
    rest = rest.subspan(piece.size());
    reader.Feed(piece);
    for (;;) {
      const Result<std::optional<Message>> message = reader.Next();
      ASSERT_TRUE(message.ok()) << message.status().ToString();
      if (!*message) break;
      const auto& frame = std::get<InterleavedFrame>(**message);
      (frame.channel == 0 ? audio : video).OnRtp(frame.bytes, MonoTime{1});
    }
  }
  video.Finish();
  for (const TrackReceiver* track : {&audio, &video}) {
    EXPECT_EQ(track->counters().malformed, 0U);
    EXPECT_EQ(track->counters().lost, 0U);
  }
  EXPECT_EQ(video.info().width, 240U);
  // 239 packets of one slice each, 4 pictures in fragments, and one in the aggregates.
  EXPECT_GE(pictures.units.size(), 243U);
  for (const GotUnit& unit : pictures.units) EXPECT_EQ(unit.flags & kUnitLossBefore, 0);
  EXPECT_GT(sound.units.size(), 102U);
  for (size_t i = 1; i < pictures.units.size(); ++i) {
    // 24 pictures a second, stamped in whole milliseconds.
    EXPECT_NEAR(static_cast<double>(pictures.units[i].dts - pictures.units[i - 1].dts), 3750, 60)
        << i;
  }
  for (size_t i = 1; i < sound.units.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(sound.units[i].pts - sound.units[i - 1].pts), 1024, 1) << i;
  }
}

}  // namespace
}  // namespace reel::server
