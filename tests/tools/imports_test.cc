// Where imported footage came from: kept, listed, and its clock put right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/tools/process.h"
#include "tools/exit_codes.h"
#include "tools/file_digest.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

constexpr char kStart[] = "2026-01-01T12:00:00Z";

class Imports : public testing::Test {
 protected:
  Outcome On(Words arguments) const {
    arguments.insert(arguments.begin() + 1, {"--node", node_});
    return Reel(arguments);
  }
  json List() const {
    const Outcome listed = On({"imports", "--json"});
    EXPECT_EQ(listed.exit_code, 0) << listed.err;
    return json::parse(listed.out, nullptr, false);
  }

  const TempFolder folder_;
  const std::string node_ = MakeNode(folder_);
};

TEST_F(Imports, OwnerDigestAndClockOffsetAreKept) {
  const std::string path = Media("axis-test_h264.mp4");
  const Outcome imported = On({"import", "--start", kStart, "--owner", "Bà Lan, số 5",
                               "--clock-offset", "2.5s", "cam=" + path});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  ASSERT_EQ(On({"import", "--start", kStart, "--clock-offset=-90s", "slow=" + path}).exit_code, 0);
  const std::string sha256 = RunCommand({"sha256sum", path}).out.substr(0, 64);
  const json list = List();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["stream"], "cam");
  EXPECT_EQ(list[0]["owner"], "Bà Lan, số 5");
  EXPECT_EQ(list[0]["source"], "axis-test_h264.mp4");
  EXPECT_EQ(list[0]["source_sha256"], sha256);
  EXPECT_EQ(list[0]["source_bytes"], fs::file_size(path));
  EXPECT_EQ(list[0]["clock_offset_ns"], 2'500'000'000);
  EXPECT_EQ(list[0]["begin"], "2026-01-01T11:59:57.500000000Z") << "its clock was ahead";
  EXPECT_EQ(list[0]["broken_off"], false);
  EXPECT_EQ(list[1]["begin"], "2026-01-01T12:01:30.000000000Z") << "its clock was behind";
  EXPECT_EQ(json::parse(On({"seek", "cam", "2026-01-01T11:59:58Z", "--json"}).out)["begin"],
            list[0]["begin"])
      << "the footage is where the list says";

  const std::string text = On({"imports", "cam"}).out;
  EXPECT_THAT(text, HasSubstr("owner    Bà Lan, số 5"));
  EXPECT_THAT(text, HasSubstr("2.500 s ahead, corrected"));
  EXPECT_THAT(text, HasSubstr(sha256));
  EXPECT_EQ(text.find("slow"), std::string::npos);

  fs::remove_all(node_ + "/index");
  EXPECT_EQ(List(), list) << "the ledger has it, not the index";
  ASSERT_EQ(On({"reindex"}).exit_code, 0);
  EXPECT_EQ(List(), list);
}

TEST_F(Imports, BadTextsAndOffsetsAreRefused) {
  const std::string path = Media("axis-test_h264.mp4");
  for (const Words& wrong : {Words{"--owner", std::string(300, 'x')}, Words{"--owner", "a\nb"},
                             Words{"--clock-offset", "soon"}}) {
    Words command = {"import", "--start", kStart, "cam=" + path};
    command.insert(command.end(), wrong.begin(), wrong.end());
    const Outcome outcome = On(command);
    EXPECT_EQ(outcome.exit_code, static_cast<int>(ExitCode::kUsage)) << outcome.err;
  }
  EXPECT_TRUE(List().empty());
}

TEST_F(Imports, WhatIsNoMediaLeavesNoRecord) {
  std::ofstream(folder_ / "notes.txt") << "words";
  EXPECT_NE(On({"import", "cam=" + (folder_ / "notes.txt")}).exit_code, 0);
  EXPECT_TRUE(List().empty());
}

TEST(PlainName, IsWhatTheLedgerTakes) {
  EXPECT_EQ(PlainName("/a/b/cam 1.mp4"), "cam 1.mp4");
  EXPECT_EQ(PlainName("/a/\xFF\n.mp4"), "??.mp4");
  EXPECT_EQ(PlainName(std::string(300, 'x')).size(), 255U);
}

}  // namespace
}  // namespace reel
