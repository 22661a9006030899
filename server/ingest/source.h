// Source: one source of a camera on its event loop: opens a link when it is wanted, records what
// comes, says what is wrong, and tries again.
//
//   kWaiting --retry time--> kConnecting --first unit--> kRecording
//       ^                        |                          |
//       +------- failed ---------+------- lost, stalled ----+
//   kOff while its mode or schedule does not want it
//
// Silence: a source of which nothing comes is named after kSilentNamed and given up after
// kSilentEnded; one that is known to be slow (a picture in ten seconds) a little later. A camera
// with pictures is silent when no pictures come. How far apart its clean points are does not
// matter. A flood, over max_bytes_per_second, is read no faster than that: whoever sends waits.
// Thread rule: the loop's, but for status(). Made and ended on it, too.
// Bounds: the link's, PreBuffer's, the status.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reel/clock.h"
#include "server/ingest/backoff.h"
#include "server/ingest/cameras.h"
#include "server/ingest/child_reaper.h"
#include "server/ingest/event_loop.h"
#include "server/ingest/link.h"
#include "server/ingest/pre_buffer.h"
#include "server/ingest/resolver.h"
#include "server/ingest/stream_recorder.h"

namespace reel::server {

// What a source needs of its camera. Equal: nothing has to be connected anew.
struct SourceSpec {
  CameraConfig camera;  // with this source alone
  StreamId stream;

  const SourceConfig& source() const { return camera.sources.front(); }
  bool operator==(const SourceSpec&) const = default;
};

class Source final : private LinkSink {
 public:
  static constexpr Duration kSilentNamed = std::chrono::seconds(5);
  static constexpr Duration kSilentEnded = std::chrono::seconds(15);

  // What all sources share; outlives them.
  struct Shared {
    Store& store;
    Clock& clock;
    Random& random;
    Resolver& resolver;
    ChildReaper& reaper;
    std::vector<std::string> feed_command;
    size_t max_bytes_per_second = 0;  // of one source
    GapRecorder& gaps;
    LogSink log;
    std::function<void(const SourceStatus&)> on_change;
  };

  Source(Shared& shared, EventLoop& loop, SourceSpec spec);

  void Begin();
  // Behind it nothing happens any more.
  void End(EndCause cause);

  // Something happened at the camera (kEvent).
  void Event(WallTime when);

  const SourceSpec& spec() const { return spec_; }
  EventLoop& loop() { return loop_; }
  SourceStatus status() const;

 private:
  void OnTracks(const std::vector<TrackInfo>& tracks) override;
  void OnUnit(const ReceivedUnit& unit) override;
  void OnTurn() override;

  void Now();
  void OnTimer();
  void SetTimer();
  bool Wanted() const;
  bool BetweenEvents() const {
    return spec_.source().mode == RecordMode::kEvent && wall_ > event_until_;
  }
  void FollowSchedule();

  void Attempt();
  std::shared_ptr<Link> MakeLink();
  void FollowLink();
  void CheckSilence();
  void DropLink();
  void Fail(std::string why, GapCause cause);

  Duration SilenceNamed() const;
  struct Trouble {
    TroubleKind kind = TroubleKind::kNone;
    std::string text;
  };
  Trouble WhatIsWrong() const;
  std::string ClockTrouble() const;
  void Publish();
  void Log(LogLevel level, const std::string& text) const;

  Shared& shared_;
  EventLoop& loop_;
  const SourceSpec spec_;
  StreamRecorder recorder_;
  PreBuffer pre_buffer_;  // kEvent, outside of events
  WallTime event_until_ = kWallMin;
  Backoff backoff_;
  EventLoop::Timer timer_;

  MonoTime mono_;  // of the call under way
  WallTime wall_;
  SourceState state_ = SourceState::kOff;
  bool ended_ = false;
  std::string why_;  // of the last failure
  MonoTime retry_at_;
  MonoTime step_began_;  // of connecting, of playing, of recording
  MonoTime next_tick_;

  std::shared_ptr<Link> link_;
  bool floods_ = false;  // read all that it may up to the last tick

  struct Received {
    uint64_t units = 0;
    uint64_t pictures = 0;
    uint64_t bytes = 0;
  };
  Received received_;
  std::optional<WallTime> last_unit_;
  std::optional<MonoTime> last_data_;  // that counts against silence
  Duration usual_distance_{0};
  bool has_pictures_ = false;
  std::vector<TrackKind> kinds_;
  uint64_t lost_before_ = 0;  // packets, of links that have ended
  uint64_t reconnects_ = 0;
  std::deque<MonoTime> recent_losses_;  // the last few minutes'
  MonoTime rates_at_;
  uint64_t rate_bytes_ = 0;
  uint64_t rate_pictures_ = 0;

  mutable std::mutex mutex_;
  SourceStatus status_;
};

}  // namespace reel::server
