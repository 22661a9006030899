// HelperThreads: a few threads that read ahead of whoever will want it, so that a device has
// something to do while bytes are looked at.
//
// Thread rule: Post from any thread; the destructor runs what still waits. Bound: kThreads run;
// what waits is bounded by who posts (HeadAhead, ChunkLoader).
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace reel {

class HelperThreads {
 public:
  using Task = std::function<void()>;
  static constexpr size_t kThreads = 4;

  HelperThreads();
  ~HelperThreads();

  void Post(Task task);

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Task> waiting_;
  bool stopped_ = false;
  std::array<std::thread, kThreads> threads_;
};

// Something that a helper does and somebody waits for.
// Thread rule: Begin and Await by one thread.
class HelpedTask {
 public:
  ~HelpedTask() { Await(); }

  // REQUIRES: what was begun before has been awaited. It must not outlive this.
  void Begin(HelperThreads& helpers, HelperThreads::Task task);
  // Returns at once when nothing was begun.
  void Await();

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool running_ = false;
};

}  // namespace reel
