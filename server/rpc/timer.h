// Timer: does small things later, on one thread of its own.
//
// Thread rule: all calls from any thread at once; Stop and the destructor by none of the tasks.
// Tasks must not block. Time is the machine's: what is to be tested without waiting takes a Clock.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "reel/clock.h"
#include "reel/time.h"

namespace reel::server {

class Timer {
 public:
  Timer();
  ~Timer() { Stop(); }

  void After(Duration wait, std::function<void()> task);
  // What waits is dropped.
  void Stop();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<MonoTime, std::function<void()>> tasks_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace reel::server
