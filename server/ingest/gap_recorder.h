// GapRecorder: tells the store of missing time on a thread of its own, since that blocks on a sync.
//
// Thread rule: Record from any thread; it never waits. The destructor records what is left first.
// Bounds: kMaxWaiting rows; a row with the stream, beginning and cause of one that waits replaces
// it. Where more come, the new ones are dropped and counted: the store derives a cause of its own
// then. One row per stream is kept, to tell a gap that lasts from a new one.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

#include "reel/log.h"
#include "reel/store.h"
#include "server/ingest/cameras.h"

namespace reel::server {

class GapRecorder {
 public:
  static constexpr size_t kMaxWaiting = 8192;

  // `store` outlives it.
  GapRecorder(Store& store, LogSink log);
  ~GapRecorder();
  GapRecorder(const GapRecorder&) = delete;
  GapRecorder& operator=(const GapRecorder&) = delete;

  // Nothing happens with a gap that is empty.
  void Record(const GapRow& gap);
  // Waits until all that was given before is recorded.
  void Drain();
  GapFigures figures() const;

 private:
  using Key = std::tuple<StreamId, WallTime, GapCause>;
  void Loop();
  // A gap is told again while it lasts: what it has grown by.
  void Count(const GapRow& gap);

  Store& store_;
  const LogSink log_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, GapRow> waiting_;
  std::map<StreamId, GapRow> last_;
  bool busy_ = false;
  bool stopping_ = false;
  GapFigures figures_;
  std::thread thread_;
};

}  // namespace reel::server
