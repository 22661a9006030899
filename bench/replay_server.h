// ReplayServer: cameras that cost next to nothing, for measuring who records them: RTSP over TCP on
// loopback, rtsp://127.0.0.1:<port>/camera-<i>, each in real time with its key pictures spread over
// the GOP. Each client gets its camera from the first picture on.
//
// Not for other networks: no login, no UDP (461, which makes clients try TCP).
// Thread rule: one thread starts and destroys it; loops of its own. `footage` outlives it.
// Bounds: kMaxClients; more are closed at once.
#pragma once

#include <memory>
#include <string>

#include "bench/replay_footage.h"

namespace reel::bench {

class ReplayServer {
 public:
  static constexpr size_t kMaxClients = 8192;

  struct Options {
    uint32_t cameras = 1;
    uint32_t loops = 1;  // 1..16 threads
    uint16_t port = 0;   // 0: any
  };
  // Answers on return. Errors: the machine's.
  static Result<std::unique_ptr<ReplayServer>> Start(const ReplayFootage& footage,
                                                     const Options& options);
  virtual ~ReplayServer() = default;
  virtual uint16_t port() const = 0;

  static std::string UrlOf(uint16_t port, uint32_t camera) {
    return "rtsp://127.0.0.1:" + std::to_string(port) + "/camera-" + std::to_string(camera);
  }
};

}  // namespace reel::bench
