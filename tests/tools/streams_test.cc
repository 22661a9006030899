// Streams and volumes as they come, change and go, through the command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/tools/process.h"
#include "tools/exit_codes.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

constexpr char kStart[] = "2026-01-01T12:00:00Z";

// A node "here" and one "there" with a disk each, both with a stream named gate.
class TwoNodes : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* place : {"here", "there"}) {
      fs::create_directory(folder_ / (std::string(place) + "-disk"));
      ASSERT_EQ(Run({"init", folder_ / place, "--volume", Disk(place) + ",size=64M,segment=4M"}),
                0);
      ASSERT_EQ(Run({"import", "--node", folder_ / place, "--start", kStart,
                     "gate=" + Media("axis-test_h264.mp4"),
                     std::string("only-") + place + "=" + Media("axis-test_h265.mp4")}),
                0);
    }
  }
  int Run(const Words& words) {
    last_ = Reel(words);
    return last_.exit_code;
  }
  std::string Disk(const std::string& place) const { return folder_ / (place + "-disk"); }
  json Json(Words words) {
    words.push_back("--json");
    EXPECT_EQ(Run(words), 0) << last_.err;
    return json::parse(last_.out, nullptr, false);
  }
  // name -> bytes of footage
  std::map<std::string, uint64_t> Streams(const std::string& place) {
    std::map<std::string, uint64_t> streams;
    for (const json& stream : Json({"streams", "list", "--node", folder_ / place})) {
      streams[stream["stream"]] = stream["bytes"];
    }
    return streams;
  }
  std::string IdOf(const std::string& place, const std::string& name) {
    for (const json& stream : Json({"streams", "list", "--node", folder_ / place})) {
      if (stream["stream"] == name) return stream["id"];
    }
    return "";
  }

  const TempFolder folder_;
  Outcome last_;
};

TEST_F(TwoNodes, AddRenameRetireRestoreSurviveReindex) {
  const std::string node = folder_ / "here";
  ASSERT_EQ(Run({"streams", "add", "--node", node, "yard"}), 0) << last_.err;
  ASSERT_EQ(Run({"streams", "rename", "--node", node, "gate", "gate east"}), 0) << last_.err;
  ASSERT_EQ(Run({"streams", "retire", "--node", node, "gate east"}), 0) << last_.err;
  ASSERT_EQ(Run({"reindex", "--node", node}), 0);
  const std::map<std::string, uint64_t> streams = Streams("here");
  EXPECT_EQ(streams.size(), 3U);
  EXPECT_EQ(streams.at("yard"), 0U);
  EXPECT_EQ(Json({"streams", "--node", node}), Json({"streams", "list", "--node", node}));
  EXPECT_GT(streams.at("gate east"), 0U);
  EXPECT_EQ(Run({"seek", "--node", node, "gate east", "2026-01-01T12:00:05Z"}), 0);
  EXPECT_EQ(Run({"import", "--node", node, "gate east=" + Media("axis-test_h264.mp4")}),
            static_cast<int>(ExitCode::kRefused));
  EXPECT_THAT(last_.err, HasSubstr("reel streams restore"));
  ASSERT_EQ(Run({"streams", "restore", "--node", node, "gate east"}), 0);
  EXPECT_EQ(Run({"import", "--node", node, "gate east=" + Media("axis-test_h264.mp4")}), 0);
}

TEST_F(TwoNodes, ACameraThatMovesKeepsItsUuid) {
  const std::string id = IdOf("there", "only-there");
  ASSERT_EQ(Run({"streams", "rehome", "--node", folder_ / "here", id, "barn"}), 0) << last_.err;
  EXPECT_EQ(IdOf("here", "barn"), id);
  ASSERT_EQ(Run({"adopt", "--node", folder_ / "here", Disk("there")}), 0) << last_.err;
  EXPECT_GT(Streams("here").begin()->second, 0U) << "what was recorded there is its footage too";
}

TEST_F(TwoNodes, APulledDiskIsAdoptedWithItsStreamsAndRecordingGoesOn) {
  const std::string node = folder_ / "here";
  const std::string theirs = IdOf("there", "gate");
  const std::string ours = IdOf("here", "gate");
  const json adopted = Json({"adopt", "--node", node, Disk("there")});
  ASSERT_EQ(adopted.size(), 1U);
  EXPECT_EQ(adopted[0]["streams"].size(), 2U);
  const std::string renamed = "gate~" + theirs.substr(0, 8);
  EXPECT_EQ(IdOf("here", "gate"), ours) << "what is here keeps its name";
  EXPECT_EQ(IdOf("here", renamed), theirs);
  for (const auto& [name, bytes] : Streams("here")) EXPECT_GT(bytes, 0U) << name;
  ASSERT_EQ(Run({"import", "--node", node, "only-there=" + Media("axis-test_h264.mp4"),
                 "gate=" + Media("axis-test_h264.mp4")}),
            0)
      << last_.err;
  ASSERT_EQ(Run({"reindex", "--node", node}), 0);
  EXPECT_EQ(IdOf("here", renamed), theirs);
  EXPECT_EQ(Run({"verify", "--node", node}), 0) << last_.err;

  EXPECT_EQ(Run({"import", "--node", folder_ / "there", Media("axis-test_h264.mp4")}),
            static_cast<int>(ExitCode::kRefused));
  EXPECT_THAT(last_.err, HasSubstr("adopt")) << "the node that had it says where it went";
  EXPECT_EQ(std::count(last_.err.begin(), last_.err.end(), '\n'), 1) << last_.err;
}

