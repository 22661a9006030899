#include "engine/media/au_splitter.h"

#include <gmock/gmock.h>

#include "engine/media/nal_types.h"
#include "tests/media/footage.h"
#include "tests/media/nal_builder.h"

namespace reel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Bytes AnnexB(const std::vector<Bytes>& nals) {
  Bytes stream;
  for (const Bytes& nal : nals) {
    stream.insert(stream.end(), {std::byte{0}, std::byte{0}, std::byte{1}});
    stream.insert(stream.end(), nal.begin(), nal.end());
  }
  return stream;
}

// Each unit as the types of its NAL units.
std::vector<std::vector<int>> Types(Codec codec, const std::vector<Bytes>& units) {
  std::vector<std::vector<int>> types;
  for (const Bytes& unit : units) {
    const Result<NalList> nals = SplitNals(unit, NalFraming::kLength4);
    EXPECT_TRUE(nals.ok());
    types.emplace_back();
    for (ByteSpan nal : *nals) {
      types.back().push_back(codec == Codec::kH264 ? H264NalType(nal) : H265NalType(nal));
    }
  }
  return types;
}

std::vector<std::vector<int>> SplitTypes(Codec codec, const std::vector<Bytes>& nals) {
  return Types(codec, SplitUnits(codec, AnnexB(nals)));
}

// 320x240, frame_num in 4 bits, picture order in 6; `frame_mbs_only` 0 allows fields.
Bytes Sps(uint64_t frame_mbs_only = 1) {
  NalBuilder sps({0x67});
  sps.Bits(77, 8).Bits(0, 8).Bits(30, 8).Ue(0).Ue(0).Ue(0).Ue(2).Ue(1).Bits(0, 1);
  sps.Ue(19).Ue(14).Bits(frame_mbs_only, 1);
  if (frame_mbs_only == 0) sps.Bits(0, 1);
  return sps.Bits(1, 1).Bits(0, 2).Build();
}

Bytes Pps(uint64_t redundant = 0) {
  NalBuilder pps({0x68});
  pps.Ue(0).Ue(0).Bits(0, 2).Ue(0).Ue(0).Ue(0).Bits(0, 3).Se(0).Se(0).Se(0).Bits(0, 2);
  return pps.Bits(redundant, 1).Build();
}

struct SliceFields {
  int header = 0x61;
  uint64_t first_mb = 0;
  uint64_t frame_num = 1;
  std::optional<uint64_t> bottom_field = std::nullopt;  // absent: progressive SPS
  uint64_t idr_pic_id = 0;
  uint64_t poc_lsb = 2;
  std::optional<uint64_t> redundant = std::nullopt;
};

Bytes Slice(const SliceFields& f) {
  NalBuilder slice({f.header});
  slice.Ue(f.first_mb).Ue(5).Ue(0).Bits(f.frame_num, 4);
  if (f.bottom_field) slice.Bits(1, 1).Bits(*f.bottom_field, 1);
  if ((f.header & 31) == 5) slice.Ue(f.idr_pic_id);
  slice.Bits(f.poc_lsb, 6);
  if (f.redundant) slice.Ue(*f.redundant);
  return slice.Bits(0x5555, 16).Build();
}

TEST(AuSplitterH264, WhatComesBeforeThePictureGoesWithIt) {
  EXPECT_THAT(
      SplitTypes(Codec::kH264,
                 {MakeBytes({9, 0x10}), Sps(), Pps(), MakeBytes({6, 5, 0}), Slice({.header = 0x65}),
                  Slice({.header = 0x65, .first_mb = 9}), MakeBytes({12, 0xFF}),
                  MakeBytes({9, 0x30}), Slice({}), MakeBytes({6, 5, 0}), Slice({.poc_lsb = 4}),
                  MakeBytes({10}), MakeBytes({11}), Sps(), Slice({.header = 0x65})}),
      ElementsAre(ElementsAre(9, 7, 8, 6, 5, 5, 12), ElementsAre(9, 1), ElementsAre(6, 1, 10, 11),
                  ElementsAre(7, 5)));
}

TEST(AuSplitterH264, SlicesAloneAreToldApartByMacroblockZero) {
  EXPECT_THAT(SplitTypes(Codec::kH264, {Slice({}), Slice({.first_mb = 5}), Slice({}), Slice({})}),
              ElementsAre(ElementsAre(1, 1), ElementsAre(1), ElementsAre(1)));
}

