#include "index/wal_syncer.h"

#include "engine/base/edge.h"

namespace reel {

WalSyncer::WalSyncer(std::function<Status()> sync, Duration delay)
    : sync_(std::move(sync)),
      delay_(delay),
      thread_([this] { AtEdgeOrDie("WalSyncer", [this] { Run(); }); }) {}

WalSyncer::~WalSyncer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  // Nobody is left to be told; the next opening finds out what the log holds.
  static_cast<void>(AtEdgeOrDie("~WalSyncer", [this] { return Sync(); }));
}

void WalSyncer::NoteWrite() {
  {
    const std::lock_guard lock(mutex_);
    if (dirty_) return;
    dirty_ = true;
  }
  changed_.notify_all();
}

Status WalSyncer::Sync() {
  const std::lock_guard one_at_a_time(syncing_);
  {
    const std::lock_guard lock(mutex_);
    if (!error_.ok() || !dirty_) return error_;
    dirty_ = false;
  }
  Status status = sync_();
  const std::lock_guard lock(mutex_);
  error_ = status;
  return status;
}

Status WalSyncer::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void WalSyncer::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return dirty_ || stopping_; });
    changed_.wait_for(lock, delay_, [this] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    // Kept in error_, where the next Write finds it.
    static_cast<void>(Sync());
    lock.lock();
  }
}

}  // namespace reel
