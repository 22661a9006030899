// Interrupt: Ctrl-C and SIGTERM as a question that long work asks, so that it ends in good order. A
// second signal ends the process at once.
//
// To be made before any thread is started, at most once; from then on the two signals reach nobody
// else, and stay held back after its end.
// Thread rule: all calls from any thread at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "reel/time.h"

namespace reel {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const;
  // Returns after `wait`, or earlier when a signal comes: then, and ever after, true.
  bool WaitFor(Duration wait) const;

 private:
  void Listen();

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool requested_ = false;
  bool closing_ = false;
  std::thread listener_;
};

}  // namespace reel