TEST(AuSplitterH264, SlicesWhoseFirstWasLostAreToldApartByTheirHeaders) {
  const SliceFields base{.first_mb = 5};
  const auto with = [&](auto change) {
    SliceFields fields = base;
    change(&fields);
    return SplitTypes(Codec::kH264, {Sps(), Pps(), Slice(base), Slice(fields)});
  };
  const auto one = ElementsAre(ElementsAre(7, 8, 1, 1));
  const auto two = ElementsAre(ElementsAre(7, 8, 1), ElementsAre(1));
  EXPECT_THAT(with([](SliceFields* f) { f->first_mb = 50; }), one);
  EXPECT_THAT(with([](SliceFields* f) { f->header = 0x41; }), one);  // nal_ref_idc 3 -> 2
  EXPECT_THAT(with([](SliceFields* f) { f->header = 0x01; }), two);  // 3 -> 0
  EXPECT_THAT(with([](SliceFields* f) { f->frame_num = 2; }), two);
  EXPECT_THAT(with([](SliceFields* f) { f->poc_lsb = 3; }), two);
  EXPECT_THAT(with([](SliceFields* f) { f->header = 0x65; }),
              ElementsAre(ElementsAre(7, 8, 1), ElementsAre(5)));
}

TEST(AuSplitterH264, TwoIdrPicturesInARow) {
  const SliceFields idr{.header = 0x65, .first_mb = 3};
  EXPECT_THAT(SplitTypes(Codec::kH264, {Sps(), Pps(), Slice(idr), Slice(idr),
                                        Slice({.header = 0x65, .first_mb = 3, .idr_pic_id = 1})}),
              ElementsAre(ElementsAre(7, 8, 5, 5), ElementsAre(5)));
}

TEST(AuSplitterH264, FieldsAreUnitsOfTheirOwn) {
  EXPECT_THAT(SplitTypes(Codec::kH264, {Sps(0), Pps(), Slice({.first_mb = 1, .bottom_field = 0}),
                                        Slice({.first_mb = 2, .bottom_field = 0}),
                                        Slice({.first_mb = 3, .bottom_field = 1})}),
              ElementsAre(ElementsAre(7, 8, 1, 1), ElementsAre(1)));
}

TEST(AuSplitterH264, FieldsOfOneParityAreToldApartByPictureOrder) {
  const SliceFields top{.first_mb = 1, .bottom_field = 0, .poc_lsb = 2};
  EXPECT_THAT(SplitTypes(Codec::kH264, {Sps(0), Pps(), Slice(top), Slice(top),
                                        Slice({.first_mb = 1, .bottom_field = 0, .poc_lsb = 3})}),
              ElementsAre(ElementsAre(7, 8, 1, 1), ElementsAre(1)));
}

TEST(AuSplitterH264, ARedundantSliceStays) {
  EXPECT_THAT(SplitTypes(Codec::kH264, {Sps(), Pps(1), Slice({.redundant = 0}),
                                        Slice({.redundant = 1}), Slice({.redundant = 0})}),
              ElementsAre(ElementsAre(7, 8, 1, 1), ElementsAre(1)));
}

TEST(AuSplitterH264, APrefixGoesWithItsSlice) {
  const Bytes prefix = MakeBytes({0x6E, 0x80, 0x80, 0x0F});
  EXPECT_THAT(SplitTypes(Codec::kH264, {prefix, Slice({}), prefix, Slice({.first_mb = 5}), prefix,
                                        prefix, Slice({}), prefix}),
              ElementsAre(ElementsAre(14, 1, 14, 1), ElementsAre(14, 14, 1, 14)));
}

Bytes H265Nal(int type, bool first_slice = false, int layer = 0) {
  return MakeBytes({type << 1, layer << 3 | 1, first_slice ? 0xAA : 0x2A, 0x55});
}

TEST(AuSplitterH265, Boundaries) {
  EXPECT_THAT(
      SplitTypes(Codec::kH265,
                 {H265Nal(35), H265Nal(32),       H265Nal(33),         H265Nal(34),
                  H265Nal(39), H265Nal(20, true), H265Nal(20),         H265Nal(40),
                  H265Nal(38), H265Nal(1, true),  H265Nal(1, true, 1), H265Nal(39, false, 1),
                  H265Nal(39), H265Nal(1, true),  H265Nal(36),         H265Nal(37),
                  H265Nal(48), H265Nal(1, true),  H265Nal(41),         H265Nal(21, true),
                  H265Nal(47), H265Nal(56),       H265Nal(32),         H265Nal(21, true)}),
      ElementsAre(ElementsAre(35, 32, 33, 34, 39, 20, 20, 40, 38), ElementsAre(1, 1, 39),
                  ElementsAre(39, 1, 36, 37), ElementsAre(48, 1), ElementsAre(41, 21, 47, 56),
                  ElementsAre(32, 21)));
}

TEST(AuSplitter, PiecesOfAnySizeGiveTheSameUnits) {
  REEL_FOOTAGE_OR_SKIP(stream, "openh264-Static.264");
  const std::vector<Bytes> whole = SplitUnits(Codec::kH264, stream, stream.size());
  EXPECT_EQ(whole.size(), 10U);
  for (size_t piece_bytes : {1U, 2U, 3U, 5U, 64U, 1000U}) {
    EXPECT_EQ(SplitUnits(Codec::kH264, stream, piece_bytes), whole) << piece_bytes;
  }
}

