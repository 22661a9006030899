// SimCrew: callers that wait for simulated disks side by side. Each has a thread of its own, of
// which exactly one runs at any time, until it waits or is done: same calls, same order.
//
// Thread rule: Start and RunReady from the thread that made the crew, Wait from its callers. Bound:
// as many threads as there were callers at once.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace reel::bench {

class SimCrew {
 public:
  SimCrew() = default;
  // Every caller is done.
  ~SimCrew();
  SimCrew(const SimCrew&) = delete;
  SimCrew& operator=(const SimCrew&) = delete;

  // Runs `body` until it waits or is done. It must not throw.
  void Start(std::function<void()> body);
  // Goes on with each caller whose wait is over. True if there was one.
  bool RunReady();
  // Whether there is one.
  bool AnyReady() const;
  // How many wait.
  size_t waiting() const;

  // Whether this thread is a caller of a crew. One that is not has nobody to run meanwhile.
  static bool IsCaller();
  // Of a caller: the others run until `ready`, which once true stays so.
  static void Wait(std::function<bool()> ready);

 private:
  struct Caller {
    SimCrew* crew = nullptr;
    std::thread thread;
    std::condition_variable turn;
    std::function<void()> body;   // what it runs; empty: it is free
    std::function<bool()> ready;  // what it waits for; empty: nothing
  };

  void Loop(Caller* caller);
  void Run(Caller* caller);

  std::mutex mutex_;
  std::condition_variable back_;
  Caller* running_ = nullptr;  // null: the crew's own thread
  bool stop_ = false;
  std::vector<std::unique_ptr<Caller>> callers_;
  static thread_local Caller* self_;
};

}  // namespace reel::bench
