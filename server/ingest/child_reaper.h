// ChildReaper: sees to it that children whose socket was closed end, and that nothing of them is
// left. Each has kGrace to end by itself, counted from Take; then it is killed.
//
// Thread rule: any thread; only Drain and the destructor wait.
// Bounds: one entry a child; its thread waits for one after the other, at most kGrace for all of
// them and then as long as the kernel takes to end them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "reel/clock.h"
#include "reel/log.h"

namespace reel::server {

class ChildReaper {
 public:
  static constexpr Duration kGrace = std::chrono::seconds(1);

  explicit ChildReaper(LogSink log);
  ~ChildReaper();
  ChildReaper(const ChildReaper&) = delete;
  ChildReaper& operator=(const ChildReaper&) = delete;

  // Nobody else waits for `pid`, a child of this process. `name` is what the log calls it.
  void Take(pid_t pid, const std::string& name);
  // Waits until all that were taken are gone.
  void Drain();

 private:
  struct Leaving {
    pid_t pid = 0;
    std::string name;
    MonoTime deadline;
  };
  void Loop();
  void Reap(const Leaving& child);

  const LogSink log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Leaving> leaving_;  // the first one is being waited for
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace reel::server
