// Plain sockets, for clients that do not behave.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "server/rpc/socket_fd.h"

namespace reel::server {

inline SocketFd ConnectTcp(uint16_t port) {
  SocketFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  return fd;
}

inline SocketFd ConnectPath(const std::string& path) {
  SocketFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  return fd;
}

// False: the other end is gone.
inline bool SendAll(const SocketFd& fd, const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = send(fd.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

// Whether the other end closes within the time, whatever it says before.
inline bool Closes(const SocketFd& fd, int wait_ms) {
  char room[4096];
  for (;;) {
    pollfd one{fd.get(), POLLIN, 0};
    if (poll(&one, 1, wait_ms) <= 0) return false;
    if (recv(fd.get(), room, sizeof room, 0) <= 0) return true;
  }
}

}  // namespace reel::server
