#include "server/ingest/event_loop.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>
#include <utility>

#include "engine/base/check.h"

namespace reel::server {

Result<std::unique_ptr<EventLoop>> EventLoop::Start(Clock& clock) {
  std::unique_ptr<EventLoop> loop(new EventLoop(clock));
  loop->epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  loop->wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!loop->epoll_.valid() || !loop->wake_.valid()) {
    return Status::FromErrno(errno, "an event loop");
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = loop->wake_.get();
  if (epoll_ctl(loop->epoll_.get(), EPOLL_CTL_ADD, loop->wake_.get(), &event) != 0) {
    return Status::FromErrno(errno, "an event loop");
  }
  loop->thread_ = std::thread([raw = loop.get()] { raw->Loop(); });
  return loop;
}

EventLoop::~EventLoop() { Stop(); }

void EventLoop::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  Wake();
}

void EventLoop::Run(const std::function<void()>& task) {
  REEL_CHECK(std::this_thread::get_id() != thread_.get_id(), "a loop does not wait for itself");
  std::promise<void> done;
  Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void EventLoop::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
}

void EventLoop::Wake() const {
  const uint64_t one = 1;
  const ssize_t written = write(wake_.get(), &one, sizeof one);
  REEL_CHECK(written == sizeof one, "the count of wakes has room for 2^64");
}

Status EventLoop::Watch(int fd, uint32_t events, Handler* handler) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return Status::FromErrno(errno, "watching a socket");
  }
  handlers_[fd] = handler;
  return OkStatus();
}

void EventLoop::Change(int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  const int changed = epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  REEL_CHECK(changed == 0, "a socket that is watched");
}

void EventLoop::Unwatch(int fd) {
  if (handlers_.erase(fd) == 0) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::Loop() {
  (void)pthread_setname_np(pthread_self(), "reel-ingest");  // as `top -H` and profiles show it
  while (DoTasks()) Turn();
}

// False: the end.
bool EventLoop::DoTasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    tasks.swap(tasks_);
  }
  for (const std::function<void()>& task : tasks) task();
  return true;
}

void EventLoop::Turn() {
  std::array<epoll_event, 256> events{};
  const int count =
      epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), WaitMs());
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<size_t>(i)].data.fd;
    if (fd == wake_.get()) {
      uint64_t wakes = 0;
      const ssize_t got = read(fd, &wakes, sizeof wakes);
      REEL_CHECK(got == sizeof wakes, "only the loop reads its wakes");
      continue;
    }
    // A handler before it may have taken it off.
    const auto handler = handlers_.find(fd);
    if (handler != handlers_.end()) handler->second->OnReady(events[static_cast<size_t>(i)].events);
  }
  FireTimers();
}

int EventLoop::WaitMs() const {
  if (timers_.empty()) return -1;
  const Duration wait = (*timers_.begin())->time_ - clock_.MonoNow();
  if (wait <= Duration{0}) return 0;
  constexpr auto kLongest = std::chrono::milliseconds(60'000);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(wait);
  return static_cast<int>(std::min(ms, kLongest).count()) + 1;
}

void EventLoop::FireTimers() {
  const MonoTime now = clock_.MonoNow();
  // Each at most once a turn, whatever it is set to meanwhile.
  std::vector<Timer*> due;
  for (Timer* timer : timers_) {
    if (timer->time_ > now) break;
    due.push_back(timer);
  }
  for (Timer* timer : due) {
    // One before it may have cleared it, or ended its owner.
    const auto at = std::find(timers_.begin(), timers_.end(), timer);
    if (at == timers_.end()) continue;
    timers_.erase(at);
    timer->set_ = false;
    timer->due_();
  }
}

void EventLoop::Timer::Set(MonoTime time) {
  if (set_ && time == time_) return;
  Clear();
  time_ = time;
  set_ = true;
  loop_.timers_.insert(this);
}

void EventLoop::Timer::Clear() {
  if (!std::exchange(set_, false)) return;
  loop_.timers_.erase(this);
}

}  // namespace reel::server
