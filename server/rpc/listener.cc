#include "server/rpc/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "server/rpc/socket_fd.h"

namespace reel::server {
namespace {

constexpr int kBacklog = 64;

class PathListener : public Listener {
 public:
  PathListener(SocketFd socket, SocketFd lock, std::string path)
      : socket_(std::move(socket)), lock_(std::move(lock)), path_(std::move(path)) {}
  ~PathListener() override { unlink(path_.c_str()); }  // while the lock is held: it is ours
  int fd() const override { return socket_.get(); }

 private:
  const SocketFd socket_;
  const SocketFd lock_;
  const std::string path_;
};

class TcpListener : public Listener {
 public:
  TcpListener(SocketFd socket, uint16_t port) : socket_(std::move(socket)), port_(port) {}
  int fd() const override { return socket_.get(); }
  uint16_t port() const override { return port_; }

 private:
  const SocketFd socket_;
  const uint16_t port_;
};

Result<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return InvalidArgument("a socket's path has 1.." + std::to_string(sizeof address.sun_path - 1) +
                           " bytes: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// REQUIRES: the lock is held, so that nobody else removes or makes it.
Status RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? OkStatus() : Status::FromErrno(errno, "look at " + path);
  }
  if (!S_ISSOCK(info.st_mode)) return FailedPrecondition(path + " is there and is no socket");
  const SocketFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe.valid()) return Status::FromErrno(errno, "make a socket");
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED) {
    return FailedPrecondition("another process listens on " + path);
  }
  if (unlink(path.c_str()) != 0) return Status::FromErrno(errno, "remove " + path);
  return OkStatus();
}

bool IsLoopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

uint16_t PortOf(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  uint16_t port = 0;
  const size_t at = bound.ss_family == AF_INET ? offsetof(sockaddr_in, sin_port)
                                               : offsetof(sockaddr_in6, sin6_port);
  std::memcpy(&port, reinterpret_cast<const char*>(&bound) + at, sizeof port);
  return ntohs(port);
}

}  // namespace

Result<std::unique_ptr<Listener>> ListenOnPath(const std::string& path, mode_t mode) {
  REEL_ASSIGN_OR_RETURN(const sockaddr_un address, UnixAddress(path));
  const std::string lock_path = path + ".lock";
  SocketFd lock(
      open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!lock.valid()) return Status::FromErrno(errno, "open " + lock_path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return FailedPrecondition("another process listens on " + path);
  }
  REEL_RETURN_IF_ERROR(RemoveStale(path, address));
  SocketFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_fd.valid()) return Status::FromErrno(errno, "make a socket");
  if (bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Status::FromErrno(errno, "bind " + path);
  }
  auto listener = std::make_unique<PathListener>(std::move(socket_fd), std::move(lock), path);
  // Nobody can connect before listen, so the mode holds from the first connection on.
  if (chmod(path.c_str(), mode) != 0) return Status::FromErrno(errno, "set the mode of " + path);
  if (listen(listener->fd(), kBacklog) != 0) return Status::FromErrno(errno, "listen on " + path);
  return std::unique_ptr<Listener>(std::move(listener));
}

Result<std::unique_ptr<Listener>> ListenOnTcp(const std::string& address, bool loopback_only) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return InvalidArgument("no port in \"" + address + "\"");
  std::string host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (host.empty() ||
      getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) {
    return InvalidArgument("\"" + address + "\" is no address with port, as 192.0.2.1:4711");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  if (loopback_only && !IsLoopback(found->ai_addr)) {
    return InvalidArgument(address + " is no loopback address: without TLS nothing else is served");
  }
  SocketFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Status::FromErrno(errno, "make a socket");
  const int on = 1;
  if (setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0 || listen(fd.get(), kBacklog) != 0) {
    return Status::FromErrno(errno, "listen on " + address);
  }
  const uint16_t port = PortOf(fd.get());
  return std::unique_ptr<Listener>(std::make_unique<TcpListener>(std::move(fd), port));
}

}  // namespace reel::server
