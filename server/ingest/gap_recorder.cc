#include "server/ingest/gap_recorder.h"

#include <algorithm>
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
    Count(gap);
    const Key key{gap.stream, gap.begin, gap.cause};
    if (waiting_.size() == kMaxWaiting && !waiting_.contains(key)) {
      ++figures_.dropped;
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

void GapRecorder::Count(const GapRow& gap) {
  GapRow& last = last_[gap.stream];
  const bool lasts = last.begin == gap.begin && last.cause == gap.cause && last.begin < last.end;
  GapFigures::OfCause& of = figures_.by_cause[gap.cause];
  if (!lasts) ++of.count;
  of.length += std::max(gap.end - (lasts ? last.end : gap.begin), Duration{0});
  last = gap;
}

GapFigures GapRecorder::figures() const {
  const std::lock_guard lock(mutex_);
  GapFigures figures = figures_;
  figures.waiting = waiting_.size();
  return figures;
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