// Cut short between taking the volume over and listing it: it is done again.
TEST_F(TwoNodes, AnAdoptionThatWasCutShortIsDoneAgain) {
  const std::string node = folder_ / "here";
  fs::copy(node + "/reel-node", folder_ / "node-before");
  ASSERT_EQ(Run({"adopt", "--node", node, Disk("there")}), 0) << last_.err;
  const auto names = Streams("here");
  fs::copy(folder_ / "node-before", node + "/reel-node", fs::copy_options::overwrite_existing);
  EXPECT_LT(Streams("here").size(), names.size());
  ASSERT_EQ(Run({"adopt", "--node", node, Disk("there")}), 0) << last_.err;
  EXPECT_EQ(Streams("here"), names);
}

TEST_F(TwoNodes, DisksOutliveTheirNode) {
  fs::remove_all(folder_ / "here");
  ASSERT_EQ(Run({"adopt", "--node", folder_ / "here", Disk("here")}), 0) << last_.err;
  const auto streams = Streams("here");
  EXPECT_EQ(streams.size(), 2U);
  EXPECT_GT(streams.at("gate"), 0U);
}

TEST_F(TwoNodes, AMountPointThatMovedIsFollowedAndACopyIsNot) {
  const std::string node = folder_ / "here";
  fs::copy(Disk("here"), folder_ / "copy");
  EXPECT_EQ(Run({"adopt", "--node", node, folder_ / "copy"}), static_cast<int>(ExitCode::kRefused));
  EXPECT_THAT(last_.err, HasSubstr("a copy of volume"));
  fs::remove_all(folder_ / "copy");
  fs::rename(Disk("here"), folder_ / "elsewhere");
  ASSERT_EQ(Run({"adopt", "--node", node, folder_ / "elsewhere"}), 0) << last_.err;
  const json volumes = Json({"volumes", "list", "--node", node});
  ASSERT_EQ(volumes.size(), 1U);
  EXPECT_EQ(volumes[0]["number"], 1);
  EXPECT_GT(Streams("here").at("gate"), 0U);
}

TEST_F(TwoNodes, AForgottenDisksNumberIsNeverGivenAgain) {
  const std::string node = folder_ / "here";
  ASSERT_EQ(Run({"adopt", "--node", node, Disk("there")}), 0);
  fs::remove_all(Disk("there"));
  ASSERT_EQ(Run({"volumes", "forget", "--node", node, Disk("there")}), 0) << last_.err;
  EXPECT_EQ(Json({"volumes", "list", "--node", node}).size(), 1U);
  fs::create_directory(Disk("there"));
  const json made = Json({"init", node, "--volume", Disk("there") + ",size=64M,segment=4M"});
  EXPECT_EQ(made["volumes"][1]["number"], 3);
  EXPECT_EQ(Run({"volumes", "forget", "--node", node, "2"}), static_cast<int>(ExitCode::kNotFound));
  EXPECT_EQ(Run({"verify", "--node", node}), 0) << last_.err;
}

TEST_F(TwoNodes, VolumesTellRoomAndFootage) {
  const json volume = Json({"volumes", "list", "--node", folder_ / "here"})[0];
  EXPECT_EQ(volume["problems"], json::array());
  EXPECT_GT(volume["footage_bytes"], 0);
  EXPECT_EQ(volume["footage"]["begin"], "2026-01-01T12:00:00.000000000Z");
  EXPECT_EQ(volume["full"], false);
  EXPECT_GT(volume["free_bytes"], 0);
  fs::rename(Disk("here"), folder_ / "away");
  EXPECT_NE(Run({"volumes", "list", "--node", folder_ / "here"}), 0);
}

TEST_F(TwoNodes, AScrubGoesOnWhereItWas) {
  const std::string node = folder_ / "here";
  EXPECT_EQ(Json({"scrub", "--node", node, "--status"}).count("last"), 0U);
  const json cut_short = Json({"scrub", "--node", node, "--for", "0s"});
  ASSERT_EQ(cut_short.count("now"), 1U) << cut_short;
  const json whole = Json({"scrub", "--node", node, "--rate", "1G"});
  ASSERT_EQ(whole.count("last"), 1U) << whole;
  EXPECT_EQ(whole["last"]["begun"], cut_short["now"]["begun"]) << "one round";
  EXPECT_EQ(whole.count("now"), 0U);
  EXPECT_EQ(Json({"scrub", "--node", node, "--every", "1d"}), whole) << "nothing is due";
  EXPECT_NE(Json({"scrub", "--node", node, "--anew"}), whole);
  EXPECT_EQ(Run({"scrub", "--node", node, "--rate", "0"}), static_cast<int>(ExitCode::kUsage));
}

TEST_F(TwoNodes, AScrubThatFindsDamageSaysWhoseItIs) {
  const std::string node = folder_ / "here";
  for (const fs::directory_entry& entry : fs::directory_iterator(Disk("here"))) {
    if (entry.path().filename().string().rfind("segment-", 0) != 0) continue;
    // Its second MiB: footage, where there is any.
    RunCommand({"dd", "if=/dev/zero", "of=" + entry.path().string(), "bs=4096", "seek=40",
                "count=4", "conv=notrunc", "status=none"});
  }
  EXPECT_EQ(Run({"scrub", "--node", node}), static_cast<int>(ExitCode::kDamaged)) << last_.out;
  EXPECT_THAT(last_.out, HasSubstr("problem: "));
  EXPECT_GT(Json({"scrub", "--node", node, "--status"})["last"]["problems"], 0) << last_.out;
}

}  // namespace
}  // namespace reel
