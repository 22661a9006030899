#include "engine/store/reader_gate.h"

#include <algorithm>

namespace reel {
namespace {

// What a narrower gate does shows only once those inside have come out.
constexpr Duration kBetweenNarrowings = std::chrono::milliseconds(20);

}  // namespace

ReaderGate::Turn ReaderGate::Enter() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kLongestReaderWait, [this] { return inside_ < limit_; });
  ++inside_;
  return Turn(this);
}

void ReaderGate::Leave() {
  {
    const std::lock_guard lock(mutex_);
    --inside_;
  }
  changed_.notify_one();
}

void ReaderGate::NoteLate(MonoTime now) {
  const std::lock_guard lock(mutex_);
  if (limit_ == 1) {
    set_at_ = now;
    return;
  }
  if (now - set_at_ < kBetweenNarrowings) return;
  limit_ = std::max(1, std::min(limit_, inside_) / 2);
  set_at_ = now;
}

void ReaderGate::NoteInTime(MonoTime now) {
  {
    const std::lock_guard lock(mutex_);
    if (limit_ == kMostAtOnce || now - set_at_ < kReaderStep) return;
    ++limit_;
    set_at_ = now;
  }
  changed_.notify_one();
}

int ReaderGate::limit() const {
  const std::lock_guard lock(mutex_);
  return limit_;
}

int ReaderGate::inside() const {
  const std::lock_guard lock(mutex_);
  return inside_;
}

}  // namespace reel
