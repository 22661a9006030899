// Acceptor: takes connections before gRPC does, so that they can be counted, their user asked for,
// and what is no TLS 1.3 turned away, and hands them on.
//
// A connection that was handed on belongs to whoever it was handed to. The acceptor keeps a second
// descriptor of it, which tells when the socket has been shut down: gRPC does that before it closes
// its own. So connections are counted as long as they live, and none outlives its age.
//
// Thread rule: Start and Stop by one thread; `handed_on` and `hand_on` are called by the acceptor's
// thread. Bounds: kMaxHellos connections that have not said a whole ClientHello, the oldest give
// way; kHelloTime for it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "reel/clock.h"
#include "reel/log.h"
#include "server/rpc/listener.h"
#include "server/rpc/socket_fd.h"

namespace reel::server {

enum class DoorKind : uint8_t { kUnix, kTls, kPlain };

struct Door {
  DoorKind kind = DoorKind::kUnix;
  std::unique_ptr<Listener> listener;
};

struct AcceptorOptions {
  uint32_t max_connections = 256;
  uint32_t max_per_user = 192;  // of one user of the Unix socket, and of TCP as a whole
  Duration max_age = std::chrono::minutes(62);
  LogSink log;
  // A connection, non-blocking, and of the Unix socket its user (SO_PEERCRED). False: refused, and
  // closed already.
  std::function<bool(DoorKind kind, SocketFd fd, uint32_t uid)> hand_on;
};

class Acceptor {
 public:
  static constexpr size_t kMaxHellos = 64;
  static constexpr Duration kHelloTime = std::chrono::seconds(5);

  static Result<std::unique_ptr<Acceptor>> Start(std::vector<Door> doors, AcceptorOptions options);
  ~Acceptor() { Stop(); }

  // No more connections; those that were handed on live on.
  void Stop();

  uint32_t connections() const { return count_.load(); }
  // Of the first TCP door.
  uint16_t tcp_port() const;

 private:
  struct Connection {
    SocketFd watch;
    DoorKind kind = DoorKind::kUnix;
    uint32_t uid = 0;
    MonoTime since;
    bool saying_hello = false;  // not handed on yet: `watch` is its one descriptor
  };

  Acceptor(std::vector<Door> doors, AcceptorOptions options);
  void Run();
  void Accept(const Door& door);
  void Take(const Door& door, SocketFd fd);
  // Out of descriptors: the next connection is taken and closed, instead of waking us for ever.
  void TurnAway(const Door& door);
  void DropOldestHello();
  void OnEvent(int fd, uint32_t events);
  void ReadHello(Connection& connection);
  // False: it is gone.
  bool HandOn(Connection& connection);
  void Sweep();
  void Drop(int fd);

  const std::vector<Door> doors_;
  const AcceptorOptions options_;
  SocketFd epoll_;
  SocketFd stop_;
  SocketFd reserve_;                       // a descriptor for TurnAway
  std::map<int, Connection> connections_;  // by the descriptor watched
  std::vector<SocketFd> ended_;            // closed at the end of a turn
  std::map<uint32_t, uint32_t> per_user_;
  size_t hellos_ = 0;
  std::atomic<uint32_t> count_{0};
  std::thread thread_;
};

}  // namespace reel::server
