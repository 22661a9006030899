#include "engine/media/clean_point.h"

#include <gtest/gtest.h>

#include "tests/media/nal_builder.h"

namespace reel {
namespace {

constexpr uint64_t kTypeP = 5;  // all slices of the picture are P
constexpr uint64_t kTypeI = 7;
constexpr uint64_t kTypeSi = 4;

Bytes H264Slice(uint64_t type, uint64_t first_mb = 0, int header = 0x61) {
  return NalBuilder({header}).Ue(first_mb).Ue(type).Ue(0).Bits(0xABCD, 16).Build();
}

Bytes H264RecoveryPoint(uint64_t count, uint64_t exact = 1) {
  NalBuilder payload({});
  payload.Ue(count).Bits(exact, 1).Bits(0, 3);
  const Bytes body = payload.Build();
  NalBuilder sei({0x06});
  sei.Bits(5, 8).Bits(3, 8).Bits(0x010203, 24);  // some user data first
  sei.Bits(6, 8).Bits(body.size(), 8);
  for (std::byte b : body) sei.Bits(std::to_integer<uint64_t>(b), 8);
  return sei.Build();
}

Bytes H265Nal(int type, int layer = 0) {
  return NalBuilder({type << 1 | layer >> 5, (layer & 31) << 3 | 1}).Bits(0x80AA, 16).Build();
}

Bytes H265RecoveryPoint(int64_t count) {
  NalBuilder payload({});
  payload.Se(count).Bits(0, 2);
  const Bytes body = payload.Build();
  NalBuilder sei({0x4E, 0x01});
  sei.Bits(6, 8).Bits(body.size(), 8);
  for (std::byte b : body) sei.Bits(std::to_integer<uint64_t>(b), 8);
  return sei.Build();
}

PictureInfo Classify(Codec codec, const std::vector<Bytes>& nals) {
  return ClassifyPicture(codec, std::vector<ByteSpan>(nals.begin(), nals.end()));
}

TEST(CleanPointH264, Idr) {
  const PictureInfo info =
      Classify(Codec::kH264, {MakeBytes({0x67}), MakeBytes({0x68}), H264Slice(kTypeI, 0, 0x65)});
  EXPECT_EQ(info, (PictureInfo{
                      .has_picture = true, .has_parameter_sets = true, .clean = CleanKind::kIdr}));
  EXPECT_EQ(UnitFlagsOf(info), kUnitClean);
}

TEST(CleanPointH264, AnIntraPictureAloneIsNone) {
  const PictureInfo info = Classify(Codec::kH264, {H264Slice(kTypeI)});
  EXPECT_EQ(info, (PictureInfo{.has_picture = true}));
  EXPECT_EQ(UnitFlagsOf(info), 0);
}

TEST(CleanPointH264, RecoveryPointAtAnIntraPicture) {
  for (uint64_t type : {kTypeI, kTypeI - 5, kTypeSi}) {
    const PictureInfo info =
        Classify(Codec::kH264, {H264RecoveryPoint(0), H264Slice(type), H264Slice(type, 7)});
    EXPECT_EQ(info, (PictureInfo{.has_picture = true,
                                 .clean = CleanKind::kRecoveryPoint,
                                 .leading_pictures_possible = true,
                                 .exact_match = true}));
    EXPECT_EQ(UnitFlagsOf(info), kUnitClean | kUnitOpenGop);
  }
}

TEST(CleanPointH264, RecoveryPointWithoutDelayNeedsIntraSlices) {
  EXPECT_EQ(Classify(Codec::kH264, {H264RecoveryPoint(0), H264Slice(kTypeP)}).clean,
            CleanKind::kNone);
  EXPECT_EQ(
      Classify(Codec::kH264, {H264RecoveryPoint(0), H264Slice(kTypeI), H264Slice(kTypeP, 9)}).clean,
      CleanKind::kNone);
}

TEST(CleanPointH264, TheSecondFieldMayBePredicted) {
  EXPECT_EQ(Classify(Codec::kH264, {H264RecoveryPoint(0), H264Slice(kTypeI), H264Slice(kTypeI, 9),
                                    H264Slice(kTypeP), H264Slice(kTypeP, 9)})
                .clean,
            CleanKind::kRecoveryPoint);
}

TEST(CleanPointH264, ASeiOfTheSecondFieldIsNotTheFirstOnes) {
  EXPECT_EQ(
      Classify(Codec::kH264, {H264Slice(kTypeI), H264RecoveryPoint(0), H264Slice(kTypeI)}).clean,
      CleanKind::kNone);
}

TEST(CleanPointH264, IntraRefresh) {
  const PictureInfo info = Classify(Codec::kH264, {H264RecoveryPoint(9, 0), H264Slice(kTypeP)});
  EXPECT_EQ(info, (PictureInfo{.has_picture = true,
                               .clean = CleanKind::kRecoveryPoint,
                               .leading_pictures_possible = true,
                               .intra_refresh = true,
                               .recovery_count = 9}));
  EXPECT_EQ(UnitFlagsOf(info), kUnitClean | kUnitOpenGop | kUnitIntraRefresh);
  EXPECT_EQ(Classify(Codec::kH264, {H264RecoveryPoint(65'535), H264Slice(kTypeP)}).recovery_count,
            65'535U);
  EXPECT_EQ(Classify(Codec::kH264, {H264RecoveryPoint(65'536), H264Slice(kTypeP)}).clean,
            CleanKind::kNone);
}

TEST(CleanPointH264, NoPicture) {
  const PictureInfo info = Classify(Codec::kH264, {H264RecoveryPoint(0)});
  EXPECT_EQ(info, PictureInfo{});
  EXPECT_EQ(UnitFlagsOf(info), kUnitNoPicture);
  EXPECT_EQ(Classify(Codec::kH264, {}), PictureInfo{});
}

// The payload length that is told must be the one a recovery point has.
TEST(CleanPointH264, AStrayPayloadIsNoRecoveryPoint) {
  const Bytes too_long = MakeBytes({0x06, 6, 3, 0xA4, 0x80, 0x80, 0x80});
  EXPECT_EQ(Classify(Codec::kH264, {too_long, H264Slice(kTypeI)}).clean, CleanKind::kNone);
  const Bytes right = MakeBytes({0x06, 6, 1, 0xC4, 0x80});
  EXPECT_EQ(Classify(Codec::kH264, {right, H264Slice(kTypeI)}).clean, CleanKind::kRecoveryPoint);
}

TEST(CleanPointH264, HostileSeiAndSlices) {
  const Bytes slice = H264Slice(kTypeI);
  for (const Bytes& sei :
       {MakeBytes({0x06}), MakeBytes({0x06, 6}), MakeBytes({0x06, 6, 1}),
        MakeBytes({0x06, 0xFF, 0xFF, 0xFF}), MakeBytes({0x06, 5, 0xFF, 0xFF, 0xFF, 1, 2}),
        MakeBytes({0x06, 6, 1, 0, 0, 3})}) {
    EXPECT_EQ(Classify(Codec::kH264, {sei, slice}).clean, CleanKind::kNone);
  }
  // A slice header cut off cannot be shown to be intra; the unit still has a picture.
  const PictureInfo cut = Classify(Codec::kH264, {H264RecoveryPoint(0), MakeBytes({0x61})});
  EXPECT_TRUE(cut.has_picture);
  EXPECT_EQ(cut.clean, CleanKind::kNone);
}

TEST(CleanPointH265, IrapPictures) {
  struct Case {
    int type;
    CleanKind clean;
    bool leading_pictures;
    int flags;
  };
  for (const Case& c :
       {Case{16, CleanKind::kBla, true, kUnitClean | kUnitOpenGop},
        Case{17, CleanKind::kBla, true, kUnitClean | kUnitOpenGop},
        Case{18, CleanKind::kBla, false, kUnitClean}, Case{19, CleanKind::kIdr, true, kUnitClean},
        Case{20, CleanKind::kIdr, false, kUnitClean},
        Case{21, CleanKind::kCra, true, kUnitClean | kUnitOpenGop}}) {
    const PictureInfo info = Classify(Codec::kH265, {H265Nal(32), H265Nal(c.type)});
    EXPECT_EQ(info, (PictureInfo{.has_picture = true,
                                 .has_parameter_sets = true,
                                 .clean = c.clean,
                                 .leading_pictures_possible = c.leading_pictures}))
        << c.type;
    EXPECT_EQ(UnitFlagsOf(info), c.flags) << c.type;
  }
}

TEST(CleanPointH265, LeadingPicturesAreMarked) {
  for (int type : {6, 7}) {
    EXPECT_EQ(Classify(Codec::kH265, {H265Nal(type)}).leading, LeadingKind::kRadl);
  }
  for (int type : {8, 9}) {
    EXPECT_EQ(Classify(Codec::kH265, {H265Nal(type)}).leading, LeadingKind::kRasl);
  }
  EXPECT_EQ(Classify(Codec::kH265, {H265Nal(1)}).leading, LeadingKind::kNone);
}

TEST(CleanPointH265, RecoveryPoints) {
  const PictureInfo at_once = Classify(Codec::kH265, {H265RecoveryPoint(0), H265Nal(1)});
  EXPECT_EQ(at_once.clean, CleanKind::kRecoveryPoint);
  EXPECT_FALSE(at_once.intra_refresh);
  const PictureInfo later = Classify(Codec::kH265, {H265RecoveryPoint(24), H265Nal(1)});
  EXPECT_EQ(later.clean, CleanKind::kRecoveryPoint);
  EXPECT_TRUE(later.intra_refresh);
  EXPECT_EQ(later.recovery_count, 24U);
  EXPECT_EQ(Classify(Codec::kH265, {H265RecoveryPoint(-1), H265Nal(1)}).clean, CleanKind::kNone);
  EXPECT_EQ(Classify(Codec::kH265, {H265RecoveryPoint(0), H265Nal(20)}).clean, CleanKind::kIdr);
}

TEST(CleanPointH265, OtherLayersAndReservedTypesAreNoPicture) {
  EXPECT_EQ(Classify(Codec::kH265, {H265Nal(20, 1), H265Nal(32, 1)}), PictureInfo{});
  EXPECT_EQ(Classify(Codec::kH265, {H265Nal(20, 32)}), PictureInfo{});
  for (int type : {10, 15, 22, 23, 31, 36, 40, 63}) {
    EXPECT_EQ(Classify(Codec::kH265, {H265Nal(type)}), PictureInfo{}) << type;
  }
  EXPECT_EQ(Classify(Codec::kH265, {MakeBytes({40})}), PictureInfo{});
}

}  // namespace
}  // namespace reel
