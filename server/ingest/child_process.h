// ChildProcess: a program of ours that runs for as long as its owner wants, with one socket as its
// standard input and output.
//
// It starts with no environment, no other descriptor but standard error, no signal blocked, in a
// process group of its own. Starting it takes about a millisecond, and no page of this process is
// copied. The destructor does not wait: it closes the socket, and the reaper sees to the rest.
// Thread rule: one thread at a time; the thread that starts it lives as long as it does, since the
// kernel ends it with that thread. Ownership: the reaper outlives it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/io/unique_fd.h"
#include "reel/status.h"
#include "server/ingest/child_reaper.h"

namespace reel::server {

class ChildProcess {
 public:
  // `command`: the program's path and its arguments; `name` is what the log calls it. Errors:
  // Unavailable and what the machine says.
  static Result<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& command,
                                                     const std::string& name, ChildReaper& reaper);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Our end, which never blocks.
  int socket() const { return socket_.get(); }

 private:
  ChildProcess(UniqueFd socket, pid_t pid, std::string name, ChildReaper& reaper)
      : socket_(std::move(socket)), pid_(pid), name_(std::move(name)), reaper_(reaper) {}

  UniqueFd socket_;
  const pid_t pid_;
  const std::string name_;
  ChildReaper& reaper_;
};

}  // namespace reel::server
