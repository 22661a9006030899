// Order, loss, new beginnings; reports; clocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/rtsp/clocks.h"
#include "server/rtsp/reorder_buffer.h"
#include "server/rtsp/rtcp.h"
#include "tests/rtsp/rtp_builder.h"

namespace reel::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ReorderTest : public testing::Test {
 protected:
  // "5 -2 8!": packets given, where so many are lost before one, where all begins anew.
  std::string Push(uint16_t sequence, uint32_t ssrc = 1) {
    RtpPacket packet;
    packet.sequence = sequence;
    packet.ssrc = ssrc;
    const Bytes payload{static_cast<std::byte>(sequence)};
    packet.payload = payload;
    buffer_->Push(packet, now_);
    return Drain();
  }
  std::string Push(const std::vector<int>& sequences) {
    std::string told;
    for (const int sequence : sequences) told += Push(static_cast<uint16_t>(sequence));
    return told;
  }
  std::string Drain() {
    std::string told;
    while (const auto next = buffer_->Pop(now_)) {
      EXPECT_EQ(next->packet.payload[0], static_cast<std::byte>(next->packet.sequence));
      if (next->lost_before > 0) told += "-" + std::to_string(next->lost_before) + " ";
      told += std::to_string(next->packet.sequence) + (next->restarted ? "! " : " ");
    }
    return told;
  }
  void UseDepth(size_t depth) { buffer_.emplace(ReorderBuffer::Options{depth, milliseconds(200)}); }

  MonoTime now_{1};
  std::optional<ReorderBuffer> buffer_{ReorderBuffer::Options{8, milliseconds(200)}};
};

TEST_F(ReorderTest, PutsInOrderAndDropsDuplicates) {
  EXPECT_EQ(Push({10, 12, 11, 11, 12, 10, 13}), "10 11 12 13 ");
  EXPECT_EQ(buffer_->dropped(), 3U);
}

TEST_F(ReorderTest, Wraps) { EXPECT_EQ(Push({65'534, 0, 65'535, 1}), "65534 65535 0 1 "); }

TEST_F(ReorderTest, GivesUpWhenTooManyWait) {
  EXPECT_EQ(Push({10, 12, 13, 14, 15, 16, 17, 18}), "10 ");
  EXPECT_EQ(Push(19), "-1 12 13 14 15 16 17 18 19 ");
  EXPECT_EQ(Push(11), "") << "too late";
}

TEST_F(ReorderTest, GivesUpAfterAWhile) {
  EXPECT_EQ(Push({10, 13}), "10 ");
  ASSERT_TRUE(buffer_->deadline());
  now_ = *buffer_->deadline() + Duration{-1};
  EXPECT_EQ(Drain(), "");
  now_ = *buffer_->deadline();
  EXPECT_EQ(Drain(), "-2 13 ");
  EXPECT_FALSE(buffer_->deadline());
}

TEST_F(ReorderTest, WithoutDepthNothingWaits) {
  UseDepth(0);
  EXPECT_EQ(Push({10, 13, 12, 14, 5000}), "10 -2 13 14 -4985 5000 ");
}

