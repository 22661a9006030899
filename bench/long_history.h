// LongHistory: keyframes of cameras that never were, so that lookups happen in an index of the size
// a goal asks for without footage of that size. A function of its shape: minutes that follow one
// another, a run a stream, one piece a GOP.
//
// Thread rule: immutable once made.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reel/index.h"

namespace reel::bench {

struct HistoryShape {
  uint64_t keyframes = 1'000'000;  // at least
  uint32_t streams = 1000;
  Duration gop{std::chrono::seconds(2)};
  WallTime end;
};

class LongHistory {
 public:
  explicit LongHistory(const HistoryShape& shape);

  uint32_t streams() const { return static_cast<uint32_t>(ids_.size()); }
  uint64_t minutes() const { return minutes_; }  // of each stream
  uint64_t gops_per_minute() const { return gops_per_minute_; }
  uint64_t keyframes() const { return minutes_ * gops_per_minute_ * ids_.size(); }
  StreamId stream(uint32_t number) const { return ids_[number].first; }
  // The rows of a stream's minute, by time. REQUIRES: there are such.
  std::vector<GopRow> Minute(uint32_t stream, uint64_t minute) const;

  // A minute of all streams at a time through Index::Write: what the engine does.
  Status Write(Index& index) const;
  // The same rows as sorted tables that a new index takes over as they are, in its own encoding and
  // with its own options: a thousand million keyframes take minutes. Not while the index is open;
  // made if it is not there. REQUIRES: the history ends at a whole minute of UTC.
  Status Build(const std::string& index_path) const;

 private:
  std::vector<std::pair<StreamId, RunId>> ids_;
  Duration gop_;
  WallTime begin_;
  uint64_t gops_per_minute_;
  uint64_t minutes_;
};

}  // namespace reel::bench
