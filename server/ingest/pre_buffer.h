// PreBuffer: the last units of a source that records on events only, so that what led to one is
// recorded too.
//
// It begins at a clean point: the last one at or before `length` ago, or the oldest there is.
// Bounds: kMaxBytes of units; where more come within `length`, the older ones go.
// Thread rule: one thread at a time.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "reel/time.h"
#include "server/rtsp/track_receiver.h"

namespace reel::server {

class PreBuffer {
 public:
  static constexpr size_t kMaxBytes = 32U << 20;

  explicit PreBuffer(Duration length) : length_(length) {}

  void Connect(const std::vector<TrackInfo>& tracks);
  void Add(const ReceivedUnit& unit, MonoTime mono, WallTime wall);
  // As they are before the first unit held.
  const std::vector<TrackInfo>& tracks() const { return tracks_; }
  // Hands out what it holds, oldest first, and is empty then.
  template <class Take>
  void Drain(const Take& take) {
    while (!units_.empty()) {
      take(units_.front().View(), units_.front().mono, units_.front().wall);
      DropFirst();
    }
  }

 private:
  struct Held {
    ReceivedUnit View() const;
    ReceivedUnit unit;  // without its bytes and track change
    Bytes bytes;
    std::optional<TrackInfo> track_change;
    MonoTime mono;
    WallTime wall;
  };
  void DropFirst();
  void DropUntilClean();

  const Duration length_;
  std::vector<TrackInfo> tracks_;
  std::deque<Held> units_;
  std::deque<MonoTime> clean_;  // of the clean points among them
  size_t bytes_ = 0;
};

}  // namespace reel::server
