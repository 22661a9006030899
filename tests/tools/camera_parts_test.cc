// The parts of the verbs for cameras, in the test's own time and words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/tools/process.h"
#include "tools/camera_probe.h"
#include "tools/camera_rows.h"
#include "tools/camera_trial.h"
#include "tools/config_edit.h"
#include "tools/csv.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- CSV ----

TEST(Csv, QuotesHoldWhatWouldEndAField) {
  const auto rows = ParseCsv("a,b\n\"x,\"\"y\"\"\nz\", q \n\n1,\n2,3");
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  ASSERT_EQ(rows->size(), 4U);
  EXPECT_THAT((*rows)[1].fields, ElementsAre("x,\"y\"\nz", "q"));
  EXPECT_EQ((*rows)[1].line, 2U);
  EXPECT_THAT((*rows)[2].fields, ElementsAre("1", ""));
  EXPECT_EQ((*rows)[2].line, 5U);
  EXPECT_THAT((*rows)[3].fields, ElementsAre("2", "3"));
}

TEST(Csv, WhatIsInQuotesSeparatesNothing) {
  const auto commas = ParseCsv("\"a;\nb\",\"c\"\n\"d\",e;f\n");
  ASSERT_TRUE(commas.ok()) << commas.status().ToString();
  EXPECT_THAT((*commas)[0].fields, ElementsAre("a;\nb", "c"));
  EXPECT_THAT((*commas)[1].fields, ElementsAre("d", "e;f"));
  const auto semicolons = ParseCsv("\"a, \"\"b\"\"\";c\n1,5;2\n");
  ASSERT_TRUE(semicolons.ok()) << semicolons.status().ToString();
  EXPECT_THAT((*semicolons)[0].fields, ElementsAre("a, \"b\"", "c"));
  EXPECT_THAT((*semicolons)[1].fields, ElementsAre("1,5", "2"));
}

TEST(Csv, SaysWhereItIsBroken) {
  EXPECT_THAT(ParseCsv("a,b\n1,\"2").status().message(), HasSubstr("line 2: a quote"));
  EXPECT_THAT(ParseCsv(std::string("a\nb\0", 4)).status().message(), HasSubstr("line 2: holds"));
  EXPECT_THAT(ParseCsv("a\n\"1\"2\n").status().message(), HasSubstr("line 2: text behind"));
  EXPECT_THAT(
      ParseCsv(std::string(kMaxCsvRows + 1, 'a') + std::string(kMaxCsvRows * 3, 'x'))->size(), 1U);
  std::string rows;
  for (size_t i = 0; i <= kMaxCsvRows; ++i) rows += "a\n";
  EXPECT_THAT(ParseCsv(rows).status().message(), HasSubstr("more than 20000 rows"));
}

// ---- The configuration ----

class ConfigEditTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  std::string Text() const { return ReadText(path_); }

  const TempFolder folder_;
  const std::string path_ = folder_ / "reeld.toml";
};

constexpr const char* kOwn =
    "# first\n[[camera]]\nname = \"gate\" # the old one\nsource = \"rtsp://192.0.2.7/\"\n[node]\n"
    "buffer_mib = 32";

TEST_F(ConfigEditTest, AppendsAndKeepsModeLinksAndTheRest) {
  Write(kOwn);
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  const std::string link = folder_ / "link.toml";
  ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
  const auto edit = PlanCameras(link, {{{"name", "a \"b\""},
                                        {"source", "rtsp://192.0.2.8/x"},
                                        {"pre_buffer_s", "5"},
                                        {"mode", ""}}});
  ASSERT_TRUE(edit.ok()) << edit.status().ToString();
  EXPECT_THAT(edit->mistakes, IsEmpty());
  EXPECT_EQ(Text(), kOwn) << "planned is not written";
  ASSERT_TRUE(WriteConfig(*edit).ok());
  EXPECT_EQ(Text(), std::string(kOwn) +
                        "\n\n[[camera]]\nname = \"a \\\"b\\\"\"\nsource = \"rtsp://192.0.2.8/x\"\n"
                        "pre_buffer_s = 5\n");
  struct stat about {};
  ASSERT_EQ(lstat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777U, 0640U);
  ASSERT_EQ(lstat(link.c_str(), &about), 0);
  EXPECT_TRUE(S_ISLNK(about.st_mode)) << "the link stays one";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 2)
      << "nothing is left beside it";
}

