#include "server/ingest/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace reel::server {
namespace {

// 0 or an errno. posix_spawn is safe in a process of many threads.
int Spawn(const std::vector<std::string>& command, int theirs, pid_t* pid) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  char* no_environment[] = {nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, theirs, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);

  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  const int failed =
      posix_spawn(pid, arguments[0], &actions, &attributes, arguments.data(), no_environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const std::vector<std::string>& command,
                                                          const std::string& name,
                                                          ChildReaper& reaper) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Status::FromErrno(errno, "a socket to " + command.front());
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  if (fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) {
    return Status::FromErrno(errno, "a socket to " + command.front());
  }
  pid_t pid = -1;
  const int failed = Spawn(command, theirs.get(), &pid);
  if (failed != 0) return Status(Code::kUnavailable, "cannot start " + command.front(), failed);
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(ours), pid, name, reaper));
}

ChildProcess::~ChildProcess() {
  socket_ = UniqueFd();
  reaper_.Take(pid_, name_);
}

}  // namespace reel::server
