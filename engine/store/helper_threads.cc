#include "engine/store/helper_threads.h"

#include <pthread.h>

#include <utility>

#include "engine/base/check.h"
#include "engine/base/edge.h"

namespace reel {

HelperThreads::HelperThreads() {
  for (std::thread& thread : threads_) {
    thread = std::thread([this] { AtEdgeOrDie("read-ahead thread", [this] { Run(); }); });
  }
}

HelperThreads::~HelperThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  posted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void HelperThreads::Post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(task));
  }
  posted_.notify_one();
}

void HelperThreads::Run() {
  static_cast<void>(pthread_setname_np(pthread_self(), "reel-ahead"));
  std::unique_lock lock(mutex_);
  for (;;) {
    posted_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Task task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void HelpedTask::Begin(HelperThreads& helpers, HelperThreads::Task task) {
  {
    const std::lock_guard lock(mutex_);
    REEL_CHECK(!running_, "one thing at a time");
    running_ = true;
  }
  helpers.Post([this, task = std::move(task)] {
    task();
    // Under the lock: this may be gone as soon as it is released.
    const std::lock_guard lock(mutex_);
    running_ = false;
    done_.notify_all();
  });
}

void HelpedTask::Await() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return !running_; });
}

}  // namespace reel