TEST_F(ConfigEditTest, MistakesAreThoseOfTheEntries) {
  Write(kOwn);
  const auto edit = PlanCameras(path_, {{{"name", "b"}, {"source", "rtsp://192.0.2.8/"}},
                                        {{"name", "c"}, {"source", "http://192.0.2.8/"}},
                                        {{"name", "d"}, {"source", "rtsp://h/"}, {"mode", "on"}},
                                        {{"source", "rtsp://h/"}, {"post_buffer_s", "1 h"}},
                                        {{"name", "gate"}, {"source", "rtsp://h/"}}});
  ASSERT_TRUE(edit.ok()) << edit.status().ToString();
  std::vector<std::string> at;
  for (const EntryMistake& mistake : edit->mistakes) {
    at.push_back(std::to_string(mistake.entry) + " " + mistake.key);
  }
  EXPECT_THAT(at, ElementsAre("1 source", "2 mode", "3 ", "3 post_buffer_s", "4 name"));
}

TEST_F(ConfigEditTest, AFileThatHasChangedMeanwhileIsLeftAlone) {
  Write(kOwn);
  const auto edit = PlanCameras(path_, {{{"name", "b"}, {"source", "rtsp://192.0.2.8/"}}});
  ASSERT_TRUE(edit.ok());
  Write("# by hand\n");
  EXPECT_EQ(WriteConfig(*edit).code(), Code::kAborted);
  EXPECT_EQ(Text(), "# by hand\n");
}

// ---- probe ----

TEST(Probe, TellsWhatIsRecordedAndWhatIsNot) {
  const auto tracks = ReadDescription(
      "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=framerate:12.5\r\n"
      "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MP4A-LATM/48000\r\n");
  ASSERT_TRUE(tracks.ok());
  ASSERT_EQ(tracks->size(), 2U);
  EXPECT_TRUE((*tracks)[0].info.has_value());
  EXPECT_EQ((*tracks)[0].frames_per_second, 12.5);
  EXPECT_FALSE((*tracks)[1].info.has_value());
  EXPECT_EQ((*tracks)[1].encoding, "MP4A-LATM");
  EXPECT_THAT((*tracks)[1].why_not, HasSubstr("MP4A-LATM"));
}

// ---- test ----

class TrialTest : public ::testing::Test {
 protected:
  TrialTest() {
    TrackInfo video;
    video.id = {0};
    video.timescale = 90'000;
    trial_.OnTracks({video});
  }
  // `pictures` at 25 a second, a key picture every `gop`; each arrives `late` behind its time.
  void Send(int pictures, int gop, Duration late = Duration{0}) {
    const Bytes bytes(1000, std::byte{1});
    for (int i = 0; i < pictures; ++i, ++sent_) {
      server::ReceivedUnit unit;
      unit.flags = gop > 0 && sent_ % gop == 0 ? kUnitClean : 0;
      unit.pts = unit.dts = int64_t{sent_} * 3600;
      unit.bytes = bytes;
      const Duration at = milliseconds(40) * sent_ + late;
      trial_.OnUnit(unit, MonoTime{at.count()}, WallTime{at.count()});
    }
  }
  TrialReport Judge() const { return trial_.Judge(visit_); }

  CameraTrial trial_;
  CameraVisit visit_;
  int sent_ = 0;
};

