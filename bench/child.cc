#include "bench/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

namespace reel::bench {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return Status::FromErrno(errno, "a pipe");
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

double SecondsOf(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

}  // namespace

Result<std::unique_ptr<Child>> Child::Start(const std::vector<std::string>& arguments) {
  REEL_ASSIGN_OR_RETURN(Pipe input, MakePipe());
  REEL_ASSIGN_OR_RETURN(Pipe output, MakePipe());
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.write.get(), STDOUT_FILENO);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) return NotFound(arguments.front() + " is not installed");
  if (error != 0) return Status::FromErrno(error, "start " + arguments.front());
  return std::unique_ptr<Child>(
      new Child(pid, arguments.front(), std::move(input.write), std::move(output.read)));
}

Child::~Child() {
  if (pid_ < 0) return;
  Kill();
  (void)Wait();
}

std::string Child::ReadLine() {
  std::string line;
  char c = 0;
  while (read(output_.get(), &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::string Child::ReadAll() {
  std::string all;
  std::array<char, 1 << 16> piece{};
  ssize_t got = 0;
  while ((got = read(output_.get(), piece.data(), piece.size())) > 0)
    all.append(piece.data(), static_cast<size_t>(got));
  return all;
}

double Child::CpuSeconds() const {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

void Child::Kill() const {
  if (pid_ >= 0) (void)kill(pid_, SIGKILL);
}

Result<double> Child::Wait() {
  int status = 0;
  rusage used{};
  if (wait4(pid_, &status, 0, &used) != pid_) return Status::FromErrno(errno, "wait for " + name_);
  pid_ = -1;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Internal(name_ + " failed");
  return SecondsOf(used.ru_utime) + SecondsOf(used.ru_stime);
}

}  // namespace reel::bench
