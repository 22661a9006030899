// AppendMarks: how far one run of an Append session has come, and what its client was told of it.
//
// Thread rule: one thread at a time. Bounds: kMaxInFlight units, kBulkWindow bytes and one unit.
#pragma once

#include <algorithm>
#include <deque>
#include <utility>

#include "reel/store.h"

namespace reel::server {

class AppendMarks {
 public:
  static constexpr uint64_t kBulkWindow = 8U << 20;
  static constexpr size_t kMaxInFlight = 1U << 16;

  AppendMarks() = default;
  // `turn`: which run of its session it is, from 1. One that came before it on the lane still
  // becomes durable, which must not be taken for this one's.
  explicit AppendMarks(uint64_t turn) : turn_(turn) {}

  uint64_t turn() const { return turn_; }
  const Watermarks& now() const { return now_; }

  // Told by two threads: neither takes back what the other one said.
  void Raise(const Watermarks& marks) {
    now_.accepted = std::max(now_.accepted, marks.accepted);
    now_.durable = std::max(now_.durable, marks.durable);
    while (!in_flight_.empty() && in_flight_.front().first < now_.durable.value) {
      in_flight_bytes_ -= in_flight_.front().second;
      in_flight_.pop_front();
    }
  }
  // A unit of a bulk run that is not durable.
  void AddInFlight(uint64_t unit, uint64_t bytes) {
    in_flight_.emplace_back(unit, bytes);
    in_flight_bytes_ += bytes;
  }

  bool is_full() const { return in_flight_bytes_ >= kBulkWindow; }
  bool may_read() const { return !is_full() && in_flight_.size() < kMaxInFlight; }
  bool is_durable() const { return now_.durable.value >= now_.accepted.value; }
  // Something that was not told yet; it counts as told.
  bool TakeNews() {
    const Watermarks told = std::exchange(told_, now_);
    return told.accepted != now_.accepted || told.durable != now_.durable;
  }

 private:
  uint64_t turn_ = 0;
  Watermarks now_;
  Watermarks told_;
  std::deque<std::pair<uint64_t, uint64_t>> in_flight_;  // units and their bytes
  uint64_t in_flight_bytes_ = 0;
};

}  // namespace reel::server
