// GapDays: how much a stream lacks of its last 24 hours, kept for half a minute: tables that are
// looked at every second ask for all streams.
//
// Thread rule: any thread. Of blocks: reads the index, once in kFresh for a stream.
// Bound: one entry per stream of the store.
#pragma once

#include <map>
#include <mutex>

#include "reel/store.h"

namespace reel::server {

class GapDays {
 public:
  static constexpr Duration kFresh = std::chrono::seconds(30);

  struct Day {
    uint32_t gaps = 0;
    Duration length{0};
  };

  // Both outlive it.
  GapDays(Store& store, Clock& clock) : store_(store), clock_(clock) {}

  // What was to be recorded since a day ago and was not. Nothing where that cannot be found out.
  Day Of(StreamId stream);

 private:
  struct Entry {
    MonoTime asked;
    Day day;
  };

  Store& store_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<StreamId, Entry> entries_;
};

}  // namespace reel::server
