// What programs rely on: documents of the shape that docs/COMMAND.md promises, help with examples,
// a man page and completion that are those of this command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/tools/json_shape.h"
#include "tests/tools/process.h"
#include "tools/command.h"
#include "tools/command_text.h"
#include "tools/exit_codes.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

std::string Document(const std::string& name) {
  return ReadText(std::string(REEL_SOURCE_DIR) + "/docs/" + name);
}

// Every verb that does something: "seek", "streams rename".
void AddLeaves(const CLI::App& app, const std::string& path,
               std::map<std::string, const CLI::App*>* out) {
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  if (below.empty()) (*out)[path] = &app;
  for (const CLI::App* sub : below) {
    AddLeaves(*sub, path + (path.empty() ? "" : " ") + sub->get_name(), out);
  }
}

TEST(Documents, AreOfThePromisedShape) {
  const TempFolder folder;
  const std::string node = folder / "node";
  fs::create_directory(folder / "disk");
  fs::create_directory(folder / "disk-2");
  fs::create_directory(folder / "disk-3");
  const std::string video = Media("axis-test_h264.mp4");
  const std::string id = "6f1c2a9e-3d52-4b7a-9c1e-0a5d8e7b4f21";
  const std::string from = "2026-01-01T12:00:01Z";
  const std::string to = "2026-01-01T12:00:05Z";
  const std::string small = ",size=64M,segment=4M";
  ASSERT_EQ(Reel({"init", folder / "other", "--volume", folder / "disk-2" + small}).exit_code, 0);
  ASSERT_EQ(Reel({"import", "--node", folder / "other", "cam=" + video}).exit_code, 0);
  // In this order: each finds what the ones before it left.
  const std::vector<std::pair<std::string, Words>> commands = {
      {"init",
       {"init", node, "--volume", folder / "disk" + small, "--volume", folder / "disk-3" + small}},
      {"import", {"import", "--node", node, "--start", "2026-01-01T12:00:00Z", "cam=" + video}},
      {"record", {"record", "--node", node, "--fast", "cam=" + video}},
      {"imports", {"imports", "--node", node}},
      {"adopt", {"adopt", "--node", node, folder / "disk-2"}},
      {"streams add", {"streams", "add", "--node", node, "yard"}},
      {"streams rename", {"streams", "rename", "--node", node, "yard", "back"}},
      {"streams rehome", {"streams", "rehome", "--node", node, id, "barn"}},
      {"streams retire", {"streams", "retire", "--node", node, "back"}},
      {"streams list", {"streams", "list", "--node", node}},
      {"streams restore", {"streams", "restore", "--node", node, "back"}},
      {"timeline", {"timeline", "--node", node, "--bucket", "hour"}},
      {"seek", {"seek", "--node", node, "cam", from, "--out", folder / "gop.h264"}},
      {"thumbnail", {"thumbnail", "--node", node, "cam", "--at", from, "-o", folder / "a.jpg"}},
      {"filmstrip",
       {"filmstrip", "--node", node, "cam", "--from", from, "--to", to, "--count", "3", "-o",
        folder / "b.jpg"}},
      {"export",
       {"export", "--node", node, "cam", "--from", from, "--to", to, "-o", folder / "a.mp4"}},
      {"verify", {"verify", "--node", node}},
      {"scrub", {"scrub", "--node", node}},
      {"reindex", {"reindex", "--node", node}},
      {"volumes list", {"volumes", "list", "--node", node}},
      {"stats", {"stats", "--node", node}},
      {"inspect", {"inspect", node}},
      {"volumes forget", {"volumes", "forget", "--node", node, "2"}},
      {"plan", {"plan", "200x4M"}},
  };
  std::map<std::string, json> shapes = Shapes();
  for (const auto& [verb, words] : commands) {
    SCOPED_TRACE(verb);
    Words command = words;
    command.push_back("--json");
    const Outcome outcome = Reel(command);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    ASSERT_EQ(shapes.count(verb), 1U) << "not in docs/COMMAND.md";
    ExpectOfShape(outcome.out, shapes[verb], verb);
    shapes.erase(verb);
  }
  ASSERT_EQ(Reel({"export", "--node", node, "cam", "--from", from, "--to", to, "-o", folder / "p"})
                .exit_code,
            0);
  const Outcome checked = Reel({"export", "--check", folder / "p", "--json"});
  EXPECT_EQ(Differs(json::parse(checked.out, nullptr, false), shapes["export --check"], "check"),
            "");
  shapes.erase("export --check");
  for (const std::string& verb : VerbsOfCameras()) shapes.erase(verb);
  EXPECT_TRUE(shapes.empty()) << shapes.begin()->first << " is documented and was not run";

  Action chosen;
  const auto app = MakeApp(&chosen);
  std::map<std::string, const CLI::App*> leaves;
  AddLeaves(*app, "", &leaves);
  for (const auto& [verb, command] : commands) leaves.erase(verb);
  for (const std::string& verb : VerbsOfCameras()) leaves.erase(verb);
  leaves.erase("audit verify");  // needs what a server has written: docs/REELD.md shows it
  for (const auto& [verb, leaf] : leaves) {
    EXPECT_EQ(leaf->get_option_no_throw("--json"), nullptr) << verb << " was not run";
  }
}

