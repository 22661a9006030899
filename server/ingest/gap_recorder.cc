#include "server/ingest/gap_recorder.h"

#include <string>
#include <utility>

namespace reel::server {

GapRecorder::GapRecorder(Store& store, LogSink log)
    : store_(store), log_(std::move(log)), thread_([this] { Loop(); }) {}

GapRecorder::~GapRecorder() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void GapRecorder::Record(const GapRow& gap) {
  if (!(gap.begin < gap.end)) return;
  {
    const std::lock_guard lock(mutex_);
    const Key key{gap.stream, gap.begin, gap.cause};
    if (waiting_.size() == kMaxWaiting && !waiting_.contains(key)) {
      ++dropped_;
      return;
    }
    waiting_[key] = gap;
  }
  changed_.notify_all();
}

void GapRecorder::Drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !busy_; });
}

uint64_t GapRecorder::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void GapRecorder::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
    if (waiting_.empty()) return;
    const GapRow gap = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    busy_ = true;
    lock.unlock();
    const Status status = store_.RecordGap(gap);
    if (!status.ok() && log_) {
      log_(LogLevel::kWarning,
           "a gap of stream " + ToString(gap.stream) + " (" + std::string(GapCauseName(gap.cause)) +
               ", from " + FormatWall(gap.begin) + ") is not recorded: " + status.ToString());
    }
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace reel::server
