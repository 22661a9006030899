#include "engine/media/parameter_sets.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/media/nal_builder.h"

namespace reel {
namespace {

using ::testing::HasSubstr;

// The values of a hand-built H.264 SPS; a test changes the one it is about.
struct H264Fields {
  uint64_t profile = 66;
  uint64_t id = 0;
  uint64_t chroma = 1;
  uint64_t bit_depth_minus8 = 0;
  uint64_t frame_num_minus4 = 0;
  uint64_t poc_type = 0;
  uint64_t poc_lsb_minus4 = 2;
  uint64_t cycle = 0;
  uint64_t ref_frames = 1;
  uint64_t width_mbs = 20;
  uint64_t map_units = 15;
  bool frame_mbs_only = true;
  std::array<uint64_t, 4> crop{};  // left, right, top, bottom
  std::function<void(NalBuilder*)> vui = nullptr;
};

Bytes BuildH264Sps(const H264Fields& f) {
  NalBuilder sps({0x67});
  sps.Bits(f.profile, 8).Bits(0xC0, 8).Bits(30, 8).Ue(f.id);
  if (f.profile == 100) {
    sps.Ue(f.chroma);
    if (f.chroma == 3) sps.Bits(0, 1);
    sps.Ue(f.bit_depth_minus8).Ue(f.bit_depth_minus8).Bits(0, 1).Bits(0, 1);
  }
  sps.Ue(f.frame_num_minus4).Ue(f.poc_type);
  if (f.poc_type == 0) sps.Ue(f.poc_lsb_minus4);
  if (f.poc_type == 1) {
    sps.Bits(1, 1).Se(-1).Se(2).Ue(f.cycle);
    for (uint64_t i = 0; i < f.cycle && i < 255; ++i) sps.Se(3);
  }
  sps.Ue(f.ref_frames).Bits(0, 1).Ue(f.width_mbs - 1).Ue(f.map_units - 1);
  sps.Bits(f.frame_mbs_only ? 1 : 0, 1);
  if (!f.frame_mbs_only) sps.Bits(0, 1);
  sps.Bits(1, 1);
  const bool cropped = f.crop != std::array<uint64_t, 4>{};
  sps.Bits(cropped ? 1 : 0, 1);
  if (cropped) {
    for (uint64_t offset : f.crop) sps.Ue(offset);
  }
  sps.Bits(f.vui ? 1 : 0, 1);
  if (f.vui) f.vui(&sps);
  return sps.Build();
}

H264Sps GoodH264(const H264Fields& fields) {
  Result<H264Sps> sps = ParseH264Sps(BuildH264Sps(fields));
  EXPECT_TRUE(sps.ok()) << sps.status().ToString();
  return sps.ok() ? *sps : H264Sps{};
}

TEST(ParseH264Sps, PlainBaseline) {
  const H264Sps sps = GoodH264({});
  EXPECT_EQ(sps.profile_idc, 66);
  EXPECT_EQ(sps.constraint_flags, 0xC0);
  EXPECT_EQ(sps.level_idc, 30);
  EXPECT_EQ(sps.width, 320U);
  EXPECT_EQ(sps.height, 240U);
  EXPECT_EQ(sps.poc_lsb_bits, 6);
  EXPECT_EQ(sps.frame_num_bits, 4);
  EXPECT_FALSE(sps.timing);
  EXPECT_FALSE(sps.max_reorder_pictures);
}

TEST(ParseH264Sps, CroppingCountsInChromaAndFieldUnits) {
  struct Case {
    uint64_t chroma;
    bool frame_mbs_only;
    uint32_t width;
    uint32_t height;
  };
  // 320x240 less (1+2) units of width and (3+4) of height; interlaced heights are pairs of map
  // units.
  for (const Case& c : {Case{0, true, 317, 233}, Case{1, true, 314, 226}, Case{2, true, 314, 233},
                        Case{3, true, 317, 233}, Case{1, false, 314, 452}}) {
    const H264Sps sps = GoodH264({.profile = 100,
                                  .chroma = c.chroma,
                                  .frame_mbs_only = c.frame_mbs_only,
                                  .crop = {1, 2, 3, 4}});
    EXPECT_EQ(sps.width, c.width) << "chroma " << c.chroma;
    EXPECT_EQ(sps.height, c.height) << "chroma " << c.chroma;
  }
}

TEST(ParseH264Sps, HighProfileAndPictureOrder) {
  const H264Sps high = GoodH264({.profile = 100, .bit_depth_minus8 = 2});
  EXPECT_EQ(high.bit_depth_luma, 10U);
  EXPECT_EQ(GoodH264({.poc_type = 1, .cycle = 255}).width, 320U);
  EXPECT_EQ(GoodH264({.poc_type = 2}).max_reorder_pictures, 0U);
}

void PutVui(NalBuilder* sps, uint64_t units_in_tick, uint64_t time_scale) {
  sps->Bits(1, 1).Bits(255, 8).Bits(16, 16).Bits(11, 16);  // aspect_ratio_info
  sps->Bits(0, 1).Bits(0, 1).Bits(0, 1);
  sps->Bits(1, 1).Bits(units_in_tick, 32).Bits(time_scale, 32).Bits(1, 1);
  sps->Bits(1, 1).Ue(1).Bits(0, 8);  // nal_hrd with two schedules
  for (int i = 0; i < 2; ++i) sps->Ue(1000).Ue(2000).Bits(0, 1);
  sps->Bits(0, 20).Bits(0, 1).Bits(0, 1).Bits(1, 1);
  sps->Bits(1, 1).Bits(1, 1).Ue(0).Ue(0).Ue(9).Ue(9).Ue(2).Ue(4);  // bitstream_restriction
}

TEST(ParseH264Sps, Vui) {
  const H264Sps sps = GoodH264({.vui = [](NalBuilder* b) { PutVui(b, 1001, 60'000); }});
  EXPECT_EQ(sps.timing, (VideoTiming{1001, 60'000}));
  EXPECT_EQ(sps.max_reorder_pictures, 2U);
}

TEST(ParseH264Sps, ABadVuiCostsOnlyWhatItWouldSay) {
  EXPECT_FALSE(GoodH264({.vui = [](NalBuilder* b) { PutVui(b, 0, 60'000); }}).timing);
  EXPECT_FALSE(GoodH264({.vui = [](NalBuilder* b) { PutVui(b, 1001, 0); }}).timing);
  const H264Sps cut =
      GoodH264({.vui = [](NalBuilder* b) { b->Bits(0, 4).Bits(1, 1).Bits(7, 20); }});
  EXPECT_FALSE(cut.timing);
  EXPECT_EQ(cut.width, 320U);
  const H264Sps hrd = GoodH264({.vui = [](NalBuilder* b) {
    b->Bits(0, 4).Bits(1, 1).Bits(1, 32).Bits(50, 32).Bits(1, 1).Bits(1, 1).Ue(32).Bits(0, 200);
  }});
  EXPECT_EQ(hrd.timing, (VideoTiming{1, 50}));
  EXPECT_FALSE(hrd.max_reorder_pictures);
}

TEST(ParseH264Sps, RefusesWhatIsOutOfRangeByName) {
  const std::pair<H264Fields, const char*> cases[] = {
      {{.id = 32}, "seq_parameter_set_id is 32"},
      {{.profile = 100, .chroma = 4}, "chroma_format_idc is 4"},
      {{.profile = 100, .bit_depth_minus8 = 7}, "bit_depth_luma_minus8 is 7"},
      {{.frame_num_minus4 = 13}, "log2_max_frame_num_minus4 is 13"},
      {{.poc_type = 3}, "pic_order_cnt_type is 3"},
      {{.poc_lsb_minus4 = 13}, "log2_max_pic_order_cnt_lsb_minus4 is 13"},
      {{.poc_type = 1, .cycle = 300}, "num_ref_frames_in_pic_order_cnt_cycle is 300"},
      {{.poc_type = 1, .cycle = 4'294'967'294},
       "num_ref_frames_in_pic_order_cnt_cycle is 4294967294"},
      {{.ref_frames = 17}, "max_num_ref_frames is 17"},
      {{.width_mbs = 1056}, "pic_width_in_mbs_minus1 is 1055"},
      {{.width_mbs = 268'435'456}, "pic_width_in_mbs_minus1 is 268435455"},
      {{.map_units = 1056}, "pic_height_in_map_units_minus1 is 1055"},
      {{.map_units = 600, .frame_mbs_only = false}, "frame height in macroblocks is 1200"},
      {{.crop = {80, 80, 0, 0}}, "horizontal cropping is 320"},
      {{.crop = {0, 0, 0, 120}}, "vertical cropping is 240"},
      {{.crop = {4'294'967'294, 0, 0, 0}}, "frame_crop_left_offset is 4294967294"},
  };
  for (const auto& [fields, message] : cases) {
    const Status status = ParseH264Sps(BuildH264Sps(fields)).status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(message));
  }
}

TEST(ParseH264Sps, EveryCutIsAnErrorAndNoCrash) {
  const Bytes sps = BuildH264Sps({.profile = 100, .crop = {1, 1, 1, 1}});
  for (size_t size = 0; size + 1 < sps.size(); ++size) {
    const Bytes cut(sps.begin(), sps.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(ParseH264Sps(cut).status().code(), Code::kInvalidArgument) << size;
  }
}

// A list that says "from here on the last value again" (next scale 0), and a full one of 64.
TEST(ParseH264Sps, ScalingLists) {
  NalBuilder sps({0x67});
  sps.Bits(100, 8).Bits(0, 8).Bits(30, 8).Ue(0).Ue(1).Ue(0).Ue(0).Bits(0, 1).Bits(1, 1);
  sps.Bits(1, 1).Se(-8);
  sps.Bits(0, 5);
  sps.Bits(1, 1);
  for (int i = 0; i < 64; ++i) sps.Se(i % 2 == 0 ? 1 : -1);
  sps.Bits(0, 1);
  sps.Ue(0).Ue(2).Ue(1).Bits(0, 1).Ue(19).Ue(14).Bits(1, 1).Bits(1, 1).Bits(0, 2);
  const Result<H264Sps> parsed = ParseH264Sps(sps.Build());
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(parsed->width, 320U);
  EXPECT_EQ(parsed->height, 240U);
}

NalBuilder PpsHead(uint64_t id, uint64_t sps_id) {
  NalBuilder pps({0x68});
  pps.Ue(id).Ue(sps_id).Bits(0, 1).Bits(1, 1);
  return pps;
}

void PutPpsTail(NalBuilder* pps) {
  pps->Ue(0).Ue(0).Bits(0, 3).Se(-3).Se(0).Se(2).Bits(0, 2).Bits(1, 1);
}

TEST(ParseH264Pps, WithEachKindOfSliceGroups) {
  for (uint64_t type = 0; type <= 6; ++type) {
    NalBuilder builder = PpsHead(255, 31);
    builder.Ue(2).Ue(type);
    if (type == 0) builder.Ue(9).Ue(9).Ue(9);
    if (type == 2) builder.Ue(1).Ue(2).Ue(3).Ue(4);
    if (type >= 3 && type <= 5) builder.Bits(1, 1).Ue(7);
    if (type == 6) builder.Ue(9).Bits(0xAAAAA, 20);
    PutPpsTail(&builder);
    const Result<H264Pps> pps = ParseH264Pps(builder.Build());
    ASSERT_TRUE(pps.ok()) << type << pps.status().ToString();
    EXPECT_EQ(pps->id, 255U);
    EXPECT_EQ(pps->sps_id, 31U);
    EXPECT_TRUE(pps->bottom_field_poc_present);
    EXPECT_TRUE(pps->redundant_pic_cnt_present) << type;
  }
}

TEST(ParseH264Pps, RefusesWhatIsOutOfRange) {
  EXPECT_THAT(ParseH264Pps(PpsHead(256, 0).Build()).status().message(),
              HasSubstr("pic_parameter_set_id is 256"));
  EXPECT_THAT(ParseH264Pps(PpsHead(0, 32).Build()).status().message(),
              HasSubstr("seq_parameter_set_id is 32"));
  EXPECT_THAT(ParseH264Pps(PpsHead(0, 0).Ue(8).Build()).status().message(),
              HasSubstr("num_slice_groups_minus1 is 8"));
  // Four billion slice group ids in a few bytes.
  EXPECT_THAT(ParseH264Pps(PpsHead(0, 0).Ue(7).Ue(6).Ue(4'294'967'294).Build()).status().message(),
              HasSubstr("ends after bit"));
}

}  // namespace
}  // namespace reel
