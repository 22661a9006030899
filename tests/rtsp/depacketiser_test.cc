// Packets to units: the same units whatever the packets look like, and nothing glued over a loss.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/media/clean_point.h"
#include "engine/media/nal_types.h"
#include "tests/media/footage.h"
#include "tests/media/nal_builder.h"
#include "tests/rtsp/rtp_builder.h"

namespace reel::server {
namespace {

constexpr const char* kH264File = "m26x-input-30-240p-vp-sps-pps.h264";

// What is sent of a file, as a camera would.
struct Footage {
  Codec codec = Codec::kH264;
  std::vector<Bytes> units;
};

Footage Read(Codec codec, const std::string& name) {
  return {codec, SplitUnits(codec, ReadFootage(name))};
}

UnitCollector Receive(const TrackPlan& plan, const std::vector<Bytes>& packets, size_t depth = 0) {
  UnitCollector got;
  TrackReceiver receiver(plan, {depth, std::chrono::milliseconds(200)}, 1, got);
  for (const Bytes& packet : packets) receiver.OnRtp(packet, MonoTime{1});
  receiver.OnTimer(MonoTime{1} + std::chrono::seconds(1));
  receiver.Finish();
  return got;
}

struct Shape {
  Codec codec;
  const char* file;
};
class ShapeTest : public testing::TestWithParam<std::tuple<Shape, size_t, bool>> {};

TEST_P(ShapeTest, GivesTheUnitsThatWereSent) {
  const auto& [shape, mtu, aggregate] = GetParam();
  const Footage footage = Read(shape.codec, shape.file);
  ASSERT_GT(footage.units.size(), 3U);
  RtpSender sender;
  sender.sequence = 65'500;
  const auto got =
      Receive(PlanOf(shape.codec), PacketsOf(shape.codec, footage.units, mtu, aggregate, &sender));
  ASSERT_EQ(got.units.size(), footage.units.size());
  for (size_t i = 0; i < got.units.size(); ++i) {
    EXPECT_EQ(got.units[i].bytes, footage.units[i]) << i;
    const NalList nals = SplitNals(footage.units[i], NalFraming::kLength4).value();
    EXPECT_EQ(got.units[i].flags, UnitFlagsOf(ClassifyPicture(shape.codec, nals))) << i;
    EXPECT_EQ(got.units[i].pts, static_cast<int64_t>(i) * 3600);
  }
  EXPECT_TRUE(got.units[0].changed) << "parameter sets that the SDP did not have";
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ShapeTest,
    testing::Combine(testing::Values(Shape{Codec::kH264, kH264File},
                                     Shape{Codec::kH264, "made-slices-aud.h264"},
                                     Shape{Codec::kH264, "made-interlaced.h264"},
                                     Shape{Codec::kH264, "made-open-gop.h264"},
                                     Shape{Codec::kH264, "made-intra-refresh.h264"},
                                     Shape{Codec::kH265, "made-slices-aud.h265"},
                                     Shape{Codec::kH265, "made-open-gop.h265"},
                                     Shape{Codec::kH265, "m26x-input-32-640x360-main.h265"}),
                     testing::Values(size_t{50}, size_t{1400}, size_t{60'000}), testing::Bool()));

class LossTest : public testing::Test {
 protected:
  void SetUp() override {
    footage_ = Read(Codec::kH264, "made-slices-aud.h264");
    RtpSender sender;
    packets_ = PacketsOf(Codec::kH264, footage_.units, 200, false, &sender);
  }
  static size_t Slices(const Bytes& unit) {
    const NalList nals = SplitNals(unit, NalFraming::kLength4).value();
    return static_cast<size_t>(std::count_if(nals.begin(), nals.end(), [](ByteSpan nal) {
      return H264NalType(nal) == H264Nal::kSlice || H264NalType(nal) == H264Nal::kIdrSlice;
    }));
  }

  Footage footage_;
  std::vector<Bytes> packets_;
};

// Every packet alone, and each three together: what comes out are units that were sent, or parts of
// one; the first behind the hole is marked; and no part of a picture is a clean point.
TEST_F(LossTest, NothingIsGluedOverALoss) {
  ASSERT_GT(packets_.size(), 100U);
  for (const size_t lost : {size_t{1}, size_t{3}}) {
    for (size_t at = 1; at + lost < packets_.size(); ++at) {
      std::vector<Bytes> left = packets_;
      left.erase(left.begin() + static_cast<ptrdiff_t>(at),
                 left.begin() + static_cast<ptrdiff_t>(at + lost));
      const UnitCollector got = Receive(PlanOf(Codec::kH264), left);
      size_t marked = 0;
      for (const GotUnit& unit : got.units) {
        marked += (unit.flags & kUnitLossBefore) != 0 ? 1 : 0;
        const bool sent = std::find(footage_.units.begin(), footage_.units.end(), unit.bytes) !=
                          footage_.units.end();
        if (sent) continue;
        const auto from =
            std::find_if(footage_.units.begin(), footage_.units.end(), [&](const Bytes& sent_unit) {
              return std::search(sent_unit.begin(), sent_unit.end(), unit.bytes.begin(),
                                 unit.bytes.end()) != sent_unit.end();
            });
        ASSERT_NE(from, footage_.units.end()) << "bytes of two units in one";
        const bool slices_missing = Slices(unit.bytes) != Slices(*from);
        EXPECT_TRUE(!slices_missing || (unit.flags & kUnitClean) == 0) << "part of a picture";
      }
      EXPECT_EQ(marked, 1U) << "packets " << at << " to " << at + lost;
      EXPECT_GE(got.units.size(), footage_.units.size() - lost);
    }
  }
}

TEST_F(LossTest, ReorderedAndDoubledPacketsAreNoLoss) {
  std::vector<Bytes> shuffled = packets_;
  for (size_t i = 1; i + 3 < shuffled.size(); i += 3) std::swap(shuffled[i], shuffled[i + 2]);
  for (size_t i = 0; i < shuffled.size(); i += 5)
    shuffled.insert(shuffled.begin() + static_cast<ptrdiff_t>(i), shuffled[i]);
  const UnitCollector got = Receive(PlanOf(Codec::kH264), shuffled, 16);
  EXPECT_EQ(got.Contents(), footage_.units);
}

TEST_F(LossTest, ASenderThatBeginsAnewIsALoss) {
  RtpSender other;
  other.ssrc = 0xBEEF;
  other.sequence = 40'000;
  const std::vector<Bytes> again = PacketsOf(Codec::kH264, footage_.units, 200, false, &other);
  std::vector<Bytes> both = packets_;
  both.insert(both.end(), again.begin(), again.end());
  const UnitCollector got = Receive(PlanOf(Codec::kH264), both);
  ASSERT_EQ(got.units.size(), 2 * footage_.units.size());
  for (size_t i = 0; i < got.units.size(); ++i) {
    EXPECT_EQ((got.units[i].flags & kUnitLossBefore) != 0, i == footage_.units.size());
  }
}

// ---- Cameras that break the rules ----

class OddCameraTest : public testing::Test {
 protected:
  static Bytes Slice(int first_mb_bit, int id) {
    return MakeBytes({0x65, first_mb_bit != 0 ? 0x88 : 0x4C, id, id});
  }
  void Send(ByteSpan payload, uint32_t timestamp, bool marker) {
    receiver_.OnRtp(sender_.Packet(payload, timestamp, marker), MonoTime{1});
  }
  // The NAL units of unit `i`, each as the last byte it has.
  std::vector<int> Nals(size_t i) {
    std::vector<int> last;
    const NalList nals = SplitNals(got_.units.at(i).bytes, NalFraming::kLength4).value();
    for (const ByteSpan nal : nals) last.push_back(std::to_integer<int>(nal.back()));
    return last;
  }

  UnitCollector got_;
  RtpSender sender_;
  TrackReceiver receiver_{PlanOf(Codec::kH264), {}, 1, got_};
};

using testing::ElementsAre;

TEST_F(OddCameraTest, AMarkerBehindParameterSetsEndsNothing) {
  Send(MakeBytes({0x67, 1}), 0, true);
  Send(MakeBytes({0x68, 2}), 0, true);
  Send(Slice(1, 3), 3600, true);
  ASSERT_EQ(got_.units.size(), 1U);
  EXPECT_THAT(Nals(0), ElementsAre(1, 2, 3));
  EXPECT_EQ(got_.units[0].pts, 3600);
}

TEST_F(OddCameraTest, AMarkerBehindEverySliceIsBelievedOnce) {
  for (int picture = 0; picture < 3; ++picture) {
    Send(Slice(1, 10 * picture + 1), static_cast<uint32_t>(picture) * 3600, true);
    Send(Slice(0, 10 * picture + 2), static_cast<uint32_t>(picture) * 3600, true);
  }
  receiver_.Finish();
  ASSERT_EQ(got_.units.size(), 4U);
  EXPECT_THAT(Nals(0), ElementsAre(1));
  EXPECT_THAT(Nals(1), ElementsAre(2));
  EXPECT_EQ(got_.units[1].flags, 0) << "half a picture is no clean point";
  EXPECT_THAT(Nals(2), ElementsAre(11, 12));
  EXPECT_THAT(Nals(3), ElementsAre(21, 22));
}

TEST_F(OddCameraTest, WithoutMarkersAPictureEndsWhereTheNextBegins) {
  Send(Slice(1, 1), 0, false);
  Send(Slice(0, 2), 0, false);
  Send(Slice(1, 3), 3600, false);
  Send(Slice(1, 4), 3600, false);
  receiver_.Finish();
  ASSERT_EQ(got_.units.size(), 3U);
  EXPECT_THAT(Nals(0), ElementsAre(1, 2));
  EXPECT_THAT(Nals(1), ElementsAre(3));
  EXPECT_THAT(Nals(2), ElementsAre(4));
}

TEST_F(OddCameraTest, WhatIsMalformedCountsAsLost) {
  const std::vector<Bytes> bad = {MakeBytes({0x60}),          MakeBytes({0x79, 0}),
                                  MakeBytes({0x7F}),          MakeBytes({0x7C}),
                                  MakeBytes({0x78, 0, 0, 1}), MakeBytes({0x78, 0, 9, 1}),
                                  MakeBytes({0x7C, 0x05, 1})};
  uint32_t timestamp = 0;
  for (const Bytes& payload : bad) {
    Send(payload, timestamp, false);
    Send(Slice(1, 1), timestamp + 3600, true);
    timestamp += 7200;
  }
  ASSERT_EQ(got_.units.size(), bad.size());
  for (const GotUnit& unit : got_.units) EXPECT_EQ(unit.flags, kUnitClean | kUnitLossBefore);
  EXPECT_EQ(receiver_.counters().malformed, bad.size());
}

TEST_F(OddCameraTest, AFragmentWithoutItsEndIsDropped) {
  Send(MakeBytes({0x7C, 0x85, 0x88, 1}), 0, false);
  Send(MakeBytes({0x7C, 0x05, 1}), 0, true);
  Send(Slice(1, 7), 3600, true);
  ASSERT_EQ(got_.units.size(), 1U);
  EXPECT_THAT(Nals(0), ElementsAre(7));
  EXPECT_EQ(got_.units[0].flags, kUnitClean | kUnitLossBefore);
}

TEST_F(OddCameraTest, AUnitOverTheBoundIsDroppedWhole) {
  const Bytes piece(60'000, std::byte{0xAA});
  Bytes fragment = MakeBytes({0x7C, 0x85, 0x88});
  fragment.insert(fragment.end(), piece.begin(), piece.end());
  Send(fragment, 0, false);
  fragment[1] = std::byte{0x05};
  for (size_t bytes = 0; bytes <= kMaxUnitBytes; bytes += piece.size()) Send(fragment, 0, false);
  fragment[1] = std::byte{0x45};
  Send(fragment, 0, true);
  EXPECT_TRUE(got_.units.empty());
  for (size_t i = 0; i <= kMaxNalsPerUnit; ++i) Send(MakeBytes({0x06, 1}), 3600, false);
  Send(Slice(1, 1), 7200, true);
  ASSERT_EQ(got_.units.size(), 1U);
  EXPECT_EQ(got_.units[0].flags, kUnitClean | kUnitLossBefore);
}

TEST_F(OddCameraTest, OtherPayloadTypesAreLeftOut) {
  Send(Slice(1, 1), 0, true);
  sender_.payload_type = 13;
  Send(MakeBytes({1, 2}), 100, false);
  sender_.payload_type = 96;
  Send(Slice(1, 2), 3600, true);
  ASSERT_EQ(got_.units.size(), 2U);
  EXPECT_EQ(got_.units[1].flags, kUnitClean);
}

// ---- Sound and documents ----

TrackPlan AacPlan() {
  return PlanTrack(ParseSdp("m=audio 0 RTP/AVP 96\na=rtpmap:96 mpeg4-generic/16000\n"
                            "a=fmtp:96 mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;"
                            "config=1408\n")
                       .value()
                       .media[0])
      .value();
}

TEST(AacTest, SeveralFramesInAPacketAndOneInSeveral) {
  UnitCollector got;
  TrackReceiver receiver(AacPlan(), {}, 1, got);
  RtpSender sender;
  // Two headers of 16 bits: 3 bytes, then 2.
  receiver.OnRtp(sender.Packet(MakeBytes({0, 32, 0, 3 << 3, 0, 2 << 3, 1, 2, 3, 4, 5}), 1000, true),
                 {});
  receiver.OnRtp(sender.Packet(MakeBytes({0, 16, 0, 4 << 3, 6, 7, 8}), 3048, false), {});
  receiver.OnRtp(sender.Packet(MakeBytes({0, 16, 0, 4 << 3, 9}), 3048, true), {});
  EXPECT_THAT(got.Contents(),
              ElementsAre(MakeBytes({1, 2, 3}), MakeBytes({4, 5}), MakeBytes({6, 7, 8, 9})));
  EXPECT_EQ(got.units[1].pts, 1000 + 1024);
  EXPECT_EQ(got.units[2].pts, 3048);
}

TEST(AacTest, WhatIsMalformedCountsAsLost) {
  const std::vector<Bytes> bad = {MakeBytes({0}),
                                  MakeBytes({0, 0}),
                                  MakeBytes({0, 16, 0}),
                                  MakeBytes({0, 32, 0, 8, 0, 16, 1}),    // the second is cut off
                                  MakeBytes({0, 16, 0, 1 << 3 | 1, 1}),  // interleaved
                                  MakeBytes({0xFF, 0xFF, 1})};
  for (const Bytes& payload : bad) {
    UnitCollector got;
    TrackReceiver receiver(AacPlan(), {}, 1, got);
    RtpSender sender;
    receiver.OnRtp(sender.Packet(payload, 0, true), {});
    receiver.OnRtp(sender.Packet(MakeBytes({0, 16, 0, 1 << 3, 42}), 1024, true), {});
    ASSERT_FALSE(got.units.empty());
    EXPECT_EQ(got.units.back().bytes, MakeBytes({42}));
    EXPECT_EQ(got.units.back().flags, kUnitLossBefore);
    EXPECT_EQ(receiver.counters().malformed, 1U);
  }
}

TEST(DocumentTest, EndsAtTheMarkerAndIsDroppedWithAHole) {
  TrackPlan plan;
  plan.info.kind = TrackKind::kData;
  plan.info.codec = Codec::kOnvifMetadata;
  plan.payload_type = 96;
  UnitCollector got;
  TrackReceiver receiver(plan, {}, 1, got);
  RtpSender sender;
  const auto send = [&](int byte, uint32_t timestamp, bool marker) {
    receiver.OnRtp(sender.Packet(MakeBytes({byte}), timestamp, marker), {});
  };
  send(1, 0, false);
  send(2, 0, true);
  send(3, 10, false);
  ++sender.sequence;
  send(4, 10, true);
  send(5, 20, true);
  EXPECT_THAT(got.Contents(), ElementsAre(MakeBytes({1, 2}), MakeBytes({5})));
  EXPECT_EQ(got.units[1].flags, kUnitLossBefore);
}

TEST(PacketTest, IsAUnit) {
  const TrackPlan plan = PlanTrack(ParseSdp("m=audio 0 RTP/AVP 8\n").value().media[0]).value();
  UnitCollector got;
  TrackReceiver receiver(plan, {}, 1, got);
  RtpSender sender{8};
  receiver.OnRtp(sender.Packet(MakeBytes({1, 2}), 0, false), {});
  receiver.OnRtp(sender.Packet({}, 2, false), {});
  ++sender.sequence;
  receiver.OnRtp(sender.Packet(MakeBytes({3}), 4, false), {});
  EXPECT_THAT(got.Contents(), ElementsAre(MakeBytes({1, 2}), MakeBytes({3})));
  EXPECT_EQ(got.units[1].flags, kUnitLossBefore);
}

}  // namespace
}  // namespace reel::server
