// The runbooks of docs/OPERATIONS.md, run as they stand on a small node, section by section.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tests/tools/process.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

struct Step {
  std::string script;
  bool prepares = false;  // what the test does to the node, in a comment of the page
};
struct Section {
  std::string title;
  std::vector<Step> steps;
};

std::vector<Section> Sections() {
  constexpr std::string_view kPrepare = "<!-- in the test: ";
  constexpr std::string_view kPrepareEnd = " -->";
  std::vector<Section> sections;
  std::istringstream lines(ReadText(std::string(REEL_SOURCE_DIR) + "/docs/OPERATIONS.md"));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("## ", 0) == 0) sections.push_back({line.substr(3), {}});
    if (line.rfind(kPrepare, 0) == 0) {
      const size_t size = line.size() - kPrepare.size() - kPrepareEnd.size();
      sections.back().steps.push_back({line.substr(kPrepare.size(), size), true});
    }
    if (line != "```sh") continue;
    Step step;
    while (std::getline(lines, line) && line != "```") step.script += line + "\n";
    sections.back().steps.push_back(std::move(step));
  }
  return sections;
}

// Every place of the page below the folder.
std::string Below(const TempFolder& folder, std::string script) {
  for (const std::string place : {"/var/lib/", "/mnt/", "/srv/"}) {
    for (size_t at = script.find(place); at != std::string::npos; at = script.find(place, at)) {
      script.insert(at, folder.path().string());
      at += folder.path().string().size() + place.size();
    }
  }
  return script;
}

Outcome RunScript(const TempFolder& folder, const std::string& script) {
  const std::string tools = fs::path(REEL_COMMAND).parent_path().string();
  return RunCommand(
      {"bash", "-euc",
       "cd " + folder.path().string() + "; PATH=" + tools + ":$PATH; " + Below(folder, script)});
}

TEST(Operations, EveryRunbookWorks) {
  const std::vector<Section> sections = Sections();
  ASSERT_GT(sections.size(), 8U);
  size_t commands = 0;
  for (const Section& section : sections) {
    SCOPED_TRACE(section.title);
    const TempFolder folder;
    for (const char* place : {"var/lib", "mnt/disk1", "mnt/disk2", "mnt/disk3", "srv"}) {
      fs::create_directories(folder / place);
    }
    fs::copy(Media("axis-test_h264.mp4"), folder / "gate.mp4");
    const Outcome made = RunScript(
        folder,
        "reel init /var/lib/reel --volume /mnt/disk1,size=64M --volume /mnt/disk2,size=64M;"
        "reel record --fast --node /var/lib/reel gate-east=gate.mp4 yard=gate.mp4");
    ASSERT_EQ(made.exit_code, 0) << made.err;
    for (const Step& step : section.steps) {
      const Outcome outcome = RunScript(folder, step.script);
      EXPECT_EQ(outcome.exit_code, 0) << step.script << outcome.err;
      if (step.prepares) continue;
      EXPECT_EQ(outcome.err.find("error"), std::string::npos) << step.script << outcome.err;
      ++commands;
    }
  }
  EXPECT_GT(commands, 12U);
}

}  // namespace
}  // namespace reel
