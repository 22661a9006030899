// Pictures: each one that the stepper stands at is decoded, by the real confined child, to the
// frame that ffmpeg shows at that position of the original; hostile units cost one picture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/av/thumbnail.h"
#include "engine/media/nal.h"
#include "tests/av/av_testing.h"
#include "tests/media/nal_builder.h"
#include "tests/tools/process.h"
#include "tools/exit_codes.h"
#include "tools/node_session.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr char kStart[] = "2026-01-01T12:00:00Z";
constexpr WallTime kBegin{1'767'268'800'000'000'000};  // the same

PictureDecoderOptions Command() { return {{REEL_COMMAND, kDecodeChildVerb}}; }

PictureJob JobOf(const PictureSource& source) {
  PictureJob job;
  job.codec = source.track.codec;
  job.parameter_sets = source.track.config;
  for (const auto& coded : source.units) job.units.push_back({coded.rank, coded.bytes});
  return job;
}

class Pictures : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD) << "a child is left";
  }

  Outcome On(Words arguments) const {
    arguments.insert(arguments.begin() + 1, {"--node", node_});
    return Reel(arguments);
  }
  void Import(const std::string& path) {
    const Outcome imported = On({"import", "--start", kStart, "cam=" + path});
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    auto session = NodeSession::OpenForReading(node_);
    ASSERT_TRUE(session.ok()) << session.status().ToString();
    session_ = *std::move(session);
    stream_ = session_->store().FindStream("cam")->id;
  }
  std::unique_ptr<PictureStepper> Open(WallTime time) {
    auto stepper = PictureStepper::Open(session_->store(), stream_, time);
    EXPECT_TRUE(stepper.ok()) << stepper.status().ToString();
    return stepper.ok() ? *std::move(stepper) : nullptr;
  }
  const std::string& node() const { return node_; }

  const TempFolder folder_;
  const std::string node_ = MakeNode(folder_);
  std::unique_ptr<NodeSession> session_;
  StreamId stream_;
};

// Luma of every frame of a file, as ffmpeg decodes it.
std::vector<Bytes> FramesOf(const std::string& path, const std::string& folder,
                            size_t frame_bytes) {
  const std::string raw = folder + "/frames";
  const auto done = av_testing::Ffmpeg(
      {"-i", av_testing::Quoted(path), "-map 0:v:0 -fps_mode passthrough -threads 1",
       "-vf scale=flags=area:out_range=full,format=yuvj420p -f rawvideo", av_testing::Quoted(raw)});
  EXPECT_TRUE(done.ok()) << done.status().ToString();
  const Bytes all = av_testing::ReadFile(raw);
  std::vector<Bytes> frames;
  for (size_t at = 0; at + frame_bytes * 3 / 2 <= all.size(); at += frame_bytes * 3 / 2) {
    frames.emplace_back(all.begin() + static_cast<ptrdiff_t>(at),
                        all.begin() + static_cast<ptrdiff_t>(at + frame_bytes));
  }
  return frames;
}

uint64_t Difference(ByteSpan a, ByteSpan b) {
  uint64_t sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<uint64_t>(std::abs(std::to_integer<int>(a[i]) - std::to_integer<int>(b[i])));
  }
  return sum;
}

uint64_t LeastDifference(const std::vector<Bytes>& frames, ByteSpan luma) {
  uint64_t least = UINT64_MAX;
  for (const Bytes& frame : frames) least = std::min(least, Difference(frame, luma));
  return least;
}

class EveryPicture : public Pictures, public testing::WithParamInterface<std::string> {};

