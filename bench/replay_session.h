// ReplaySession: the server's side of one RTSP session, no more of it than recorders use: what is
// asked, and the answers. Knows no socket and no clock.
//
// Thread rule: one thread at a time. Source: RFC 2326; SDP as RFC 6184 8.2.1.
#pragma once

#include <optional>
#include <string>

#include "bench/replay_footage.h"
#include "server/rtsp/message.h"

namespace reel::bench {

class ReplaySession {
 public:
  // Camera `i` of `cameras` is at /camera-<i>. `footage` outlives it.
  ReplaySession(const ReplayFootage& footage, uint32_t cameras)
      : footage_(footage), cameras_(cameras) {}

  // The bytes that go back.
  std::string Answer(const server::Request& request);

  bool playing() const { return playing_; }
  bool ended() const { return ended_; }
  uint32_t camera() const { return camera_; }   // REQUIRES: playing
  uint8_t channel() const { return channel_; }  // of RTP; RTCP has the next one

 private:
  int Do(const server::Request& request, server::Response* response);
  int Describe(const server::Request& request, server::Response* response);
  int SetUp(const server::Request& request, server::Response* response);
  int Play(const server::Request& request, server::Response* response);
  std::optional<uint32_t> CameraOf(std::string_view url) const;
  std::string Sdp() const;

  const ReplayFootage& footage_;
  const uint32_t cameras_;
  uint32_t camera_ = 0;
  uint8_t channel_ = 0;
  bool set_up_ = false;
  bool playing_ = false;
  bool ended_ = false;
};

}  // namespace reel::bench