TEST(AuSplitter, OffsetsAreWhereTheUnitsStand) {
  const Bytes stream = AnnexB({Sps(), Slice({}), Slice({.poc_lsb = 9})});
  AuSplitter splitter(Codec::kH264);
  splitter.Feed(stream);
  splitter.Finish();
  for (const Bytes& first : {Sps(), Slice({.poc_lsb = 9})}) {
    const auto unit = splitter.Next();
    ASSERT_TRUE(unit.ok() && *unit);
    const ByteSpan at = ByteSpan(stream).subspan((*unit)->offset_bytes, first.size());
    EXPECT_EQ(Bytes(at.begin(), at.end()), first);
  }
  const auto end = splitter.Next();
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(*end);
}

TEST(AuSplitter, NothingGivesNothing) {
  EXPECT_TRUE(SplitUnits(Codec::kH265, {}).empty());
  EXPECT_TRUE(SplitUnits(Codec::kH265, Bytes(1000)).empty());
}

// Feeds `stream` and gives what comes out: units as NAL types, errors as their message.
std::vector<std::string> Outcome(ByteSpan stream, size_t piece_bytes) {
  AuSplitter splitter(Codec::kH264);
  std::vector<std::string> outcome;
  const auto drain = [&] {
    for (;;) {
      const auto unit = splitter.Next();
      if (unit.ok() && !*unit) return;
      outcome.push_back(unit.ok() ? std::to_string((*unit)->bytes.size()) + " bytes at " +
                                        std::to_string((*unit)->offset_bytes)
                                  : unit.status().message());
    }
  };
  for (; !stream.empty(); stream = stream.subspan(std::min(piece_bytes, stream.size()))) {
    splitter.Feed(stream.first(std::min(piece_bytes, stream.size())));
    drain();
  }
  splitter.Finish();
  drain();
  return outcome;
}

TEST(AuSplitter, AnOversizeUnitIsNamedAndTheStreamGoesOn) {
  Bytes huge = Slice({.poc_lsb = 4});
  huge.resize(3 * kMaxUnitBytes + 77, std::byte{0x55});
  const Bytes first = Slice({});
  const Bytes last = Slice({.poc_lsb = 6});
  const Bytes stream = AnnexB({first, huge, last});
  const uint64_t huge_at = 3 + first.size() + 3;
  const uint64_t last_at = huge_at + huge.size() + 3;
  for (size_t piece_bytes : {size_t{100'000}, size_t{kMaxUnitBytes}, stream.size()}) {
    EXPECT_THAT(
        Outcome(stream, piece_bytes),
        ElementsAre(std::to_string(first.size() + 4) + " bytes at 3",
                    HasSubstr("unit at offset " + std::to_string(huge_at) + " is over"),
                    std::to_string(last.size() + 4) + " bytes at " + std::to_string(last_at)));
  }
}

TEST(AuSplitter, HoldsNoMoreThanItSays) {
  constexpr size_t kPieceBytes = 1 << 20;
  const Bytes piece(kPieceBytes, std::byte{0x55});
  AuSplitter splitter(Codec::kH264);
  splitter.Feed(AnnexB({Slice({})}));
  for (int i = 0; i < 40; ++i) {
    const auto unit = splitter.Next();
    ASSERT_TRUE(unit.ok());
    EXPECT_LE(splitter.held_bytes(), 2 * kMaxUnitBytes);
    splitter.Feed(piece);
  }
}

TEST(AuSplitter, ManySlicesThatMakeAnOversizeUnit) {
  Bytes part = Slice({.first_mb = 5});
  part.resize(kMaxUnitBytes / 2, std::byte{0x55});
  const Bytes next = Slice({});
  EXPECT_THAT(Outcome(AnnexB({part, part, part, next}), 1 << 20),
              ElementsAre(HasSubstr("unit at offset 3 is over"),
                          HasSubstr(std::to_string(next.size() + 4) + " bytes at")));
}

TEST(AuSplitter, TooManyNalUnits) {
  std::vector<Bytes> nals(kMaxNalsPerUnit, Slice({.first_mb = 5}));
  EXPECT_EQ(Outcome(AnnexB(nals), 4096).size(), 1U);
  nals.push_back(Slice({.first_mb = 5}));
  EXPECT_THAT(Outcome(AnnexB(nals), 4096), ElementsAre(HasSubstr("unit at offset 3 is over")));
}

TEST(AuSplitter, BytesBeforeTheFirstStartCodeAreNamedOnce) {
  Bytes stream = MakeBytes({1, 2, 3});
  const Bytes rest = AnnexB({Slice({})});
  stream.insert(stream.end(), rest.begin(), rest.end());
  EXPECT_THAT(
      Outcome(stream, 1),
      ElementsAre(HasSubstr("no start code before the byte at offset 0"), HasSubstr("bytes at 6")));
  EXPECT_THAT(Outcome(Bytes(3 * kMaxUnitBytes, std::byte{7}), 1 << 20),
              ElementsAre(HasSubstr("no start code before the byte at offset 0")));
}

}  // namespace
}  // namespace reel