TEST_P(EveryPicture, IsTheFrameThatFfmpegShows) {
  if (!av_testing::HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const std::string path = Media(GetParam());
  Import(path);
  const auto stepper = Open(kBegin);
  ASSERT_NE(stepper, nullptr);
  std::vector<Bytes> frames;
  size_t position = 0;
  do {
    const Result<PictureSource> source = stepper->Source();
    ASSERT_TRUE(source.ok()) << source.status().ToString();
    const Result<PictureAnswer> answer = PictureDecoder(Command()).Decode(JobOf(*source));
    ASSERT_TRUE(answer.ok()) << position << ": " << answer.status().ToString();
    EXPECT_EQ(answer->rank, source->units.back().rank);
    const size_t luma_bytes = size_t{answer->image.width} * answer->image.height;
    if (frames.empty()) frames = FramesOf(path, folder_.path().string(), luma_bytes);
    ASSERT_LT(position, frames.size());
    // None is nearer; still parts of the footage give equal ones.
    const ByteSpan luma = ByteSpan(answer->image.planes).first(luma_bytes);
    EXPECT_EQ(Difference(frames[position], luma), LeastDifference(frames, luma)) << position;
    ++position;
  } while (*stepper->Next());
  EXPECT_EQ(position, frames.size());
}

std::string TestName(const testing::TestParamInfo<std::string>& of) {
  std::string name = of.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, EveryPicture,
                         testing::Values("made-open-gop.h264", "made-open-gop.h265",
                                         "made-slices-aud.h264", "made-slices-aud.h265",
                                         "made-interlaced.h264", "m26x-input-32-640x360-main.h265"),
                         TestName);

TEST_F(Pictures, ThumbnailIsAJpegOfThatMoment) {
  Import(Media("axis-test_h264.mp4"));
  const std::string out = folder_ / "x.jpg";
  const Outcome made = On(
      {"thumbnail", "cam", "--at", "2026-01-01T12:00:05Z", "-o", out, "--width", "240", "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const json report = json::parse(made.out);
  EXPECT_EQ(report["width"], 240);
  EXPECT_EQ(report["height"], 320);
  EXPECT_EQ(report["shown"].get<std::string>().substr(0, 20), "2026-01-01T12:00:04.");
  EXPECT_EQ(report["concealed"], false);
  const Outcome probed = RunCommand({"ffprobe", "-v", "error", "-show_entries",
                                     "stream=codec_name,width,height", "-of", "csv=p=0", out});
  EXPECT_EQ(probed.out, "mjpeg,240,320\n");
  EXPECT_EQ(On({"thumbnail", "cam", "--at", "2026-01-01T12:00:05Z", "-o", out}).exit_code,
            static_cast<int>(ExitCode::kRefused))
      << "it is not replaced";
}

TEST_F(Pictures, WhereThereIsNothingTheReasonIsSaid) {
  Import(Media("axis-test_h264.mp4"));
  const std::string out = folder_ / "x.jpg";
  const Outcome gap = On({"thumbnail", "cam", "--at", "2026-01-01T13:00:00Z", "-o", out});
  EXPECT_EQ(gap.exit_code, static_cast<int>(ExitCode::kNotFound));
  EXPECT_THAT(gap.err, ContainsRegex("nothing at 2026-01-01T13:00:00.*\\(not-recorded\\)"));
  EXPECT_FALSE(fs::exists(out));
  EXPECT_EQ(On({"thumbnail", "cam", "--at", "2026-01-01T12:00:01Z", "-o", out, "--width", "33"})
                .exit_code,
            static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(On({"seek", "cam", "2026-01-01T11:00:00Z"}).out, HasSubstr("(not-recorded)"));
}

TEST_F(Pictures, FilmstripHasATilePerMomentAndGreyForGaps) {
  Import(Media("made-slices-aud.h264"));  // three seconds or so
  const std::string out = folder_ / "strip.jpg";
  const Outcome made = On({"filmstrip", "cam", "--from", kStart, "--to", "2026-01-01T12:00:06Z",
                           "--count", "6", "--width", "160", "-o", out, "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const json report = json::parse(made.out);
  ASSERT_EQ(report["tiles"].size(), 6U);
  EXPECT_EQ(report["columns"], 3);
  EXPECT_EQ(report["width"], 480);
  EXPECT_TRUE(report["tiles"][0].contains("shown"));
  EXPECT_FALSE(report["tiles"][5].contains("shown"));
  EXPECT_THAT(report["tiles"][5]["note"].get<std::string>(), HasSubstr("not-recorded"));
  EXPECT_THAT(On({"filmstrip", "cam", "--from", "2026-01-01T13:00:00Z", "--to",
                  "2026-01-01T13:00:06Z", "-o", folder_ / "none.jpg"})
                  .err,
              HasSubstr("nothing at"));
  EXPECT_FALSE(fs::exists(folder_ / "none.jpg"));
}

// What comes of flipped bits is a picture with made-up parts, or an error: for each picture alone.
TEST_F(Pictures, FlippedBitsCostNoMoreThanThePicture) {
  for (const std::string name : {"made-open-gop.h265", "made-slices-aud.h264"}) {
    const Result<av_testing::ReadMedia> media = av_testing::ReadAll(Media(name));
    ASSERT_TRUE(media.ok());
    std::mt19937 random(11);  // NOLINT(cert-msc51-cpp): the same each time
    size_t decoded = 0;
    for (int round = 0; round < 30; ++round) {
      std::vector<Bytes> units;
      for (size_t i = 0; i < 8; ++i) units.push_back(media->units[i].bytes);
      const size_t flips = 1 + random() % 40;
      for (size_t i = 0; i < flips; ++i) {
        Bytes& unit = units[random() % units.size()];
        unit[4 + random() % (unit.size() - 4)] ^= static_cast<std::byte>(1U << random() % 8);
      }
      PictureJob job;
      job.codec = media->first_tracks[0].codec;
      job.parameter_sets = media->first_tracks[0].config;
      for (uint32_t i = 0; i < units.size(); ++i) job.units.push_back({i, units[i]});
      const Result<PictureAnswer> answer = PictureDecoder(Command()).Decode(job);
      decoded += answer.ok() ? 1U : 0U;
      if (answer.ok()) continue;
      EXPECT_THAT(answer.status().code(), AnyOf(Code::kFailedPrecondition, Code::kDataLoss))
          << answer.status().ToString();
    }
    EXPECT_GT(decoded, 0U) << name;
  }
}

// A parameter set of `macroblocks` squared, and the beginning of a picture.
PictureJob HugePicture(uint64_t macroblocks, Bytes* sets, Bytes* slice) {
  const auto add = [](const Bytes& nal, Bytes* out) { AppendLengthPrefixed(nal, out); };
  NalBuilder sps({0x67});
  sps.Bits(66, 8).Bits(0, 8).Bits(62, 8).Ue(0).Ue(0).Ue(2).Ue(16).Bits(0, 1);
  sps.Ue(macroblocks - 1).Ue(macroblocks - 1).Bits(1, 1).Bits(0, 1).Bits(0, 1).Bits(0, 1);
  NalBuilder pps({0x68});
  pps.Ue(0).Ue(0).Bits(0, 2).Ue(0).Ue(0).Ue(0).Bits(0, 3).Se(0).Se(0).Se(0).Bits(0, 3);
  NalBuilder idr({0x65});
  idr.Ue(0).Ue(7).Ue(0).Bits(0, 4).Ue(0).Bits(0, 2).Se(0).Bits(0, 64);
  add(sps.Build(), sets);
  add(pps.Build(), sets);
  add(idr.Build(), slice);
  PictureJob job;
  job.parameter_sets = *sets;
  job.units.push_back({0, *slice});
  return job;
}

TEST_F(Pictures, AbsurdSizesAreAnError) {
  for (const uint64_t macroblocks :
       {uint64_t{400}, uint64_t{1055}, uint64_t{4000}, uint64_t{1} << 31}) {
    Bytes sets;
    Bytes slice;
    const PictureJob job = HugePicture(macroblocks, &sets, &slice);
    const Result<PictureAnswer> answer = PictureDecoder(Command()).Decode(job);
    EXPECT_THAT(answer.status().code(), AnyOf(Code::kFailedPrecondition, Code::kResourceExhausted))
        << macroblocks << ": " << answer.status().ToString();
  }
}

TEST_F(Pictures, UnitsThatAreNoUnitsAreAnError) {
  const Bytes noise = [] {
    Bytes bytes(5000);
    std::mt19937 random(5);  // NOLINT(cert-msc51-cpp): the same each time
    for (std::byte& b : bytes) b = static_cast<std::byte>(random());
    return bytes;
  }();
  PictureJob job;
  job.units.push_back({0, noise});
  EXPECT_EQ(PictureDecoder(Command()).Decode(job).status().code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace reel
