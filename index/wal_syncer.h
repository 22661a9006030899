// WalSyncer: keeps an index's log synced at most `delay` behind its writes, from a thread of its
// own.
//
// Rule: the first write after a sync starts the delay; when it is over, or when Sync is called, all
// that was written by then is synced. An idle index is never synced. A sync that failed is never
// tried again: what it left behind is unknown, so its error stays.
//
// Thread rule: all calls from any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "reel/status.h"
#include "reel/time.h"

namespace reel {

class WalSyncer {
 public:
  // `sync` makes everything written before the call durable; called from any thread, never by two
  // at once.
  WalSyncer(std::function<Status()> sync, Duration delay);
  ~WalSyncer();  // syncs what is left
  WalSyncer(const WalSyncer&) = delete;
  WalSyncer& operator=(const WalSyncer&) = delete;

  void NoteWrite();
  Status Sync();
  Status error() const;  // of the sync that failed, if one did

 private:
  void Run();

  const std::function<Status()> sync_;
  const Duration delay_;

  std::mutex syncing_;  // held around sync_; taken before mutex_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool dirty_ = false;
  bool stopping_ = false;
  Status error_;
  std::thread thread_;
};

}  // namespace reel
