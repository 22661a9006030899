// Link: the way on which the units of a source come, from its beginning to whatever ends it. The
// next attempt makes a new one.
//
// Thread rule: the loop's. What it is given outlives it.
// Bounds: reads at most what Refill allows until it is called again.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "reel/store.h"
#include "server/rtsp/track_receiver.h"

namespace reel::server {

class LinkSink : public ReceivedUnitSink {
 public:
  // Before the first unit, once. Neither here nor in OnUnit the link may be touched.
  virtual void OnTracks(const std::vector<TrackInfo>& tracks) = 0;
  // Last in each turn that the link has by itself: ended() and deadline() may have changed. It may
  // be destroyed in here.
  virtual void OnTurn() = 0;
};

class Link {
 public:
  struct End {
    std::string why;  // one line
    GapCause cause = GapCause::kSourceLost;
  };

  virtual ~Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  virtual void Begin() = 0;
  // At deadline(), and whenever the owner looks after it.
  virtual void OnTimer() = 0;
  virtual std::optional<MonoTime> deadline() const { return std::nullopt; }
  // In order, as far as that goes at once. Nothing comes behind it.
  virtual void Close() = 0;
  const std::optional<End>& ended() const { return ended_; }

  // All is set up: from here on units are due, and silence is one.
  virtual bool playing() const = 0;
  virtual uint64_t packets_lost() const { return 0; }
  // The camera's clock minus the node's, and how fast that grows; nullopt: not known.
  virtual std::optional<Duration> clock_offset() const { return std::nullopt; }
  virtual std::optional<double> clock_drift_ppm() const { return std::nullopt; }

  // What may be read until the next call; whether all that it was before was read.
  bool Refill(size_t bytes) {
    const bool used_up = budget_bytes_ == 0;
    budget_bytes_ = bytes;
    return used_up;
  }

 protected:
  explicit Link(size_t budget_bytes) : budget_bytes_(budget_bytes) {}
  size_t budget_bytes() const { return budget_bytes_; }
  void Spend(size_t bytes) { budget_bytes_ -= std::min(budget_bytes_, bytes); }
  void SetEnded(std::string why, GapCause cause) { ended_ = End{std::move(why), cause}; }

 private:
  size_t budget_bytes_;
  std::optional<End> ended_;
};

}  // namespace reel::server
