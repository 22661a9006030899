// Real footage: what engine/media says of it against what ffprobe and ffmpeg's trace_headers filter
// say.
#include "tests/media/footage.h"

#include <gtest/gtest.h>

#include <ostream>

#include "engine/media/clean_point.h"
#include "engine/media/parameter_set_tracker.h"
#include "engine/media/video_format.h"

namespace reel {
namespace {

struct Expected {
  const char* name;
  // From ffprobe -count_packets (units), -show_frames and trace_headers (kinds). Packets' key flags
  // are not the source: they do not tell the kinds apart.
  size_t units;
  size_t idr;
  size_t cra;
  size_t recovery;  // recovery points without intra refresh
  size_t refresh;
  size_t rasl;
  uint32_t width;  // from ffprobe -show_streams; 0: no parameter sets in the file
  uint32_t height;
  const char* codec_string;
  size_t no_picture = 0;
  uint64_t generations = 1;  // how often the parameter sets change, counting the first
};

void PrintTo(const Expected& expected, std::ostream* out) { *out << expected.name; }

// Committed files first, then those kept beside the sources.
const Expected kFootage[] = {
    {"axis-test_h264.mp4", 256, 5, 0, 0, 0, 0, 480, 640, "avc1.640029"},
    {"axis-test_h265.mp4", 302, 5, 0, 0, 0, 0, 640, 480, "hvc1.1.2.H123.80"},
    {"androidx-iibbibb_editlist_videoonly.mp4", 13, 1, 0, 4, 0, 0, 704, 576, "avc1.F40016"},
    {"mediamtx-offline_h265.mp4", 30, 1, 0, 0, 0, 0, 1920, 1080, "hvc1.1.6.L120.90"},
    {"mp4ff-ed_hevc.mp4", 27, 1, 0, 0, 0, 0, 640, 360, "hvc1.1.6.L120.90"},
    {"m26x-input-32-640x360-main.h265", 33, 1, 3, 0, 0, 3, 640, 360, "hvc1.1.6.L63.90"},
    {"openh264-Static.264", 10, 1, 0, 0, 0, 0, 152, 100, "avc1.42000D"},
    {"m26x-input-sps-pps-non-idr.h264", 19, 2, 0, 0, 0, 0, 1440, 796, "avc1.42C02A"},
    {"m26x-input-30-240p-vp-sps-pps.h264", 30, 3, 0, 0, 0, 0, 428, 240, "avc1.640015", 0, 2},
    {"made-intra-refresh.h264", 30, 1, 0, 0, 2, 0, 64, 48, ""},
    {"made-open-gop.h264", 30, 1, 0, 2, 0, 0, 64, 48, ""},
    {"made-slices-aud.h264", 30, 3, 0, 0, 0, 0, 64, 48, ""},
    {"made-interlaced.h264", 30, 3, 0, 0, 0, 0, 64, 48, ""},
    {"made-open-gop.h265", 30, 1, 2, 0, 0, 0, 64, 48, ""},
    {"made-slices-aud.h265", 30, 1, 2, 0, 0, 2, 128, 160, ""},

    {"androidx-bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4", 120, 4, 0, 0, 0, 0, 800, 640, ""},
    {"androidx-edit_list_positive_shift.mp4", 270, 2, 0, 0, 0, 0, 1920, 1080, ""},
    {"androidx-long_1080p_videoonly_lowbitrate.mp4", 10'883, 44, 0, 0, 0, 0, 1920, 1080, ""},
    {"androidx-sample_2_byte_NAL_length.mp4", 30, 1, 0, 0, 0, 0, 1080, 720, ""},
    {"androidx-sample_unrecognized_hevc_sei.mp4", 3, 1, 0, 0, 0, 0, 1080, 720, ""},
    {"axis-signed_test_h264.mp4", 257, 5, 0, 0, 0, 0, 480, 640, "", 1},
    {"intel-bottle-detection.mp4", 1189, 5, 0, 0, 0, 0, 640, 360, ""},
    {"intel-car-detection.mp4", 377, 7, 0, 0, 0, 0, 768, 432, ""},
    {"m26x-h264-ref_video_variable_parameters.mp4", 1200, 6, 0, 0, 0, 0, 640, 380, "", 0, 2},
    {"m26x-input-10-no-pps-sps.h264", 10, 1, 0, 0, 0, 0, 0, 0, "", 0, 0},
    {"m26x-input-30-240p-no-sps-pps.h264", 30, 3, 0, 0, 0, 0, 0, 0, "", 0, 0},
    {"m26x-input-15-1280x720-temporal-id-1.h265", 15, 1, 0, 0, 0, 0, 1280, 720, ""},
    {"m26x-input-30-640x480-no-bframes.h265", 30, 1, 0, 0, 0, 0, 640, 480, ""},
    {"m26x-input-300-98x58-conformance-window.h265", 300, 1, 2, 0, 0, 0, 98, 58, ""},
    {"m26x-input-60-640x480-variable-parameters.h265", 60, 6, 0, 0, 0, 0, 640, 480, "", 0, 3},
    {"m26x-input-idr-sps-pps-non-idr.h264", 10, 1, 0, 0, 0, 0, 1280, 720, ""},
    {"m26x-input-irap-pss-no-irap.h265", 36, 2, 0, 0, 0, 0, 640, 480, ""},
    {"mrtp-bun.h264", 812, 18, 0, 0, 0, 0, 480, 270, ""},
    {"tau-raw.h265", 276, 1, 0, 0, 0, 0, 640, 480, ""},
    {"vpl-cars_320x240.h264", 30, 1, 0, 0, 0, 0, 320, 240, ""},
    {"openh264-Cisco_Men_whisper_640x320_CABAC_Bframe_9.264", 9, 2, 0, 0, 0, 0, 640, 320, ""},
    {"openh264-Error_I_P.264", 6, 3, 0, 0, 0, 0, 352, 288, "", 0, 3},
};

class FootageTest : public ::testing::TestWithParam<Expected> {};

// The file's units, stored form, with its codec and the parameter sets that stand outside them.
struct Stream {
  Codec codec = Codec::kH264;
  std::vector<Bytes> outer_sets;
  std::vector<Bytes> units;
};

Stream ReadStream(const std::string& name, const Bytes& file) {
  Stream stream;
  if (name.ends_with(".mp4")) {
    Mp4Video video = ReadMp4(file);
    stream.codec = video.codec;
    stream.outer_sets = std::move(video.parameter_sets);
    for (ByteSpan sample : video.samples) {
      Result<Bytes> unit = ToLengthPrefixed(sample, video.framing);
      EXPECT_TRUE(unit.ok()) << unit.status().ToString();
      if (unit.ok()) stream.units.push_back(*std::move(unit));
    }
  } else {
    stream.codec = name.ends_with("265") ? Codec::kH265 : Codec::kH264;
    stream.units = SplitUnits(stream.codec, file);
  }
  return stream;
}

TEST_P(FootageTest, MatchesTheReference) {
  const Expected& expected = GetParam();
  REEL_FOOTAGE_OR_SKIP(file, expected.name);
  const Stream stream = ReadStream(expected.name, file);
  EXPECT_EQ(stream.units.size(), expected.units);

  ParameterSetTracker tracker(stream.codec);
  EXPECT_TRUE(
      tracker.Observe(std::vector<ByteSpan>(stream.outer_sets.begin(), stream.outer_sets.end()))
          .ok());
  Bytes first_config = tracker.config();
  size_t idr = 0, cra = 0, recovery = 0, refresh = 0, rasl = 0, no_picture = 0;
  for (const Bytes& unit : stream.units) {
    const Result<NalList> nals = SplitNals(unit, NalFraming::kLength4);
    ASSERT_TRUE(nals.ok());
    const PictureInfo info = ClassifyPicture(stream.codec, *nals);
    idr += info.clean == CleanKind::kIdr ? 1 : 0;
    cra += info.clean == CleanKind::kCra ? 1 : 0;
    recovery += info.clean == CleanKind::kRecoveryPoint && !info.intra_refresh ? 1 : 0;
    refresh += info.intra_refresh ? 1 : 0;
    rasl += info.leading == LeadingKind::kRasl ? 1 : 0;
    no_picture += info.has_picture ? 0 : 1;
    EXPECT_TRUE(tracker.Observe(*nals).ok());
    if (first_config.empty()) first_config = tracker.config();
  }
  EXPECT_EQ(idr, expected.idr);
  EXPECT_EQ(cra, expected.cra);
  EXPECT_EQ(recovery, expected.recovery);
  EXPECT_EQ(refresh, expected.refresh);
  EXPECT_EQ(rasl, expected.rasl);
  EXPECT_EQ(no_picture, expected.no_picture);
  EXPECT_EQ(tracker.generation(), expected.generations);
  EXPECT_EQ(tracker.complete(), expected.width != 0);
  if (expected.width == 0) return;

  const Result<VideoFormat> format = DescribeVideo(stream.codec, first_config);
  ASSERT_TRUE(format.ok()) << format.status().ToString();
  EXPECT_EQ(format->width, expected.width);
  EXPECT_EQ(format->height, expected.height);
  if (*expected.codec_string != '\0') {
    EXPECT_EQ(format->codec_string, expected.codec_string);
  }
}

std::string TestName(const ::testing::TestParamInfo<Expected>& info) {
  std::string name = info.param.name;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Footage, FootageTest, ::testing::ValuesIn(kFootage), TestName);

}  // namespace
}  // namespace reel
