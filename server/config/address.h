// Addresses in the configuration: where to listen, and where a camera is.
//
// Thread rule: pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "reel/status.h"

namespace reel::server {

struct HostPort {
  std::string host;  // a name or a number; IPv6 without its brackets
  uint16_t port = 0;
  bool is_loopback() const;
};

// "127.0.0.1:7440", "[::1]:7440", "node.example:7443"; port 0 is any that is free.
Result<HostPort> ParseHostPort(std::string_view text);

// rtsp://HOST[:PORT][/...], rtsps:// likewise, or "ffmpeg:" and something behind it, which is not
// rtsps:// (libavformat checks no certificate there). A user or a password in it is refused: it
// would stand in logs and lists.
Status CheckSourceUrl(std::string_view url);

}  // namespace reel::server
