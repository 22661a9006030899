#include "bench/sim_crew.h"

#include <algorithm>

#include "engine/base/check.h"

namespace reel::bench {

thread_local SimCrew::Caller* SimCrew::self_ = nullptr;

SimCrew::~SimCrew() {
  REEL_CHECK(waiting() == 0, "nobody is left waiting");
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  for (const auto& caller : callers_) {
    caller->turn.notify_one();
    caller->thread.join();
  }
}

size_t SimCrew::waiting() const {
  return static_cast<size_t>(std::count_if(
      callers_.begin(), callers_.end(), [](const auto& c) { return static_cast<bool>(c->ready); }));
}

bool SimCrew::AnyReady() const {
  return std::any_of(callers_.begin(), callers_.end(),
                     [](const auto& c) { return c->ready && c->ready(); });
}

void SimCrew::Start(std::function<void()> body) {
  auto free = std::find_if(callers_.begin(), callers_.end(),
                           [](const auto& caller) { return !caller->body; });
  if (free == callers_.end()) {
    free = callers_.insert(free, std::make_unique<Caller>());
    Caller* made = free->get();
    made->crew = this;
    made->thread = std::thread([this, made] { Loop(made); });
  }
  (*free)->body = std::move(body);
  Run(free->get());
}

bool SimCrew::RunReady() {
  bool any = false;
  for (const std::unique_ptr<Caller>& caller : callers_) {
    if (!caller->ready || !caller->ready()) continue;
    caller->ready = nullptr;
    Run(caller.get());
    any = true;
  }
  return any;
}

void SimCrew::Run(Caller* caller) {
  std::unique_lock lock(mutex_);
  running_ = caller;
  caller->turn.notify_one();
  back_.wait(lock, [this] { return running_ == nullptr; });
}

void SimCrew::Loop(Caller* caller) {
  self_ = caller;
  std::unique_lock lock(mutex_);
  while (true) {
    caller->turn.wait(lock, [&] { return stop_ || running_ == caller; });
    if (stop_) return;
    lock.unlock();
    caller->body();
    lock.lock();
    caller->body = nullptr;
    running_ = nullptr;
    back_.notify_one();
  }
}

bool SimCrew::IsCaller() { return self_ != nullptr; }

void SimCrew::Wait(std::function<bool()> ready) {
  REEL_CHECK(self_ != nullptr, "a caller waits");
  SimCrew& crew = *self_->crew;
  self_->ready = std::move(ready);
  std::unique_lock lock(crew.mutex_);
  crew.running_ = nullptr;
  crew.back_.notify_one();
  self_->turn.wait(lock, [&] { return crew.running_ == self_; });
}

}  // namespace reel::bench
