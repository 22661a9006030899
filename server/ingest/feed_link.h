// FeedLink: a source that a process of its own reads with libavformat (server/feed).
//
// Address and password go to that process over its socket alone. What it says is checked
// (feed_frame.h): one that breaks the rules has ended. It writes no faster than is read here.
// Thread rule: the loop's. Bounds: kOpenTimeout, FeedReader's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/config/config.h"
#include "server/feed/feed_frame.h"
#include "server/ingest/child_process.h"
#include "server/ingest/event_loop.h"
#include "server/ingest/link.h"

namespace reel::server {

inline constexpr std::string_view kFeedPrefix = "ffmpeg:";

class FeedLink final : public Link, private EventLoop::Handler {
 public:
  // For libavformat to connect and to look at what comes.
  static constexpr Duration kOpenTimeout = std::chrono::seconds(15);

  // `command` starts the process; `camera` has one source, whose URL begins with kFeedPrefix.
  FeedLink(EventLoop& loop, ChildReaper& reaper, const std::vector<std::string>& command,
           const CameraConfig& camera, size_t budget_bytes, LinkSink& sink);
  ~FeedLink() override { Drop(); }

  void Begin() override;
  void OnTimer() override;
  void Close() override { Fail("closed"); }
  bool playing() const override { return playing_; }

 private:
  void OnReady(uint32_t events) override;
  Status SendRequest() const;
  void ReadSome();
  void TakeFrames();
  void Take(const FeedTracks& tracks);
  void Take(const FeedUnit& unit);
  void Take(const FeedEnd& end);
  void WatchAsBudgeted();
  void Drop();
  void Fail(std::string why, GapCause cause = GapCause::kSourceLost);

  EventLoop& loop_;
  ChildReaper& reaper_;
  const std::vector<std::string>& command_;
  const CameraConfig& camera_;
  LinkSink& sink_;

  MonoTime began_;
  std::unique_ptr<ChildProcess> child_;
  FeedReader reader_;
  uint32_t watched_ = 0;
  bool playing_ = false;
};

}  // namespace reel::server