TEST_F(TrialTest, AGoodCameraIsGood) {
  Send(251, 50);
  const TrialReport report = Judge();
  EXPECT_TRUE(report.fit);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.length, seconds(10));
  EXPECT_DOUBLE_EQ(report.frames_per_second, 25);
  EXPECT_EQ(report.key_distance, seconds(2));
  EXPECT_NEAR(report.bits_per_second, 251 * 8000 / 10.0, 1);
}

TEST_F(TrialTest, NothingAndNoKeyPictureAreNotFit) {
  EXPECT_FALSE(Judge().fit);
  EXPECT_THAT(Judge().findings, ElementsAre(HasSubstr("it sends nothing")));
  Send(100, 0);
  EXPECT_FALSE(Judge().fit);
  EXPECT_THAT(Judge().findings, ElementsAre(HasSubstr("no key picture in 3.960 s")));
}

TEST_F(TrialTest, NamesWhatToLookAt) {
  Send(300, 500);
  Send(50, 500, seconds(3));
  visit_.packets = {990, 10, 2};
  visit_.clock_offset = -seconds(60);
  visit_.ended_early = "the camera closed the connection";
  const TrialReport report = Judge();
  EXPECT_FALSE(report.fit);
  EXPECT_THAT(report.findings,
              ElementsAre(HasSubstr("ended early: the camera closed"),
                          HasSubstr("lost 1 % of 1000 packets"), HasSubstr("2 packets of no use"),
                          HasSubstr("pictures come up to 3"), HasSubstr("key pictures are 1"),
                          HasSubstr("its clock is 1m 00s behind")));
}

// ---- The table ----

server::ListedSource Listed(const std::string& stream, const std::string& trouble = "") {
  server::ListedSource source;
  source.camera = source.stream = stream;
  source.state = server::SourceState::kRecording;
  source.trouble = trouble;
  source.bits_per_second = 4e6;
  source.volume.value = 1;
  return source;
}

TEST(CameraTable, SaysHowLongUntilTheOldestFootageGoes) {
  VolumeInfo volume;
  volume.number.value = 1;
  volume.segment_bytes = 1'000'000'000;
  volume.segments_max = 1000;
  volume.segments_in_use = 136;
  const std::vector<server::ListedSource> two = {Listed("a"), Listed("b")};
  // 864 GB, of which 95 % are footage, at 1 MB/s.
  EXPECT_EQ(UntilRecycling(volume, two), seconds(820'800));
  volume.segments_in_use = 1000;
  EXPECT_EQ(UntilRecycling(volume, two), Duration{0});
  volume.segments_in_use = 1;
  EXPECT_EQ(UntilRecycling(volume, {}), std::nullopt) << "nothing records to it";
}

TEST(CameraTable, HasTheTroubledFirstAndFitsTheScreen) {
  SourceTable table;
  for (int i = 0; i < 20; ++i) table.sources.push_back(Listed("cam-" + std::to_string(i)));
  table.sources[13].trouble = "silent for 11 s";
  table.sources[13].gaps_last_day = 3;
  table.sources[13].gap_last_day = seconds(75);
  const std::vector<std::string> lines = TableLines(table, WallTime{0}, 110, 10);
  ASSERT_EQ(lines.size(), 10U);
  EXPECT_THAT(lines[1], HasSubstr("cam-13"));
  EXPECT_THAT(lines[1], HasSubstr("3, 75 s"));
  EXPECT_THAT(lines[1], HasSubstr("silent for"));
  EXPECT_LE(lines[1].size(), 110U);
  EXPECT_EQ(lines[8], "and 13 more");
  EXPECT_THAT(lines[9], HasSubstr("20 of 20 recording, 1 in trouble, 80.0 Mbit/s"));
  table.only_troubled = true;
  EXPECT_EQ(TableLines(table, WallTime{0}, 110, 10).size(), 3U);
  EXPECT_EQ(TableJson(table).size(), 1U);
}

}  // namespace
}  // namespace reel
