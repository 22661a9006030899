// The verbs one after the other on real footage, as a user would run them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/tools/footage.h"
#include "tests/tools/process.h"
#include "tools/exit_codes.h"
#include "tools/node_session.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr char kStart[] = "2026-01-01T12:00:00Z";

const char* const kFiles[] = {"axis-test_h264.mp4",
                              "axis-test_h265.mp4",
                              "mp4ff-ed_hevc.mp4",
                              "androidx-iibbibb_editlist_videoonly.mp4",
                              "m26x-input-32-640x360-main.h265",
                              "made-open-gop.h264",
                              "made-interlaced.h264",
                              "made-slices-aud.h265"};

json Parsed(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return json::parse(outcome.out, nullptr, false);
}

double NumberIn(const std::string& text) {
  double number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Every picture, without a complaint. The time base is the file's: a coarser one would make FFmpeg
// complain of the bursts that some cameras deliver.
void ExpectDecodes(const std::string& path) {
  const Outcome decoded =
      RunCommand({"ffmpeg", "-v", "error", "-i", path, "-enc_time_base", "-1", "-f", "null", "-"});
  EXPECT_EQ(decoded.exit_code, 0);
  EXPECT_EQ(decoded.err, "");
}

class RoundTrip : public testing::Test {
 protected:
  RoundTrip() : node_(MakeNode(folder_)) {}

  Outcome On(Words arguments) const {
    arguments.insert(arguments.begin() + 1, {"--node", node_});
    return Reel(arguments);
  }

  void ImportAll() const {
    Words arguments = {"import", "--start", kStart};
    for (const char* file : kFiles) arguments.push_back(Media(file));
    const Outcome imported = On(arguments);
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    EXPECT_THAT(imported.out, HasSubstr("axis-test_h264  "));
    EXPECT_THAT(imported.out, ContainsRegex("made-open-gop .*durable"));
  }

  std::vector<Unit> StoredUnits(const std::string& stream) const {
    auto session = NodeSession::OpenForReading(node_);
    EXPECT_TRUE(session.ok()) << session.status().ToString();
    return session.ok() ? ReadStream((*session)->store(), stream) : std::vector<Unit>();
  }

  void CheckAllBytes() const {
    auto session = NodeSession::OpenForReading(node_);
    ASSERT_TRUE(session.ok()) << session.status().ToString();
    for (const char* file : kFiles) {
      SCOPED_TRACE(file);
      const std::vector<Unit> stored =
          ReadStream((*session)->store(), fs::path(file).stem().string());
      EXPECT_GT(stored.size(), 0U);
      ExpectUnitsOfFile(stored, Media(file));
    }
  }

  // The last line of a long import that was sent SIGINT once something was durable.
  json StopInTheMiddle(const Words& options) const {
    Words command = {REEL_COMMAND, "import",  "--node", node_,
                     "--json",     "--start", kStart,   "cam=" + Media("axis-test_h264.mp4")};
    command.insert(command.end(), options.begin(), options.end());
    Child import(command, folder_ / "err");
    EXPECT_TRUE(import.ReadLine());
    import.Signal(SIGINT);
    json last;
    while (const auto line = import.ReadLine()) last = json::parse(*line);
    EXPECT_EQ(import.Wait(), static_cast<int>(ExitCode::kStopped)) << ReadText(folder_ / "err");
    EXPECT_THAT(ReadText(folder_ / "err"), HasSubstr("stopped by a signal"));
    EXPECT_EQ(last["event"], "end");
    return last;
  }

  const TempFolder folder_;
  const std::string node_;
};

TEST_F(RoundTrip, EveryByteComesBack) {
  ImportAll();
  CheckAllBytes();
}

TEST_F(RoundTrip, VerifyIsSoundUntilAByteIsNot) {
  ImportAll();
  EXPECT_THAT(On({"verify"}).out, HasSubstr("sound"));
  const json report = Parsed(On({"verify", "--json"}));
  EXPECT_GT(report["chunks"], 0);
  EXPECT_TRUE(report["problems"].empty());

  // A byte in the middle of the payload of some chunk of the footage.
  const json segment = [&] {
    for (const auto& entry : fs::directory_iterator(folder_ / "disk")) {
      if (entry.path().filename().string().rfind("segment-", 0) != 0) continue;
      json found = Parsed(Reel({"inspect", "--chunks", "--json", entry.path().string()}));
      if (found.value("retention_class", 0) == 0 || found["chunk_list"].empty()) continue;
      found["path"] = entry.path().string();
      return found;
    }
    return json();
  }();
  ASSERT_FALSE(segment.is_null());
  // Of the longest one, since short ones may be padding in the middle.
  const json& chunk = *std::max_element(
      segment["chunk_list"].begin(), segment["chunk_list"].end(),
      [](const json& a, const json& b) { return a["chunk_bytes"] < b["chunk_bytes"]; });
  const auto at =
      chunk["offset"].get<std::streamoff>() + chunk["chunk_bytes"].get<std::streamoff>() / 2;
  std::fstream file(segment["path"].get<std::string>(),
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const int byte = file.get();
  file.seekp(at);
  file.put(static_cast<char>(byte ^ 1));
  file.close();

  const Outcome damaged = On({"verify"});
  EXPECT_EQ(damaged.exit_code, static_cast<int>(ExitCode::kDamaged)) << damaged.out;
  EXPECT_THAT(damaged.out, ContainsRegex("problem: .*stream 'axis-test_h264'")) << "by its name";
}

TEST_F(RoundTrip, TimelineShowsFootageAndGaps) {
  for (const char* start : {"2026-01-01T12:00:00Z", "2026-01-01T12:01:00Z"}) {
    ASSERT_EQ(On({"import", "--start", start, "cam=" + Media("axis-test_h264.mp4")}).exit_code, 0);
  }
  const Outcome drawn = On({"timeline", "cam"});
  EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_THAT(drawn.out, ContainsRegex("cam \\|#[#+]*\\.+[#+]*\\|"));
  EXPECT_THAT(drawn.out, ContainsRegex("gap 2026-01-01T12:00:.* \\.\\. 2026-01-01T12:01:00"));
  const json rows = Parsed(On({"timeline", "--json", "--bucket", "hour"}));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["stream"], "cam");
  EXPECT_EQ(rows[0]["spans"].size(), 2U);
  EXPECT_EQ(rows[0]["gaps"].size(), 1U);
  EXPECT_EQ(rows[0]["buckets"].size(), 1U);
}

TEST_F(RoundTrip, TimelineOfNothing) {
  const Outcome empty = On({"timeline"});
  EXPECT_EQ(empty.exit_code, 0) << empty.err;
  EXPECT_EQ(empty.out, "no footage\n");
}

TEST_F(RoundTrip, SeekFindsTheCleanPointAndItsGopDecodes) {
  ImportAll();
  for (const std::string stream : {"axis-test_h264", "axis-test_h265"}) {
    SCOPED_TRACE(stream);
    const std::string gop = folder_ / (stream + ".raw");
    const json point =
        Parsed(On({"seek", stream, "2026-01-01T12:00:01.5Z", "--json", "--out", gop}));
    EXPECT_EQ(point["in_gap"], false);
    EXPECT_EQ(point["begin"].get<std::string>().substr(0, 17), "2026-01-01T12:00:");
    EXPECT_GE(point["pre_roll_ns"], 0);
    EXPECT_GT(point["out"]["units"], 0);
    EXPECT_LT(point["out"]["units"], StoredUnits(stream).size()) << "one GOP, not all";
    ExpectDecodes(gop);
  }
}

TEST_F(RoundTrip, SeekInAGapGoesForwardOrBackward) {
  ASSERT_EQ(On({"import", "--start", kStart, "cam=" + Media("axis-test_h264.mp4")}).exit_code, 0);
  const json before = Parsed(On({"seek", "cam", "2026-01-01T11:00:00Z", "--json"}));
  EXPECT_EQ(before["in_gap"], true);
  EXPECT_EQ(before["begin"], "2026-01-01T12:00:00.000000000Z");
  EXPECT_EQ(before["pre_roll_ns"], 0);
  EXPECT_EQ(On({"seek", "cam", "2026-01-01T13:00:00Z"}).exit_code,
            static_cast<int>(ExitCode::kNotFound));
  EXPECT_EQ(Parsed(On({"seek", "cam", "2026-01-01T13:00:00Z", "--backward", "--json"}))["in_gap"],
            true);
}

TEST_F(RoundTrip, ExportPlays) {
  ImportAll();
  for (const char* file : kFiles) {
    SCOPED_TRACE(file);
    const std::string out = folder_ / (fs::path(file).stem().string() + ".mp4");
    const Outcome exported = On({"export", fs::path(file).stem().string(), "--from", kStart, "--to",
                                 "2026-01-01T12:01:00Z", "-o", out, "--json"});
    const json report = Parsed(exported);
    EXPECT_GT(report["units"], 0);
    EXPECT_FALSE(fs::exists(out + ".partial"));
    const Outcome probed =
        RunCommand({"ffprobe", "-v", "error", "-count_packets", "-select_streams", "v",
                    "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", out});
    EXPECT_EQ(probed.exit_code, 0) << probed.err;
    EXPECT_GT(NumberIn(probed.out), 0);
    ExpectDecodes(out);
  }
}

TEST_F(RoundTrip, ExportOverAGapNamesIt) {
  for (const char* start : {"2026-01-01T12:00:00Z", "2026-01-01T12:01:00Z"}) {
    ASSERT_EQ(On({"import", "--start", start, "cam=" + Media("axis-test_h264.mp4")}).exit_code, 0);
  }
  const std::string out = folder_ / "cam.mp4";
  const json report = Parsed(On({"export", "cam", "--from", "2026-01-01T12:00:00Z", "--to",
                                 "2026-01-01T12:02:00Z", "-o", out, "--json"}));
  EXPECT_EQ(report["runs"], 2);
  ASSERT_EQ(report["gaps"].size(), 1U);
  EXPECT_EQ(report["gaps"][0]["end"], "2026-01-01T12:01:00.000000000Z");
  ExpectDecodes(out);
}

TEST_F(RoundTrip, ReindexBringsBackTheSame) {
  ImportAll();
  const std::string before = On({"timeline", "--json", "--bucket", "day"}).out;
  const json counts = Parsed(On({"reindex", "--json"}));
  EXPECT_EQ(counts["streams"], std::size(kFiles));
  EXPECT_GT(counts["gops"], 0);
  EXPECT_EQ(On({"timeline", "--json", "--bucket", "day"}).out, before);
  CheckAllBytes();
}

TEST_F(RoundTrip, WithoutAnIndexFootageIsStillThere) {
  ImportAll();
  const std::string before = On({"timeline", "--json"}).out;
  fs::remove_all(node_ + "/index");
  EXPECT_EQ(On({"timeline", "--json"}).out, before);
  CheckAllBytes();
  EXPECT_FALSE(fs::exists(node_ + "/index")) << "reading makes no index";
}

TEST_F(RoundTrip, RepeatingGoesOnWithoutASeam) {
  const Outcome imported = On({"import", "--start", kStart, "--for", "60s", "--json",
                               "cam=" + Media("axis-test_h264.mp4")});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  const json rows = Parsed(On({"timeline", "--json"}));
  ASSERT_EQ(rows[0]["spans"].size(), 1U);
  EXPECT_TRUE(rows[0]["gaps"].empty());
  const std::vector<Unit> units = StoredUnits("cam");
  const auto falls = [](const Unit& a, const Unit& b) {
    return a.pts >= b.pts || a.dts >= b.dts || a.wall > b.wall;
  };
  EXPECT_EQ(std::adjacent_find(units.begin(), units.end(), falls), units.end());
  const std::string out = folder_ / "cam.mp4";
  ASSERT_EQ(
      On({"export", "cam", "--from", kStart, "--to", "2026-01-01T12:01:00Z", "-o", out}).exit_code,
      0);
  ExpectDecodes(out);
  const Outcome probed = RunCommand(
      {"ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", out});
  EXPECT_NEAR(NumberIn(probed.out), 60, 1);
}

TEST_F(RoundTrip, InspectTellsWhatThingsAre) {
  ImportAll();
  EXPECT_EQ(Parsed(Reel({"inspect", node_, "--json"}))["kind"], "node");
  const json volume = Parsed(Reel({"inspect", folder_ / "disk", "--json"}));
  EXPECT_EQ(volume["kind"], "volume");
  EXPECT_EQ(volume["segment_bytes"], 4 << 20);
  EXPECT_GT(volume["segments"].size(), 0U);
  EXPECT_EQ(Parsed(Reel({"inspect", folder_ / "disk" + "/reel-volume", "--json"}))["volume"],
            volume["volume"]);
  EXPECT_THAT(Reel({"inspect", folder_ / "disk"}).out, HasSubstr("granule bytes"));
}

TEST_F(RoundTrip, StoppingAnImportKeepsWhatWasTaken) {
  const json last = StopInTheMiddle({"--pace", "--for", "2m"});
  EXPECT_EQ(last["durable"], last["units"]);
  EXPECT_EQ(StoredUnits("cam").size(), last["units"]);
}

TEST_F(RoundTrip, StoppingABulkImportEndsInOrder) {
  const json last = StopInTheMiddle({"--for", "4h"});
  EXPECT_EQ(last["durable"], last["units"]);
}

}  // namespace
}  // namespace reel
