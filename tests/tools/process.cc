#include "tests/tools/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>

extern char** environ;

namespace reel {
namespace {

pid_t Spawn(const Words& command, const std::string& err_path, int out_fd) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
  posix_spawn_file_actions_addopen(&actions, 2, err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(failed, 0) << "cannot start " << command[0];
  return failed == 0 ? pid : -1;
}

}  // namespace

Child::Child(const Words& command, const std::string& err_path) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  pid_ = Spawn(command, err_path, ends[1]);
  close(ends[1]);
  out_ = fdopen(ends[0], "r");
}

Child::~Child() {
  Signal(SIGKILL);
  Wait();
  std::fclose(out_);
}

std::optional<std::string> Child::ReadLine() {
  std::string line;
  for (int c = std::fgetc(out_); c != EOF; c = std::fgetc(out_)) {
    if (c == '\n') return line;
    line += static_cast<char>(c);
  }
  return std::nullopt;
}

void Child::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int Child::Wait() {
  if (pid_ <= 0) return -1;
  while (ReadLine()) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TempFolder::TempFolder() {
  std::string name = testing::TempDir() + "reel-XXXXXX";
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Outcome RunCommand(const Words& command) {
  const TempFolder folder;
  Child child(command, folder / "err");
  Outcome outcome;
  while (const std::optional<std::string> line = child.ReadLine()) outcome.out += *line + "\n";
  outcome.exit_code = child.Wait();
  outcome.err = ReadText(folder / "err");
  return outcome;
}

Outcome Reel(const Words& arguments) {
  Words command = {REEL_COMMAND};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunCommand(command);
}

void ExpectSaid(const UserError& error) {
  const Outcome outcome = Reel(error.arguments);
  std::string command = "reel";
  for (const std::string& word : error.arguments) command += " " + word;
  SCOPED_TRACE(command);
  EXPECT_EQ(outcome.exit_code, static_cast<int>(error.exit_code)) << outcome.err;
  EXPECT_THAT(outcome.err, testing::ContainsRegex("^reel: .*" + error.message));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

std::string Media(const std::string& name) {
  return std::string(REEL_SOURCE_DIR) + "/tests/data/media/" + name;
}

std::string MakeNode(const TempFolder& folder) {
  std::filesystem::create_directory(folder / "disk");
  const Outcome made =
      Reel({"init", folder / "node", "--volume", folder / "disk" + ",size=128M,segment=4M"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  return folder / "node";
}

}  // namespace reel
