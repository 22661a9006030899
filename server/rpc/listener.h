// Listening sockets: the Unix socket that belongs to one process, and TCP.
//
// Thread rule: one thread at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "reel/status.h"

namespace reel::server {

class Listener {
 public:
  virtual ~Listener() = default;
  virtual int fd() const = 0;
  virtual uint16_t port() const { return 0; }
};

// A socket at `path` with the given mode, gone when the listener is. A lock file beside it
// (PATH.lock) says whose it is: what a dead process left is removed, what a living one listens on
// is FailedPrecondition, as is a file that is no socket.
Result<std::unique_ptr<Listener>> ListenOnPath(const std::string& path, mode_t mode);

// "192.0.2.1:4711", "[::1]:4711"; no names. Port 0: any. `loopback_only`: other addresses are
// InvalidArgument.
Result<std::unique_ptr<Listener>> ListenOnTcp(const std::string& address, bool loopback_only);

}  // namespace reel::server
