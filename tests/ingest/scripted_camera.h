// A camera that the test plays itself, call by call: a listening socket on loopback.
//
// Thread rule: one thread at a time, the test's. Every wait ends after a long time, with a failure.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "engine/io/unique_fd.h"
#include "server/rtsp/message.h"
#include "tests/rtsp/rtp_builder.h"

namespace reel::server {

// One connection to it.
class Visitor {
 public:
  explicit Visitor(UniqueFd fd) : fd_(std::move(fd)) {}

  // The next request, which must be one.
  Request Next();
  // Whether the other side has closed the connection; waits for it, passing over what else comes.
  bool Left() const;
  void Send(std::string_view bytes) const;
  void Send(ByteSpan bytes) const;
  void Frame(uint8_t channel, ByteSpan bytes);
  // To the last request.
  void Answer(int code, const std::string& headers = "", const std::string& body = "");
  // Everything up to the answer to PLAY; the tracks' channels are 0-1, 2-3 ...
  void Play(const std::string& sdp);
  void Close() { fd_ = UniqueFd(); }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  MessageReader reader_;
  Request request_;
};

class ScriptedCamera {
 public:
  ScriptedCamera();
  std::string url(const std::string& path = "/live") const {
    return "rtsp://127.0.0.1:" + std::to_string(port_) + path;
  }
  uint16_t port() const { return port_; }
  // The next connection; nullopt, with no failure, if none comes within `wait_ms`.
  std::optional<Visitor> Accept(int wait_ms = 20'000);

 private:
  UniqueFd listener_;
  uint16_t port_ = 0;
};

inline constexpr const char* kOnePicture =
    "v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n";

// H.264 pictures of one slice, told apart by a number; the first of every `gop` is an IDR.
class PictureMaker {
 public:
  explicit PictureMaker(int gop = 5) : gop_(gop) {}
  // The packet of the next one, `step_ms` after the one before.
  Bytes Next(int step_ms = 40);
  // What will be recorded of it.
  Bytes last_unit() const;
  RtpSender& sender() { return sender_; }

 private:
  int gop_;
  int count_ = 0;
  uint32_t timestamp_ = 0;
  Bytes nal_;
  RtpSender sender_;
};

}  // namespace reel::server
