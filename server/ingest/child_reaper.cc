#include "server/ingest/child_reaper.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "engine/io/unique_fd.h"

namespace reel::server {
namespace {

// False: it still runs at `deadline`. Processes live by the machine's clock.
bool EndsBy(pid_t pid, MonoTime deadline) {
  // glibc 2.36 declares pidfd_open for C alone.
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process.valid()) return false;
  for (;;) {
    const Duration left = std::max(Duration{0}, deadline - SystemClock().MonoNow());
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    pollfd ended{process.get(), POLLIN, 0};
    const int count = poll(&ended, 1, static_cast<int>(ms));
    if (count >= 0 || errno != EINTR) return count > 0;
  }
}

}  // namespace

ChildReaper::ChildReaper(LogSink log) : log_(std::move(log)), thread_([this] { Loop(); }) {}

ChildReaper::~ChildReaper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ChildReaper::Take(pid_t pid, const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    leaving_.push_back({pid, name, SystemClock().MonoNow() + kGrace});
  }
  changed_.notify_all();
}

void ChildReaper::Drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return leaving_.empty(); });
}

void ChildReaper::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !leaving_.empty(); });
    if (leaving_.empty()) return;
    const Leaving child = leaving_.front();
    lock.unlock();
    Reap(child);
    lock.lock();
    leaving_.pop_front();
    changed_.notify_all();
  }
}

void ChildReaper::Reap(const Leaving& child) {
  const bool killed = !EndsBy(child.pid, child.deadline);
  if (killed) kill(child.pid, SIGKILL);
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (killed || !WIFSIGNALED(status) || !log_) return;
  log_(LogLevel::kWarning, child.name + ": the process that read it was ended by signal " +
                               std::to_string(WTERMSIG(status)));
}

}  // namespace reel::server
