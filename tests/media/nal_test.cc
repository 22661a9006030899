#include "engine/media/nal.h"

#include <gmock/gmock.h>

#include "tests/media/footage.h"
#include "tests/media/nal_builder.h"

namespace reel {
namespace {

using ::testing::HasSubstr;

std::vector<Bytes> Copies(const NalList& nals) {
  std::vector<Bytes> copies;
  for (ByteSpan nal : nals) copies.emplace_back(nal.begin(), nal.end());
  return copies;
}

std::string ErrorOf(const Result<NalList>& nals) {
  EXPECT_EQ(nals.status().code(), Code::kInvalidArgument);
  return nals.status().message();
}

TEST(SplitNals, AnnexBTakesBothStartCodesAndLeavesPaddingOut) {
  const Bytes unit = MakeBytes(
      {0, 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 0, 0, 3, 1, 0x80, 0, 0});
  const Result<NalList> nals = SplitNals(unit, NalFraming::kAnnexB);
  ASSERT_TRUE(nals.ok());
  EXPECT_EQ(Copies(*nals), (std::vector<Bytes>{MakeBytes({0x67, 1, 2}), MakeBytes({0x68, 3}),
                                               MakeBytes({0x65, 0, 0, 3, 1, 0x80})}));
}

TEST(SplitNals, AnnexBSkipsEmptyNalUnits) {
  const Bytes unit = MakeBytes({0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0x09, 0xF0, 0, 0, 1});
  const Result<NalList> nals = SplitNals(unit, NalFraming::kAnnexB);
  ASSERT_TRUE(nals.ok());
  EXPECT_EQ(Copies(*nals), (std::vector<Bytes>{MakeBytes({0x09, 0xF0})}));
}

// 00 00 00 that no start code follows would be an error by the standard; a NAL unit is kept whole.
TEST(SplitNals, AnnexBKeepsZerosInside) {
  const Bytes unit = MakeBytes({0, 0, 1, 0x06, 0, 0, 0, 5, 0, 0, 2});
  const Result<NalList> nals = SplitNals(unit, NalFraming::kAnnexB);
  ASSERT_TRUE(nals.ok());
  EXPECT_EQ(Copies(*nals), (std::vector<Bytes>{MakeBytes({0x06, 0, 0, 0, 5, 0, 0, 2})}));
}

TEST(SplitNals, AnnexBRefusesBytesBeforeTheFirstStartCode) {
  EXPECT_THAT(ErrorOf(SplitNals(MakeBytes({0, 7, 0, 0, 1, 0x65}), NalFraming::kAnnexB)),
              HasSubstr("offset 1"));
  EXPECT_THAT(ErrorOf(SplitNals(MakeBytes({9}), NalFraming::kAnnexB)), HasSubstr("offset 0"));
}

TEST(SplitNals, NothingAndZerosHoldNone) {
  for (const Bytes& unit : {Bytes{}, MakeBytes({0, 0, 0})}) {
    const Result<NalList> nals = SplitNals(unit, NalFraming::kAnnexB);
    ASSERT_TRUE(nals.ok());
    EXPECT_TRUE(nals->empty());
  }
}

TEST(SplitNals, LengthsOfOneTwoAndFourBytes) {
  const std::vector<Bytes> expected{MakeBytes({0x65, 0, 0, 1, 9}), MakeBytes({0x41})};
  const std::pair<NalFraming, Bytes> cases[] = {
      {NalFraming::kLength1, MakeBytes({5, 0x65, 0, 0, 1, 9, 1, 0x41})},
      {NalFraming::kLength2, MakeBytes({0, 5, 0x65, 0, 0, 1, 9, 0, 1, 0x41})},
      {NalFraming::kLength4, MakeBytes({0, 0, 0, 5, 0x65, 0, 0, 1, 9, 0, 0, 0, 1, 0x41})},
  };
  for (const auto& [framing, unit] : cases) {
    const Result<NalList> nals = SplitNals(unit, framing);
    ASSERT_TRUE(nals.ok()) << nals.status().ToString();
    EXPECT_EQ(Copies(*nals), expected);
  }
}

TEST(SplitNals, BadLengthsNameTheirOffset) {
  EXPECT_THAT(ErrorOf(SplitNals(MakeBytes({0, 1, 0x65, 0}), NalFraming::kLength2)),
              HasSubstr("cut off at offset 3"));
  EXPECT_THAT(ErrorOf(SplitNals(MakeBytes({0, 1, 0x65, 0, 2, 1}), NalFraming::kLength2)),
              HasSubstr("runs past the unit at offset 3"));
  EXPECT_THAT(ErrorOf(SplitNals(MakeBytes({1, 0x65, 0}), NalFraming::kLength1)),
              HasSubstr("empty NAL unit at offset 2"));
  EXPECT_THAT(ErrorOf(SplitNals(MakeBytes({0xFF, 0xFF, 0xFF, 0xFF, 1}), NalFraming::kLength4)),
              HasSubstr("4294967295 runs past the unit at offset 0"));
}

TEST(SplitNals, BoundsOnUnits) {
  Bytes unit;
  for (size_t i = 0; i < kMaxNalsPerUnit; ++i) AppendLengthPrefixed(MakeBytes({0x41}), &unit);
  const Result<NalList> nals = SplitNals(unit, NalFraming::kLength4);
  ASSERT_TRUE(nals.ok());
  EXPECT_EQ(nals->size(), kMaxNalsPerUnit);
  AppendLengthPrefixed(MakeBytes({0x41}), &unit);
  EXPECT_THAT(ErrorOf(SplitNals(unit, NalFraming::kLength4)), HasSubstr("at offset 20480"));
  EXPECT_THAT(ErrorOf(SplitNals(Bytes(kMaxUnitBytes + 1), NalFraming::kAnnexB)),
              HasSubstr("8388609 bytes"));
}

// Four-byte lengths for three-byte start codes can grow a unit past the bound.
TEST(ToLengthPrefixed, RefusesAUnitThatGrowsPastTheBound) {
  Bytes unit = MakeBytes({0, 0, 1});
  unit.resize(kMaxUnitBytes, std::byte{0x41});
  EXPECT_EQ(ToLengthPrefixed(unit, NalFraming::kAnnexB).status().code(), Code::kInvalidArgument);
}

TEST(ToLengthPrefixed, GoldenBytes) {
  const Bytes unit = MakeBytes({0, 0, 0, 1, 0x67, 1, 0, 0, 3, 0, 0, 1, 0x65, 0x88});
  const Result<Bytes> stored = ToLengthPrefixed(unit, NalFraming::kAnnexB);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(*stored, MakeBytes({0, 0, 0, 5, 0x67, 1, 0, 0, 3, 0, 0, 0, 2, 0x65, 0x88}));
  const Result<Bytes> back = ToAnnexB(*stored);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, MakeBytes({0, 0, 0, 1, 0x67, 1, 0, 0, 3, 0, 0, 0, 1, 0x65, 0x88}));
}

// A SEI without emulation prevention stays one NAL unit as long as it is length-prefixed.
TEST(ToLengthPrefixed, NeverSplitsALengthPrefixedNalUnit) {
  const Bytes unit = MakeBytes({0, 6, 0x06, 5, 0, 0, 1, 0});
  const Result<Bytes> stored = ToLengthPrefixed(unit, NalFraming::kLength2);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(*stored, MakeBytes({0, 0, 0, 6, 0x06, 5, 0, 0, 1, 0}));
}

std::vector<Bytes> TrimmedCopies(const NalList& nals) {
  std::vector<Bytes> copies;
  for (ByteSpan nal : nals) {
    const ByteSpan trimmed = TrimTrailingZeros(nal);
    copies.emplace_back(trimmed.begin(), trimmed.end());
  }
  return copies;
}

class RoundTrip : public ::testing::TestWithParam<const char*> {};

// The lengths in axis-test_h265.mp4 count zero bytes behind its NAL units, which Annex B cannot
// keep.
TEST_P(RoundTrip, RealUnitsSurviveTheWayToAnnexBAndBack) {
  REEL_FOOTAGE_OR_SKIP(file, GetParam());
  const Mp4Video video = ReadMp4(file);
  ASSERT_FALSE(video.samples.empty());
  for (ByteSpan sample : video.samples) {
    const Result<NalList> nals = SplitNals(sample, video.framing);
    ASSERT_TRUE(nals.ok()) << nals.status().ToString();
    const Result<Bytes> stored = ToLengthPrefixed(sample, video.framing);
    ASSERT_TRUE(stored.ok());
    const Result<NalList> stored_nals = SplitNals(*stored, NalFraming::kLength4);
    ASSERT_TRUE(stored_nals.ok());
    EXPECT_EQ(Copies(*stored_nals), Copies(*nals));
    const Result<Bytes> annex_b = ToAnnexB(*stored);
    ASSERT_TRUE(annex_b.ok());
    const Result<NalList> back = SplitNals(*annex_b, NalFraming::kAnnexB);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(Copies(*back), TrimmedCopies(*nals));
  }
}

INSTANTIATE_TEST_SUITE_P(Footage, RoundTrip,
                         ::testing::Values("axis-test_h264.mp4", "axis-test_h265.mp4",
                                           "axis-signed_test_h264.mp4",
                                           "androidx-sample_2_byte_NAL_length.mp4"));

TEST(FindStartCode, AtEveryPlaceAndNowhere) {
  for (size_t at = 0; at < 40; ++at) {
    Bytes bytes(64, std::byte{0x01});
    bytes[at] = bytes[at + 1] = std::byte{0};
    EXPECT_EQ(FindStartCode(bytes, 0), at);
    EXPECT_EQ(FindStartCode(bytes, at), at);
    EXPECT_EQ(FindStartCode(bytes, at + 1), std::nullopt);
  }
  EXPECT_EQ(FindStartCode(MakeBytes({0, 0}), 0), std::nullopt);
  EXPECT_EQ(FindStartCode({}, 0), std::nullopt);
}

}  // namespace
}  // namespace reel
