#include "engine/media/parameter_set_tracker.h"

#include <gmock/gmock.h>

#include "engine/media/nal.h"
#include "tests/media/nal_builder.h"

namespace reel {
namespace {

using ::testing::HasSubstr;

Bytes H264Sps(uint64_t id, int level = 30) {
  return NalBuilder({0x67})
      .Bits(66, 8)
      .Bits(0, 8)
      .Bits(static_cast<uint64_t>(level), 8)
      .Ue(id)
      .Build();
}
Bytes H264Pps(uint64_t id, uint64_t sps_id = 0) {
  return NalBuilder({0x68}).Ue(id).Ue(sps_id).Bits(0, 8).Build();
}
Bytes H265Vps(uint64_t id) { return NalBuilder({0x40, 0x01}).Bits(id, 4).Bits(0xFFF, 12).Build(); }
Bytes H265Sps(uint64_t id) {
  return NalBuilder({0x42, 0x01})
      .Bits(0, 4)
      .Bits(0, 3)
      .Bits(1, 1)
      .Bits(1, 48)
      .Bits(1, 48)
      .Ue(id)
      .Build();
}
Bytes H265Pps(uint64_t id) { return NalBuilder({0x44, 0x01}).Ue(id).Ue(0).Build(); }

Status Observe(ParameterSetTracker* tracker, const std::vector<Bytes>& nals) {
  return tracker->Observe(std::vector<ByteSpan>(nals.begin(), nals.end()));
}

Bytes Config(const std::vector<Bytes>& nals) {
  Bytes config;
  for (const Bytes& nal : nals) AppendLengthPrefixed(nal, &config);
  return config;
}

TEST(ParameterSetTracker, StartsEmpty) {
  ParameterSetTracker tracker(Codec::kH264);
  EXPECT_TRUE(tracker.config().empty());
  EXPECT_EQ(tracker.generation(), 0U);
  EXPECT_FALSE(tracker.complete());
}

TEST(ParameterSetTracker, OrderOfArrivalDoesNotMatter) {
  const Bytes expected = Config({H264Sps(0), H264Sps(3), H264Pps(0), H264Pps(1)});
  ParameterSetTracker one(Codec::kH264);
  EXPECT_TRUE(Observe(&one, {H264Sps(0), H264Pps(0), H264Sps(3), H264Pps(1)}).ok());
  EXPECT_EQ(one.config(), expected);
  ParameterSetTracker other(Codec::kH264);
  for (const Bytes& nal : {H264Pps(1), H264Sps(3), MakeBytes({0x65, 1}), H264Pps(0), H264Sps(0)}) {
    EXPECT_TRUE(Observe(&other, {nal}).ok());
  }
  EXPECT_EQ(other.config(), expected);
  EXPECT_TRUE(other.complete());
}

TEST(ParameterSetTracker, GenerationRisesWithEachChangeAndOnlyThen) {
  ParameterSetTracker tracker(Codec::kH264);
  EXPECT_TRUE(Observe(&tracker, {H264Sps(0), H264Pps(0)}).ok());
  EXPECT_EQ(tracker.generation(), 1U);
  EXPECT_TRUE(Observe(&tracker, {H264Sps(0), H264Pps(0)}).ok());
  EXPECT_TRUE(Observe(&tracker, {MakeBytes({0x41, 9})}).ok());
  EXPECT_TRUE(Observe(&tracker, {H264Sps(0, 40), H264Sps(0)}).ok());
  EXPECT_EQ(tracker.generation(), 1U);
  EXPECT_TRUE(Observe(&tracker, {H264Sps(0, 40)}).ok());
  EXPECT_EQ(tracker.generation(), 2U);
  EXPECT_EQ(tracker.config(), Config({H264Sps(0, 40), H264Pps(0)}));
}

TEST(ParameterSetTracker, H265NeedsAllThree) {
  ParameterSetTracker tracker(Codec::kH265);
  EXPECT_TRUE(Observe(&tracker, {H265Pps(7), H265Sps(2)}).ok());
  EXPECT_FALSE(tracker.complete());
  EXPECT_TRUE(Observe(&tracker, {H265Vps(1)}).ok());
  EXPECT_TRUE(tracker.complete());
  EXPECT_EQ(tracker.config(), Config({H265Vps(1), H265Sps(2), H265Pps(7)}));
}

TEST(ParameterSetTracker, OtherLayersAreLeftOut) {
  ParameterSetTracker tracker(Codec::kH265);
  Bytes enhancement = H265Pps(0);
  enhancement[1] = std::byte{0x09};
  EXPECT_TRUE(Observe(&tracker, {enhancement}).ok());
  EXPECT_TRUE(tracker.config().empty());
}

TEST(ParameterSetTracker, ABadSetIsNamedAndTheOthersCount) {
  ParameterSetTracker tracker(Codec::kH264);
  const Status status = Observe(&tracker, {H264Sps(32), MakeBytes({0x68}), H264Pps(4)});
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("seq_parameter_set_id is 32"));
  EXPECT_EQ(tracker.config(), Config({H264Pps(4)}));
}

TEST(ParameterSetTracker, TheBoundHolds) {
  ParameterSetTracker tracker(Codec::kH264);
  Bytes big = H264Pps(0);
  big.resize(kMaxTrackConfigBytes - 4, std::byte{0x55});
  EXPECT_TRUE(Observe(&tracker, {big}).ok());
  EXPECT_EQ(tracker.config().size(), kMaxTrackConfigBytes);
  const Status status = Observe(&tracker, {H264Sps(0)});
  EXPECT_THAT(status.message(), HasSubstr("limit 16384"));
  EXPECT_EQ(tracker.generation(), 1U);
  // Room that a replaced set gives back is used again.
  EXPECT_TRUE(Observe(&tracker, {H264Pps(0), H264Sps(0)}).ok());
  EXPECT_EQ(tracker.config(), Config({H264Sps(0), H264Pps(0)}));
}

}  // namespace
}  // namespace reel
