#include "engine/media/video_format.h"

#include <gtest/gtest.h>

#include "engine/media/nal.h"
#include "engine/media/parameter_set_tracker.h"
#include "tests/media/footage.h"
#include "tests/media/nal_builder.h"

namespace reel {
namespace {

TEST(CodecString, H264) {
  H264Sps sps;
  sps.profile_idc = 0x4D;
  sps.constraint_flags = 0x40;
  sps.level_idc = 0x0A;
  EXPECT_EQ(CodecString(sps), "avc1.4D400A");
}

// The examples of ISO/IEC 14496-15 E.3.
TEST(CodecString, H265) {
  H265Sps sps;
  sps.profile = {
      .idc = 1, .compatibility_flags = 0x60000000, .constraint_bytes = {0xB0}, .level_idc = 93};
  EXPECT_EQ(CodecString(sps), "hvc1.1.6.L93.B0");
  sps.profile = {.space = 1,
                 .high_tier = true,
                 .idc = 4,
                 .compatibility_flags = 0x08000000,
                 .constraint_bytes = {0xB0, 0x23},
                 .level_idc = 120};
  EXPECT_EQ(CodecString(sps), "hvc1.A4.10.H120.B0.23");
  sps.profile = {
      .idc = 2, .compatibility_flags = 0x20000000, .constraint_bytes = {}, .level_idc = 30};
  EXPECT_EQ(CodecString(sps), "hvc1.2.4.L30");
}

Result<VideoFormat> DescribeFile(const char* name, const Bytes& file) {
  const Mp4Video video = ReadMp4(file);
  ParameterSetTracker tracker(video.codec);
  EXPECT_TRUE(
      tracker
          .Observe(std::vector<ByteSpan>(video.parameter_sets.begin(), video.parameter_sets.end()))
          .ok())
      << name;
  return DescribeVideo(video.codec, tracker.config());
}

// Reference: ffmpeg's trace_headers filter on the file.
TEST(DescribeVideo, TimingAndReordering) {
  REEL_FOOTAGE_OR_SKIP(h264, "androidx-iibbibb_editlist_videoonly.mp4");
  const Result<VideoFormat> avc = DescribeFile("iibbibb", h264);
  ASSERT_TRUE(avc.ok());
  EXPECT_EQ(avc->max_reorder_pictures, 2U);
  EXPECT_EQ(avc->frame_duration, (VideoTiming{2, 2}));  // two ticks of 1/2 s
  REEL_FOOTAGE_OR_SKIP(h265, "mp4ff-ed_hevc.mp4");
  const Result<VideoFormat> hevc = DescribeFile("ed_hevc", h265);
  ASSERT_TRUE(hevc.ok());
  EXPECT_EQ(hevc->frame_duration, (VideoTiming{1, 25}));
  EXPECT_EQ(hevc->bit_depth, 8U);
  EXPECT_EQ(hevc->chroma_format_idc, 1U);
}

TEST(DescribeVideo, H265TimingMayStandInTheVpsAlone) {
  NalBuilder vps({0x40, 0x01});
  vps.Bits(0, 4).Bits(3, 2).Bits(0, 6).Bits(0, 3).Bits(1, 1).Bits(0xFFFF, 16);
  vps.Bits(1, 48).Bits(1, 48).Bits(1, 1).Ue(4).Ue(2).Ue(0);
  vps.Bits(0, 6).Ue(0).Bits(1, 1).Bits(1, 32).Bits(20, 32);
  NalBuilder sps({0x42, 0x01});
  sps.Bits(0, 4).Bits(0, 3).Bits(1, 1).Bits(1, 48).Bits(1, 48).Ue(0).Ue(1).Ue(64).Ue(48).Bits(0, 1);
  sps.Ue(0).Ue(0).Ue(4).Bits(1, 1).Ue(4).Ue(2).Ue(0);
  Bytes config;
  AppendLengthPrefixed(sps.Build(), &config);
  AppendLengthPrefixed(vps.Build(), &config);
  const Result<VideoFormat> format = DescribeVideo(Codec::kH265, config);
  ASSERT_TRUE(format.ok()) << format.status().ToString();
  EXPECT_EQ(format->frame_duration, (VideoTiming{1, 20}));
  EXPECT_EQ(format->height, 48U);
}

TEST(DescribeVideo, NeedsAnSps) {
  EXPECT_EQ(DescribeVideo(Codec::kH264, {}).status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(DescribeVideo(Codec::kH265, MakeBytes({0, 0, 0, 2, 0x44, 1})).status().code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(DescribeVideo(Codec::kH264, MakeBytes({0, 0, 0, 9})).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(DescribeVideo(Codec::kH264, MakeBytes({0, 0, 0, 2, 0x67, 66})).status().code(),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace reel