TEST_F(ReorderTest, AStrayIsDropped) {
  EXPECT_EQ(Push({10, 11}), "10 11 ");
  EXPECT_EQ(Push(7000, 2), "");
  EXPECT_EQ(Push({12, 40'000, 13}), "12 13 ");
  EXPECT_EQ(buffer_->dropped(), 2U);
}

TEST_F(ReorderTest, TwoInARowAreANewBeginning) {
  EXPECT_EQ(Push({10, 11, 13}), "10 11 ");
  EXPECT_EQ(Push(7000, 2), "");
  EXPECT_EQ(Push(7001, 2), "7000! 7001 ");
  EXPECT_EQ(Push(14, 1), "");
  EXPECT_EQ(Push(7002, 2), "7002 ");
  EXPECT_EQ(Push(40'000, 2), "");
  EXPECT_EQ(Push(40'001, 2), "40000! 40001 ");
}

TEST(RtpTest, TakesAPacketApart) {
  // Version 2, padding, extension, two contributing sources, marker.
  Bytes bytes;
  PutBe(0xB2E1'0102, 4, &bytes);
  PutBe(0x0304'0506, 4, &bytes);
  PutBe(0x0708'090A, 4, &bytes);
  PutBe(1, 4, &bytes);
  PutBe(2, 4, &bytes);
  PutBe(0xBEDE'0001, 4, &bytes);
  PutBe(0x1122'3344, 4, &bytes);
  PutBe(0xAABB'0002, 4, &bytes);
  const std::optional<RtpPacket> packet = ParseRtp(bytes);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->marker);
  EXPECT_EQ(packet->payload_type, 0x61);
  EXPECT_EQ(packet->sequence, 0x0102);
  EXPECT_EQ(packet->timestamp, 0x0304'0506U);
  EXPECT_EQ(packet->ssrc, 0x0708'090AU);
  ASSERT_EQ(packet->payload.size(), 2U);
  for (size_t size = 0; size < bytes.size(); ++size) {
    // Cut, the last byte is some other padding count: larger than what there is, or zero.
    const std::optional<RtpPacket> cut = ParseRtp(ByteSpan(bytes).first(size));
    EXPECT_LT(cut ? cut->payload.size() : 0, 4U);
  }
  bytes[0] = std::byte{0x40};
  EXPECT_FALSE(ParseRtp(bytes));
}

Bytes SenderReportBytes(uint32_t ssrc, uint64_t ntp, uint32_t rtp) {
  Bytes bytes;
  PutBe(0x80C8'0006, 4, &bytes);
  PutBe(ssrc, 4, &bytes);
  PutBe(ntp, 8, &bytes);
  PutBe(rtp, 4, &bytes);
  PutBe(0, 8, &bytes);
  return bytes;
}

TEST(RtcpTest, ReadsSenderReportsAndGoodbyes) {
  constexpr uint64_t kNtp = (uint64_t{2'208'988'800} + 1'700'000'000) << 32 | 0x8000'0000;
  Bytes bytes = SenderReportBytes(7, kNtp, 4711);
  RtcpContent content = ParseRtcp(bytes);
  ASSERT_TRUE(content.sender_report);
  EXPECT_EQ(content.sender_report->wall, WallTime{1'700'000'000'500'000'000});
  EXPECT_EQ(content.sender_report->rtp_timestamp, 4711U);
  EXPECT_FALSE(content.bye);
  PutBe(0x81CB'0001, 4, &bytes);
  PutBe(7, 4, &bytes);
  EXPECT_TRUE(ParseRtcp(bytes).bye);
  EXPECT_FALSE(ParseRtcp(ByteSpan(bytes).first(bytes.size() - 1)).bye) << "cut off";
  // A camera without a clock, and one after the count began anew in 2036.
  EXPECT_FALSE(ParseRtcp(SenderReportBytes(7, 0, 1)).sender_report->wall);
  EXPECT_EQ(ParseRtcp(SenderReportBytes(7, uint64_t{1} << 32, 1)).sender_report->wall,
            WallTime{2'085'978'497'000'000'000});
}

TEST(RtcpTest, ReportsWhatArrived) {
  Reception reception(90'000);
  EXPECT_FALSE(reception.Report(1, MonoTime{0}));
  RtpPacket packet;
  packet.ssrc = 7;
  MonoTime now{0};
  for (const int sequence : {65'530, 65'531, 65'535, 2}) {
    packet.sequence = static_cast<uint16_t>(sequence);
    reception.OnPacket(packet, now);
    now = now + milliseconds(10);
  }
  SenderReport sent;
  sent.ssrc = 7;
  sent.ntp = 0x1111'2222'3333'4444;
  reception.OnSenderReport(sent, now);
  const auto report = reception.Report(1, now + milliseconds(500));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->highest_sequence, 0x1'0002U - 0U);
  EXPECT_EQ(report->lost, 5);
  EXPECT_EQ(report->fraction_lost, 5 * 256 / 9);
  EXPECT_EQ(report->last_report, 0x2222'3333U);
  EXPECT_EQ(report->since_last_report, 32'768U);
  EXPECT_GT(report->jitter, 0U);
  const auto next = reception.Report(1, now);
  EXPECT_EQ(next->fraction_lost, 0);

  const Bytes bytes = WriteReceiverReport(*report, "reel");
  ASSERT_EQ(bytes.size(), 32U + 8U + 8U);
  EXPECT_EQ(LoadBe32(bytes, 0), 0x81C9'0007U);
  EXPECT_EQ(LoadBe32(bytes, 12), uint32_t{5 * 256 / 9} << 24 | 5);
  EXPECT_EQ(LoadBe32(bytes, 32), 0x81CA'0003U);
  EXPECT_EQ(LoadBe32(bytes, 40), 0x0104'7265U);
}

TEST(ClocksTest, TimestampsDoNotWrap) {
  TimestampLine line;
  EXPECT_EQ(line.Extend(0xFFFF'FFF0), 0xFFFF'FFF0);
  EXPECT_EQ(line.Extend(0x10), 0x1'0000'0010);
  EXPECT_EQ(line.Extend(0xFFFF'FFFF), 0xFFFF'FFFF) << "B pictures step back";
}

std::vector<int64_t> DecodeTimesOf(size_t reorder, const std::vector<int64_t>& shown) {
  DecodeTimes times;
  times.SetReorder(reorder);
  std::vector<int64_t> decode;
  decode.reserve(shown.size());
  for (const int64_t pts : shown) decode.push_back(times.Next(pts, 1000));
  return decode;
}

TEST(ClocksTest, DecodeTimesFollowThePicturesShown) {
  using testing::ElementsAre;
  EXPECT_THAT(DecodeTimesOf(0, {0, 1, 2, 3}), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(DecodeTimesOf(1, {0, 3, 1, 2, 6, 4, 5}), ElementsAre(-1, 0, 1, 2, 3, 4, 5));
  EXPECT_THAT(DecodeTimesOf(2, {0, 4, 2, 1, 3, 8, 6, 5, 7}),
              ElementsAre(-2, -1, 0, 1, 2, 3, 4, 5, 6));
  // Not stated: learnt, and never after what is shown from then on.
  EXPECT_THAT(DecodeTimesOf(0, {0, 3, 1, 2, 6, 4, 5, 9, 7}),
              ElementsAre(0, 3, 3, 3, 3, 4, 5, 6, 7));
  EXPECT_THAT(DecodeTimesOf(0, {0, 10, 50'000, 50'010, 5}), ElementsAre(0, 10, 50'000, 50'010, 5))
      << "a jump begins anew";
}

class ArrivalClockTest : public testing::Test {
 protected:
  // The unit of `media` ms arrives at `arrival` ms; where it is placed, in ms.
  int64_t Place(int64_t media, int64_t arrival) {
    const WallTime at = clock_.Place(media * 90, kNoon + milliseconds(arrival));
    return std::chrono::duration_cast<milliseconds>(at - kNoon).count();
  }
  static constexpr WallTime kNoon{1'767'225'600'000'000'000};
  ArrivalClock clock_{90'000};
};

TEST_F(ArrivalClockTest, SmoothsArrivals) {
  EXPECT_EQ(Place(0, 100), 100);
  EXPECT_EQ(Place(40, 190), 140);
  EXPECT_EQ(clock_.lateness(), milliseconds(50));
  EXPECT_EQ(Place(80, 181), 180);
  EXPECT_EQ(Place(120, 200), 200) << "earlier than ever: it was late before";
  EXPECT_EQ(Place(160, 300), 240);
}

TEST_F(ArrivalClockTest, FollowsACameraWhoseClockIsSlow) {
  int64_t placed = 0;
  for (int64_t ms = 0; ms < 600'000; ms += 40) placed = Place(ms - ms / 1000, ms);
  EXPECT_NEAR(static_cast<double>(placed), 600'000 - 40, 5);
}

TEST_F(ArrivalClockTest, OneAbsurdTimestampMovesNothingThreeDo) {
  Place(0, 0);
  Place(40, 40);
  EXPECT_EQ(Place(7'200'000, 80), 80);
  EXPECT_EQ(Place(120, 130), 120);
  EXPECT_EQ(Place(9'000'000, 160), 160);
  EXPECT_EQ(Place(9'000'040, 200), 200);
  EXPECT_EQ(Place(9'000'080, 240), 240);
  EXPECT_EQ(Place(9'000'120, 300), 280) << "the new line holds";
}

TEST(CameraClockTest, MeasuresOffsetDriftAndSteps) {
  CameraClock clock;
  EXPECT_FALSE(clock.offset());
  WallTime node{1'767'225'600'000'000'000};
  const auto report = [&](Duration offset) {
    node = node + seconds(5);
    clock.OnReport(node + offset, node);
  };
  for (int i = 0; i < 40; ++i)
    report(seconds(2) + milliseconds(i % 2) + std::chrono::microseconds(500) * i);
  EXPECT_NEAR(static_cast<double>(clock.offset()->count()), 2.02e9, 2e6);
  ASSERT_TRUE(clock.drift_ppm());
  EXPECT_NEAR(*clock.drift_ppm(), 100, 15);
  EXPECT_EQ(clock.steps(), 0U);
  report(-std::chrono::hours(1));
  EXPECT_EQ(clock.steps(), 1U);
  EXPECT_EQ(*clock.offset(), -std::chrono::hours(1));
  EXPECT_FALSE(clock.drift_ppm());
}

}  // namespace
}  // namespace reel::server