TEST(Help, OfEveryVerbEndsWithExamplesOfIt) {
  Action chosen;
  const auto app = MakeApp(&chosen);
  std::map<std::string, const CLI::App*> leaves;
  AddLeaves(*app, "", &leaves);
  EXPECT_GT(leaves.size(), 20U);
  for (const auto& [verb, leaf] : leaves) {
    EXPECT_THAT(leaf->get_footer(), HasSubstr("\n  reel " + verb)) << verb;
    for (const CLI::Option* option : leaf->get_options()) {
      const bool range = option->get_name() == "--from" || option->get_name() == "--to";
      EXPECT_TRUE(range || !option->get_description().empty()) << verb << " " << option->get_name();
    }
  }
  const Outcome help = Reel({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("Exit codes: 0 done;"));
  EXPECT_EQ(Reel({"--version"}).out.rfind("reel ", 0), 0U);
}

// The table of the page and the one of the help are the one of the code.
TEST(ExitCodes, AreDocumented) {
  const std::string page = Document("COMMAND.md");
  for (const ExitCode code : {ExitCode::kOk, ExitCode::kUsage, ExitCode::kNotFound,
                              ExitCode::kRefused, ExitCode::kDamaged, ExitCode::kFull,
                              ExitCode::kIo, ExitCode::kProgram, ExitCode::kStopped}) {
    const std::string number = std::to_string(static_cast<int>(code));
    EXPECT_THAT(page, HasSubstr("\n| " + number + " | "));
    EXPECT_THAT(std::string(kExitCodeHelp), HasSubstr(number + " "));
  }
}

TEST(ManPage, IsTheOneOfThisCommand) {
  Action chosen;
  EXPECT_EQ(Document("reel.1"), ManPage(*MakeApp(&chosen)))
      << "make it anew: reel man > docs/reel.1";
}

TEST(Completion, KnowsVerbsOptionsAndStreams) {
  const TempFolder folder;
  const std::string node = MakeNode(folder);
  ASSERT_EQ(Reel({"streams", "add", "--node", node, "gate-east"}).exit_code, 0);
  const auto complete = [&](const std::string& words, int at) {
    const std::string path = fs::path(REEL_COMMAND).parent_path().string();
    return RunCommand({"bash", "-c",
                       "PATH=" + path + ":$PATH; source <(reel completion bash); COMP_WORDS=(" +
                           words + "); COMP_CWORD=" + std::to_string(at) +
                           "; _reel; echo ${COMPREPLY[@]}"})
        .out;
  };
  EXPECT_EQ(complete("reel time", 1), "timeline\n");
  EXPECT_EQ(complete("reel streams re", 2), "rename rehome retire restore\n");
  EXPECT_EQ(complete("reel export --leave", 2), "--leave-out-damage\n");
  EXPECT_EQ(complete("reel seek --node " + node + " ga", 4), "gate-east\n");
  EXPECT_THAT(Reel({"completion", "zsh"}).out, HasSubstr("#compdef reel"));
}

}  // namespace
}  // namespace reel
