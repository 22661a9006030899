#include "tools/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

#include "tools/exit_codes.h"

namespace reel {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  listener_ = std::thread([this] { Listen(); });
}

Interrupt::~Interrupt() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  pthread_kill(listener_.native_handle(), SIGTERM);
  listener_.join();
}

void Interrupt::Listen() {
  const sigset_t set = StopSignals();
  for (;;) {
    int signal = 0;
    sigwait(&set, &signal);
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    if (requested_) _exit(static_cast<int>(ExitCode::kStopped));
    requested_ = true;
    changed_.notify_all();
  }
}

bool Interrupt::requested() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

bool Interrupt::WaitFor(Duration wait) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, wait, [this] { return requested_; });
}

}  // namespace reel
