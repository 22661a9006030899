// ReaderGate: how many readers may fetch footage at once. As many as like to, until recording is
// late; then half as many, and half again, until one is left or recording is in time, after which
// there is one more each kReaderStep (additive increase, multiplicative decrease: Chiu and Jain,
// 1989). Sixteen greedy readers made recording shed otherwise: schedulers of processors and disks
// share among all who ask, and the readers were more.
//
// Thread rule: all calls from any thread at once. Outlives its turns.
// Bound: whoever waits at the gate waits kLongestReaderWait, and then goes all the same: recording
// that is late for ever must not keep everybody from looking at it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

#include "reel/time.h"

namespace reel {

inline constexpr Duration kLongestReaderWait = std::chrono::milliseconds(50);
inline constexpr Duration kReaderStep = std::chrono::milliseconds(250);

class ReaderGate {
 public:
  static constexpr int kMostAtOnce = 64;

  // Somebody is inside until it is destroyed.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Turn& operator=(Turn&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Turn() {
      if (gate_ != nullptr) gate_->Leave();
    }

   private:
    friend class ReaderGate;
    explicit Turn(ReaderGate* gate) : gate_(gate) {}
    ReaderGate* gate_ = nullptr;
  };

  Turn Enter();
  // Of recording, as it goes on.
  void NoteLate(MonoTime now);
  void NoteInTime(MonoTime now);

  int limit() const;
  int inside() const;

 private:
  void Leave();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int limit_ = kMostAtOnce;
  int inside_ = 0;
  MonoTime set_at_{0};
};

}  // namespace reel
