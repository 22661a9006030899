#include "server/rpc/timer.h"

#include <utility>

namespace reel::server {

Timer::Timer() {
  thread_ = std::thread([this] { Run(); });
}

void Timer::After(Duration wait, std::function<void()> task) {
  const MonoTime when = SystemClock().MonoNow() + wait;
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  tasks_.emplace(when, std::move(task));
  changed_.notify_one();
}

void Timer::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (tasks_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Duration wait = tasks_.begin()->first - SystemClock().MonoNow();
    if (wait > Duration{0}) {
      changed_.wait_for(lock, wait);
      continue;
    }
    std::function<void()> task = std::move(tasks_.begin()->second);
    tasks_.erase(tasks_.begin());
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

void Timer::Stop() {
  std::multimap<MonoTime, std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(tasks_);
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace reel::server
