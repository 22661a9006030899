// Every file of footage: read exactly, exported, and decoded to the same pictures as the original.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "tests/av/av_testing.h"

namespace reel::av_testing {
namespace {

struct Expected {
  size_t video_units;
  size_t clean;
  size_t open_gop = 0;
  size_t intra_refresh = 0;
  size_t no_picture = 0;
  size_t changes = 0;  // of parameter sets, behind the first unit
};

// Counted once and looked through by hand; units also against libavformat in UnitsAreExact.
const std::map<std::string, Expected>& Table() {
  static const std::map<std::string, Expected> table = {
      {"androidx-bbb_800x640_768kbps_30fps_avc_2b_firstpts_10_sec.mp4", {120, 1}},
      {"androidx-bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4", {120, 4}},
      {"androidx-cmaf-h264-join.mp4", {90, 12}},
      {"androidx-edit_list_positive_shift.mp4", {270, 2}},
      {"androidx-iibbibb_editlist_videoonly.mp4", {13, 5, 4}},
      {"androidx-long_1080p_videoonly_lowbitrate.mp4", {10'883, 44}},
      {"androidx-sample_2_byte_NAL_length.mp4", {30, 1}},
      {"androidx-sample_android_slow_motion.mp4", {7, 1}},
      {"androidx-sample_empty_track.mp4", {30, 1}},
      {"androidx-sample_partially_fragmented.mp4", {30, 1}},
      {"androidx-sample_unrecognized_hevc_sei.mp4", {3, 1}},
      {"axis-signed_test_h264.mp4", {257, 5, 0, 0, 1}},
      {"axis-test_h264.mp4", {256, 5}},
      {"axis-test_h265.mp4", {302, 5}},
      {"intel-bottle-detection.mp4", {1189, 5}},
      {"intel-car-detection.mp4", {377, 7}},
      {"m26x-h264-ref_video_variable_parameters.mp4", {1200, 6, 0, 0, 0, 1}},
      {"mediamtx-offline_h265.mp4", {30, 1}},
      {"mp4ff-ed_hevc.mp4", {27, 1}},
      {"mp4ff-v300_multiple_segments.mp4", {240, 8}},
      {"androidx-sample_h264_no_access_unit_delimiters.ts", {3, 1}},
      {"androidx-sample_h265.ts", {30, 1}},
      {"tsduck-test-064.ts", {299, 2}},
      {"mediamtx-emptyvideo.mkv", {300, 10}},
      {"m26x-input-10-no-pps-sps.h264", {10, 1}},
      {"m26x-input-15-1280x720-temporal-id-1.h265", {15, 1}},
      {"m26x-input-30-240p-no-sps-pps.h264", {30, 3}},
      {"m26x-input-30-240p-vp-sps-pps.h264", {30, 3, 0, 0, 0, 1}},
      {"m26x-input-30-640x480-no-bframes.h265", {30, 1}},
      {"m26x-input-300-98x58-conformance-window.h265", {300, 3, 2}},
      {"m26x-input-32-640x360-main.h265", {33, 4, 3}},
      {"m26x-input-60-640x480-variable-parameters.h265", {60, 6, 0, 0, 0, 2}},
      {"m26x-input-idr-sps-pps-non-idr.h264", {10, 1, 0, 0, 0, 1}},
      {"m26x-input-irap-pss-no-irap.h265", {36, 2, 0, 0, 0, 1}},
      {"m26x-input-sps-pps-non-idr.h264", {19, 2}},
      {"mrtp-bun.h264", {812, 18}},
      {"openh264-Cisco_Men_whisper_640x320_CABAC_Bframe_9.264", {9, 2}},
      {"openh264-Error_I_P.264", {6, 3, 0, 0, 0, 2}},
      {"openh264-Static.264", {10, 1}},
      {"tau-raw.h265", {276, 1}},
      {"vpl-cars_320x240.h264", {30, 1}},
      {"made-interlaced.h264", {30, 3}},
      {"made-intra-refresh.h264", {30, 3, 2, 2}},
      {"made-open-gop.h264", {30, 3, 2}},
      {"made-open-gop.h265", {30, 3, 2}},
      {"made-slices-aud.h264", {30, 3}},
      {"made-slices-aud.h265", {30, 3, 2}},
  };
  return table;
}

class Footage : public testing::TestWithParam<std::string> {};

TEST_P(Footage, UnitsAreExact) {
  const std::string path = FootagePath(GetParam());
  const Result<ReadMedia> media = ReadAll(path);
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  EXPECT_TRUE(media->end.ok()) << media->end.ToString();
  EXPECT_TRUE(media->left_out.empty()) << media->left_out[0].ToString();
  const TrackInfo& video = media->first_tracks[0];
  ASSERT_EQ(video.kind, TrackKind::kVideo);

  size_t packet_count = 0;
  const std::vector<Bytes> expected = NalsOfOriginal(path, video.codec, &packet_count);
  EXPECT_FALSE(expected.empty());
  EXPECT_EQ(NalsOfTrack(*media, 0), expected);
  if (packet_count > 0) {
    EXPECT_EQ(media->OfTrack(0).size(), packet_count);
  }

  Duration last{0};
  for (const ReadUnit& unit : media->units) {
    EXPECT_GE(unit.unit.offset, last);
    last = unit.unit.offset;
  }
}

TEST_P(Footage, FlagsAreAsCounted) {
  const auto expected = Table().find(GetParam());
  ASSERT_NE(expected, Table().end()) << "new footage: add a row to the table";
  const Result<ReadMedia> media = ReadAll(FootagePath(GetParam()));
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  size_t changes = 0;
  for (const ReadUnit& unit : media->units) changes += unit.unit.track_change ? 1U : 0U;
  EXPECT_EQ(media->OfTrack(0).size(), expected->second.video_units);
  EXPECT_EQ(media->Count(kUnitClean), expected->second.clean);
  EXPECT_EQ(media->Count(kUnitOpenGop), expected->second.open_gop);
  EXPECT_EQ(media->Count(kUnitIntraRefresh), expected->second.intra_refresh);
  EXPECT_EQ(media->Count(kUnitNoPicture), expected->second.no_picture);
  EXPECT_EQ(media->Count(kUnitLossBefore), 0U);
  EXPECT_EQ(changes, expected->second.changes);
}

bool HasNoParameterSets(const std::string& name) {
  return name.find("no-sps-pps") != std::string::npos ||
         name.find("no-pps-sps") != std::string::npos;
}

// As a whole file and in fragments; `complaints` is whether FFmpeg has any about the original.
void ExpectSameFootage(const std::string& exported, const std::vector<Bytes>& nals,
                       const std::vector<std::string>& hashes, bool complaints) {
  const Result<ReadMedia> media = ReadAll(exported);
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  EXPECT_EQ(NalsOfTrack(*media, 0), nals);
  EXPECT_EQ(DecodedHashes(exported, "v", "-ignore_editlist 1"), hashes);
  if (!complaints) {
    EXPECT_EQ(Complaints(exported), "");
  }
}

TEST_P(Footage, ExportShowsTheSamePictures) {
  if (!HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const std::string path = FootagePath(GetParam());
  const TempFolder folder;
  TestNode node;
  ASSERT_TRUE(Record(path, &node).ok());
  const char* outcome = "same pictures";
  size_t original_frames = 0;
  if (HasNoParameterSets(GetParam())) {
    const Status status = node.Open().status();
    EXPECT_EQ(status.code(), Code::kFailedPrecondition);
    EXPECT_NE(status.message().find("parameter sets"), std::string::npos) << status.ToString();
    outcome = "refused: no parameter sets";
  } else {
    const Result<ReadMedia> media = ReadAll(path);
    ASSERT_TRUE(media.ok());
    const std::vector<Bytes> nals = NalsOfTrack(*media, 0);
    const std::vector<std::string> original =
        DecodedHashes(path, "v", IsMp4(path) ? "-ignore_editlist 1" : "");
    original_frames = original.size();
    EXPECT_FALSE(original.empty());
    const bool complaints = !Complaints(path).empty();
    for (const bool fragmented : {false, true}) {
      SCOPED_TRACE(fragmented ? "fragmented" : "whole");
      ExportOptions options;
      options.fragmented = fragmented;
      const std::string exported = folder.Path(fragmented ? "fragments.mp4" : "whole.mp4");
      const Status status = node.Write(exported, options);
      ASSERT_TRUE(status.ok()) << status.ToString();
      ExpectSameFootage(exported, nals, original, complaints);
    }
  }
  if (HasFailure()) outcome = "DIFFERS";
  std::printf("| %-60s | %5zu frames | %s |\n", GetParam().c_str(), original_frames, outcome);
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Footage, testing::ValuesIn(FootageNames()), TestName);

TEST(SharedFootage, IsThere) {
  if (!HasSharedFootage()) GTEST_SKIP() << "shared/media is not here: only tests/data/media is run";
}

}  // namespace
}  // namespace reel::av_testing
