#include "tools/progress.h"

#include <gtest/gtest.h>

#include "tests/tools/process.h"

namespace reel {
namespace {

using std::chrono::seconds;

TEST(ProgressText, TellsShareRateAndWhatIsLeft) {
  const ProgressState state{"verify", 25U << 20, 100U << 20, true, ""};
  EXPECT_EQ(ProgressText(state, seconds(5), 100),
            "verify  [#####...............]  25 %  25.0 MiB of 100.0 MiB  5.0 MiB/s  15 s left");
  const ProgressState segments{"", 3, 600, false, "segment"};
  EXPECT_EQ(ProgressText(segments, seconds(1), 100),
            "[....................]   0 %  3 segments of 600 segments  3m 19s left");
}

TEST(ProgressText, WithoutATotalItTellsWhatIsDone) {
  const ProgressState state{"", 10U << 20, 0, true, ""};
  EXPECT_EQ(ProgressText(state, seconds(2), 100), "10.0 MiB  5.0 MiB/s");
}

TEST(ProgressText, FitsTheScreenAndKnowsNothingAtFirst) {
  const ProgressState state{"a-very-long-name", 0, 100, true, ""};
  EXPECT_EQ(ProgressText(state, Duration{0}, 20).size(), 20U);
  EXPECT_EQ(ProgressText(state, Duration{0}, 200).find("left"), std::string::npos);
  const ProgressState over{"", 200, 100, true, ""};
  EXPECT_NE(ProgressText(over, seconds(1), 100).find("100 %"), std::string::npos);
}

// What a pipe gets is plain, whatever the environment says of terminals.
TEST(Output, APipeGetsNeitherColoursNorProgress) {
  const TempFolder folder;
  const std::string node = MakeNode(folder);
  ASSERT_EQ(Reel({"import", "--node", node, Media("axis-test_h264.mp4")}).exit_code, 0);
  for (const Words& words : {Words{"timeline"}, Words{"verify"}, Words{"volumes", "list"}}) {
    Words command = words;
    command.insert(command.end(), {"--node", node});
    const Outcome outcome = Reel(command);
    EXPECT_EQ(outcome.out.find('\033'), std::string::npos) << outcome.out;
    EXPECT_EQ(outcome.err, "");
  }
}

// On a terminal, which script(1) stands for.
TEST(Output, ATerminalGetsColoursUnlessToldNot) {
  const TempFolder folder;
  const std::string node = MakeNode(folder);
  ASSERT_EQ(Reel({"import", "--node", node, Media("axis-test_h264.mp4")}).exit_code, 0);
  const std::string command = std::string(REEL_COMMAND) + " timeline --node " + node;
  const auto on_terminal = [&](const std::string& environment) {
    return RunCommand({"env", "TERM=xterm", environment, "script", "-qec", command, "/dev/null"})
        .out;
  };
  EXPECT_NE(on_terminal("NO_COLOR=").find("\033["), std::string::npos);
  EXPECT_EQ(on_terminal("NO_COLOR=1").find("\033["), std::string::npos);
  EXPECT_EQ(on_terminal("TERM=dumb").find("\033["), std::string::npos);
}

}  // namespace
}  // namespace reel
