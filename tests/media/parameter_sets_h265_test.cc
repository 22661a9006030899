#include <gmock/gmock.h>

#include "engine/media/parameter_sets.h"
#include "tests/media/nal_builder.h"

namespace reel {
namespace {

using ::testing::HasSubstr;

void PutProfile(NalBuilder* nal, uint64_t max_sub_layers) {
  nal->Bits(0, 2).Bits(0, 1).Bits(1, 5).Bits(0x60000000, 32).Bits(0xB00000000000, 48).Bits(93, 8);
  if (max_sub_layers == 1) return;
  // The first sub-layer states both profile and level, the others nothing.
  nal->Bits(3, 2).Bits(0, static_cast<int>(2 * (max_sub_layers - 2)));
  nal->Bits(0, static_cast<int>(2 * (9 - max_sub_layers)));
  nal->Bits(0, 48).Bits(0, 40).Bits(60, 8);
}

struct H265Fields {
  uint64_t id = 0;
  uint64_t max_sub_layers = 1;
  uint64_t chroma = 1;
  uint64_t width = 640;
  uint64_t height = 368;
  std::array<uint64_t, 4> window{};  // left, right, top, bottom
  uint64_t bit_depth_minus8 = 0;
  uint64_t poc_lsb_minus4 = 4;
  uint64_t reorder = 2;
};

NalBuilder SpsHead(const H265Fields& f) {
  NalBuilder sps({0x42, 0x01});
  sps.Bits(3, 4).Bits(f.max_sub_layers - 1, 3).Bits(1, 1);
  PutProfile(&sps, f.max_sub_layers);
  sps.Ue(f.id).Ue(f.chroma);
  if (f.chroma == 3) sps.Bits(0, 1);
  sps.Ue(f.width).Ue(f.height);
  const bool window = f.window != std::array<uint64_t, 4>{};
  sps.Bits(window ? 1 : 0, 1);
  if (window) {
    for (uint64_t offset : f.window) sps.Ue(offset);
  }
  sps.Ue(f.bit_depth_minus8).Ue(f.bit_depth_minus8).Ue(f.poc_lsb_minus4);
  sps.Bits(1, 1);
  for (uint64_t i = 0; i < f.max_sub_layers; ++i) sps.Ue(4).Ue(f.reorder).Ue(0);
  return sps;
}

// Block sizes and tools, without scaling lists or PCM.
void PutTools(NalBuilder* sps) {
  for (uint64_t v : {0U, 3U, 0U, 3U, 0U, 0U}) sps->Ue(v);
  sps->Bits(0, 1).Bits(3, 2).Bits(0, 1);
}

void PutTail(NalBuilder* sps) {
  sps->Bits(1, 1).Ue(2).Bits(0x123, 2 * 9);  // two long-term pictures, 8+1 bits each
  sps->Bits(0, 2);
  sps->Bits(1, 1);  // VUI
  sps->Bits(0, 4).Bits(0, 3);
  sps->Bits(1, 1).Ue(0).Ue(1).Ue(2).Ue(3);  // default display window
  sps->Bits(1, 1).Bits(1001, 32).Bits(30'000, 32);
}

TEST(ParseH265Sps, FieldsAndTiming) {
  NalBuilder builder = SpsHead({.id = 15, .max_sub_layers = 3, .window = {1, 2, 0, 4}});
  PutTools(&builder);
  builder.Ue(3);
  builder.Ue(2).Ue(1).Ue(0).Bits(1, 1).Ue(1).Bits(1, 1).Ue(3).Bits(0, 1);  // -1 -3 | +4
  // From it, shift -1: all kept: -1 -2 -4 | +3.
  builder.Bits(1, 1).Bits(1, 1).Ue(0).Bits(0xF, 4);
  // From that, shift +1: five entries, of which -1+1 = 0 falls away, one is used_by_curr = 0 and
  // use_delta = 0, and the last is kept by use_delta alone.
  builder.Bits(1, 1).Bits(0, 1).Ue(0).Bits(0b1'1'00'1'01, 7);
  PutTail(&builder);
  const Result<H265Sps> sps = ParseH265Sps(builder.Build());
  ASSERT_TRUE(sps.ok()) << sps.status().ToString();
  EXPECT_EQ(sps->id, 15U);
  EXPECT_EQ(sps->vps_id, 3U);
  EXPECT_EQ(sps->max_sub_layers, 3U);
  EXPECT_TRUE(sps->temporal_id_nesting);
  EXPECT_EQ(sps->profile.idc, 1);
  EXPECT_EQ(sps->profile.compatibility_flags, 0x60000000U);
  EXPECT_EQ(sps->profile.constraint_bytes[0], 0xB0);
  EXPECT_EQ(sps->profile.level_idc, 93);
  EXPECT_EQ(sps->width, 634U);
  EXPECT_EQ(sps->height, 360U);
  EXPECT_EQ(sps->max_reorder_pictures, 2U);
  EXPECT_EQ(sps->timing, (VideoTiming{1001, 30'000}));
  const Result<uint32_t> id = ParseH265SpsId(builder.Build());
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, 15U);
}

// Each set names its number of pictures through the one before: a wrong count shows in the timing.
TEST(ParseH265Sps, PredictedSetsCountDistances) {
  NalBuilder builder = SpsHead({});
  PutTools(&builder);
  builder.Ue(3);
  builder.Ue(1).Ue(1).Ue(0).Bits(1, 1).Ue(0).Bits(1, 1);  // -1 | +1
  builder.Bits(1, 1).Bits(0, 1).Ue(0).Bits(0b111, 3);     // shift +1: 0 falls away: +1 +2
  builder.Bits(1, 1).Bits(1, 1).Ue(0).Bits(0b111, 3);     // so three flags here
  PutTail(&builder);
  const Result<H265Sps> sps = ParseH265Sps(builder.Build());
  ASSERT_TRUE(sps.ok());
  EXPECT_EQ(sps->timing, (VideoTiming{1001, 30'000}));
}

TEST(ParseH265Sps, ScalingListsAndPcm) {
  NalBuilder builder = SpsHead({});
  for (uint64_t v : {0U, 3U, 0U, 3U, 0U, 0U}) builder.Ue(v);
  builder.Bits(3, 2);
  for (int size_id = 0; size_id < 4; ++size_id) {
    for (int matrix = 0; matrix < (size_id == 3 ? 2 : 6); ++matrix) {
      if (matrix == 1) {
        builder.Bits(0, 1).Ue(1);
        continue;
      }
      const int codes = (size_id == 0 ? 16 : 64) + (size_id > 1 ? 1 : 0);
      builder.Bits(1, 1);
      for (int i = 0; i < codes; ++i) builder.Se(i % 3 - 1);
    }
  }
  builder.Bits(3, 2).Bits(1, 1).Bits(0x77, 8).Ue(0).Ue(0).Bits(0, 1);
  builder.Ue(0);
  PutTail(&builder);
  const Result<H265Sps> sps = ParseH265Sps(builder.Build());
  ASSERT_TRUE(sps.ok());
  EXPECT_EQ(sps->timing, (VideoTiming{1001, 30'000}));
}

// A set predicted from a full one may not grow past sixteen; the SPS stands without its timing.
TEST(ParseH265Sps, AnOverfullReferenceSetCostsOnlyTheTiming) {
  NalBuilder builder = SpsHead({});
  PutTools(&builder);
  builder.Ue(2).Ue(16).Ue(0);
  for (int i = 0; i < 16; ++i) builder.Ue(0).Bits(1, 1);
  builder.Bits(1, 1).Bits(1, 1).Ue(0).Bits(0x1FFFF, 17);
  PutTail(&builder);
  const Result<H265Sps> sps = ParseH265Sps(builder.Build());
  ASSERT_TRUE(sps.ok());
  EXPECT_EQ(sps->width, 640U);
  EXPECT_FALSE(sps->timing);
}

TEST(ParseH265Sps, ConformanceWindowCountsInChromaUnits) {
  const std::pair<uint64_t, std::pair<uint32_t, uint32_t>> cases[] = {
      {0, {637, 361}}, {1, {634, 354}}, {2, {634, 361}}, {3, {637, 361}}};
  for (const auto& [chroma, size] : cases) {
    const Result<H265Sps> sps =
        ParseH265Sps(SpsHead({.chroma = chroma, .window = {1, 2, 3, 4}}).Build());
    ASSERT_TRUE(sps.ok());
    EXPECT_EQ(sps->width, size.first) << chroma;
    EXPECT_EQ(sps->height, size.second) << chroma;
  }
}

TEST(ParseH265Sps, RefusesWhatIsOutOfRangeByName) {
  const std::pair<H265Fields, const char*> cases[] = {
      {{.id = 16}, "sps_seq_parameter_set_id is 16"},
      {{.max_sub_layers = 8}, "sps_max_sub_layers_minus1 is 7"},
      {{.chroma = 4}, "chroma_format_idc is 4"},
      {{.width = 0}, "pic_width_in_luma_samples is 0"},
      {{.width = 16'889}, "pic_width_in_luma_samples is 16889"},
      {{.height = 4'294'967'294}, "pic_height_in_luma_samples is 4294967294"},
      {{.window = {160, 160, 0, 0}}, "horizontal conformance window is 640"},
      {{.window = {0, 0, 184, 0}}, "vertical conformance window is 368"},
      {{.bit_depth_minus8 = 9}, "bit_depth_luma_minus8 is 9"},
      {{.poc_lsb_minus4 = 13}, "log2_max_pic_order_cnt_lsb_minus4 is 13"},
      {{.reorder = 16}, "max_num_reorder_pics is 16"},
  };
  for (const auto& [fields, message] : cases) {
    const Status status = ParseH265Sps(SpsHead(fields).Build()).status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << message;
    EXPECT_THAT(status.message(), HasSubstr(message));
  }
}

TEST(ParseH265Sps, EveryCutIsAnErrorAndNoCrash) {
  const Bytes sps = SpsHead({.max_sub_layers = 2}).Build(false);
  ASSERT_TRUE(ParseH265Sps(sps).ok());
  for (size_t size = 0; size < sps.size(); ++size) {
    const Bytes cut(sps.begin(), sps.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(ParseH265Sps(cut).status().code(), Code::kInvalidArgument) << size;
  }
}

TEST(ParseH265Vps, IdAndTiming) {
  NalBuilder builder({0x40, 0x01});
  builder.Bits(5, 4).Bits(3, 2).Bits(0, 6).Bits(0, 3).Bits(1, 1).Bits(0xFFFF, 16);
  PutProfile(&builder, 1);
  builder.Bits(1, 1).Ue(4).Ue(2).Ue(0);
  builder.Bits(1, 6).Ue(1).Bits(3, 2);  // one layer set more, over two layers
  builder.Bits(1, 1).Bits(1, 32).Bits(25, 32);
  const Result<H265Vps> vps = ParseH265Vps(builder.Build());
  ASSERT_TRUE(vps.ok()) << vps.status().ToString();
  EXPECT_EQ(vps->id, 5U);
  EXPECT_EQ(vps->max_sub_layers, 1U);
  EXPECT_EQ(vps->profile.level_idc, 93);
  EXPECT_EQ(vps->timing, (VideoTiming{1, 25}));
}

TEST(ParseH265Pps, Ids) {
  const Result<H265Pps> pps = ParseH265Pps(NalBuilder({0x44, 0x01}).Ue(63).Ue(15).Build());
  ASSERT_TRUE(pps.ok());
  EXPECT_EQ(pps->id, 63U);
  EXPECT_EQ(pps->sps_id, 15U);
  EXPECT_THAT(ParseH265Pps(NalBuilder({0x44, 0x01}).Ue(64).Ue(0).Build()).status().message(),
              HasSubstr("pps_pic_parameter_set_id is 64"));
  EXPECT_FALSE(ParseH265Pps({}).ok());
}

}  // namespace
}  // namespace reel
