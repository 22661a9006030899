// EventLoop: one thread that serves many sockets, timers and tasks handed to it.
//
// Fair: a turn calls each ready handler once, and a handler does a bounded piece of work; what is
// left makes it ready again in the next turn, behind all others.
// Thread rule: Post, Run and Stop from any thread; everything else on the loop's own.
// Ownership: handlers and timers belong to who made them, and are taken off the loop before they
// go.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/io/unique_fd.h"
#include "reel/clock.h"
#include "reel/status.h"

namespace reel::server {

class EventLoop {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    // `events` as epoll gives them.
    virtual void OnReady(uint32_t events) = 0;
  };

  // Calls `due` once at or soon after the time it was set to.
  class Timer {
   public:
    Timer(EventLoop& loop, std::function<void()> due) : loop_(loop), due_(std::move(due)) {}
    ~Timer() { Clear(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    void Set(MonoTime time);
    void Clear();

   private:
    friend class EventLoop;
    EventLoop& loop_;
    std::function<void()> due_;
    MonoTime time_;
    bool set_ = false;
  };

  // Unavailable: the machine has no descriptors left.
  static Result<std::unique_ptr<EventLoop>> Start(Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Does `task` on the loop's thread, in order; not at all once it was stopped.
  void Post(std::function<void()> task);
  // The same and waits for it. REQUIRES: another thread, not stopped.
  void Run(const std::function<void()>& task);
  // Behind it nothing more is called. Waits for the turn under way.
  void Stop();

  Status Watch(int fd, uint32_t events, Handler* handler);
  void Change(int fd, uint32_t events);
  void Unwatch(int fd);
  Clock& clock() { return clock_; }

 private:
  explicit EventLoop(Clock& clock) : clock_(clock) {}
  void Loop();
  void Turn();
  int WaitMs() const;
  void Wake() const;
  void FireTimers();
  bool DoTasks();

  struct ByTime {
    bool operator()(const Timer* a, const Timer* b) const {
      return a->time_ != b->time_ ? a->time_ < b->time_ : a < b;
    }
  };

  Clock& clock_;
  UniqueFd epoll_;
  UniqueFd wake_;
  std::unordered_map<int, Handler*> handlers_;
  std::set<Timer*, ByTime> timers_;

  std::mutex mutex_;
  std::vector<std::function<void()>>
      tasks_;  // at most a few per camera: who posts waits for answers
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace reel::server
