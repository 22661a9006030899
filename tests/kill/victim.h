// Victim: a child process that is waited for, at most a while, and killed.
// Thread rule: one thread. Killed and reaped by the destructor.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "engine/io/unique_fd.h"
#include "reel/time.h"

namespace reel {

class Victim {
 public:
  explicit Victim(const std::vector<std::string>& words);
  ~Victim();
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  pid_t pid() const { return pid_; }
  // True when it has ended by itself within `wait`.
  bool WaitEnd(Duration wait) const;
  void Kill() const;
  // Waits for its end. -1: ended by a signal.
  int Reap();

 private:
  pid_t pid_ = -1;
  UniqueFd pid_fd_;
};

}  // namespace reel
