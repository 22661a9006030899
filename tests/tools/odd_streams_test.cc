// Streams that are odd, though real: GOPs of a minute, clocks that jump, pictures before the first
// clean point. All of it is stored and found; nothing is rejected for a time stamp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "reel/pictures.h"
#include "tests/av/av_testing.h"
#include "tests/tools/footage.h"
#include "tests/tools/process.h"
#include "tools/node_session.h"

namespace reel {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr char kStart[] = "2026-01-01T12:00:00Z";
constexpr WallTime kBegin{1'767'268'800'000'000'000};  // the same

class OddStreams : public testing::Test {
 protected:
  void Import(const std::string& path) {
    const Outcome imported = Reel({"import", "--node", node_, "--start", kStart, "cam=" + path});
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    auto session = NodeSession::OpenForReading(node_);
    ASSERT_TRUE(session.ok()) << session.status().ToString();
    session_ = *std::move(session);
    stream_ = store().FindStream("cam")->id;
  }
  Store& store() { return session_->store(); }

  // A test picture for `length` seconds at 5 a second.
  std::string Make(const std::string& name, int length, const std::string& options) const {
    const std::string path = folder_ / name;
    const auto made = av_testing::Ffmpeg(
        {"-f lavfi -i testsrc=size=64x64:rate=5:duration=" + std::to_string(length),
         "-c:v libx264 -threads 1", options, av_testing::Quoted(path)});
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    return path;
  }

  const TempFolder folder_;
  const std::string node_ = MakeNode(folder_);
  std::unique_ptr<NodeSession> session_;
  StreamId stream_;
};

TEST_F(OddStreams, AGopOfAMinuteIsFoundFromItsBeginning) {
  if (!av_testing::HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  Import(Make("long.mp4", 65, "-x264-params keyint=320:scenecut=0"));
  EXPECT_EQ(ReadStream(store(), "cam").size(), 325U);
  const Result<SeekPoint> point =
      store().Seek(stream_, kBegin + seconds(62), SeekRule::kAtOrBefore);
  ASSERT_TRUE(point.ok()) << point.status().ToString();
  EXPECT_EQ(point->begin, kBegin);
  EXPECT_EQ(point->pre_roll, seconds(62));
  const auto stepper = PictureStepper::Open(store(), stream_, kBegin + seconds(62));
  ASSERT_TRUE(stepper.ok()) << stepper.status().ToString();
  EXPECT_GT((*(*stepper)->Source()).units.size(), 290U);
}

// A camera that begins its count anew, once far ahead and once far behind.
TEST_F(OddStreams, ClocksThatJumpCostNothing) {
  if (!av_testing::HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const std::string options = "-bf 2 -g 10 -f mpegts -output_ts_offset ";
  const std::string joined = folder_ / "joined.ts";
  {
    std::ofstream out(joined, std::ios::binary);
    out << ReadText(Make("a.ts", 4, options + "1000"))
        << ReadText(Make("b.ts", 4, options + "40000")) << ReadText(Make("c.ts", 4, options + "5"));
  }
  Import(joined);
  const std::vector<Unit> units = ReadStream(store(), "cam");
  ExpectUnitsOfFile(units, joined);
  EXPECT_EQ(units.size(), 60U);
  const auto back = [](const Unit& a, const Unit& b) { return a.wall > b.wall; };
  EXPECT_EQ(std::adjacent_find(units.begin(), units.end(), back), units.end());
}

TEST_F(OddStreams, PicturesBeforeTheFirstCleanPointAreKeptAndMarked) {
  Import(Media("m26x-input-sps-pps-non-idr.h264"));
  const std::vector<Unit> units = ReadStream(store(), "cam");
  EXPECT_EQ(units.size(), 19U);
  const auto clean = std::find_if(units.begin(), units.end(),
                                  [](const Unit& unit) { return (unit.flags & kUnitClean) != 0; });
  ASSERT_NE(clean, units.end());
  ASSERT_NE(clean, units.begin());
  const Result<std::optional<Absence>> why = store().WhyNothing(stream_, kBegin);
  ASSERT_TRUE(why.ok() && why->has_value());
  EXPECT_EQ((*why)->kind, Absence::Kind::kUndecodable) << (*why)->Text(kBegin);
  EXPECT_EQ(PictureStepper::Open(store(), stream_, kBegin).status().code(), Code::kNotFound);
  const auto stepper = PictureStepper::Open(store(), stream_, clean->wall);
  ASSERT_TRUE(stepper.ok()) << stepper.status().ToString();
  EXPECT_EQ((*stepper)->at().unit, clean->number);
}

}  // namespace
}  // namespace reel
