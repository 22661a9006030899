#include "tests/kill/victim.h"

#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "engine/base/check.h"

namespace reel {

Victim::Victim(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int failed = posix_spawn(&pid_, arguments[0], nullptr, nullptr, arguments.data(), environ);
  REEL_CHECK(failed == 0, "the child can be started");
  pid_fd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  REEL_CHECK(pid_fd_.valid(), "the child can be watched");
}

Victim::~Victim() {
  Kill();
  Reap();
}

bool Victim::WaitEnd(Duration wait) const {
  pollfd watched{pid_fd_.get(), POLLIN, 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(wait);
  return poll(&watched, 1, static_cast<int>(milliseconds.count())) == 1;
}

void Victim::Kill() const {
  if (pid_ > 0) kill(pid_, SIGKILL);
}

int Victim::Reap() {
  if (pid_ <= 0) return -1;
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace reel
