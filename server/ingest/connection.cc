#include "server/ingest/connection.h"

#include "server/ingest/tcp_connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace reel::server {
namespace {

class PlainConnection final : public Connection {
 public:
  explicit PlainConnection(UniqueFd fd) : Connection(std::move(fd)) {}

  Step Advance() override { return Connected(); }

  Step Read(MutableByteSpan into, size_t* moved) override {
    const ssize_t got = recv(fd(), into.data(), into.size(), 0);
    if (got == 0) return Step::kClosed;
    return Moved(got, Step::kWantsRead, moved);
  }
  Step Write(std::string_view from, size_t* moved) override {
    return Moved(send(fd(), from.data(), from.size(), MSG_NOSIGNAL), Step::kWantsWrite, moved);
  }

 private:
  Step Moved(ssize_t bytes, Step again, size_t* moved) {
    if (bytes > 0) {
      *moved = static_cast<size_t>(bytes);
      return Step::kDone;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return again;
    return Fail(Status::FromErrno(errno, "the connection"));
  }
};

}  // namespace

Connection::Step Connection::Connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return Fail(Status::FromErrno(error, "connecting"));
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  const int known = getpeername(fd(), reinterpret_cast<sockaddr*>(&peer), &peer_size);
  return known == 0 ? Step::kDone : Step::kWantsWrite;
}

Connection::Step Connection::Fail(Status status) {
  status_ = std::move(status);
  return Step::kFailed;
}

Result<UniqueFd> BeginConnect(const Address& address) {
  UniqueFd fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Status::FromErrno(errno, "a socket");
  const int on = 1;
  // Requests are small and each waits for its answer. A failure costs time only.
  (void)setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* to = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(fd.get(), to, address.size) != 0 && errno != EINPROGRESS) {
    return Status::FromErrno(errno, "connecting");
  }
  return fd;
}

Result<std::unique_ptr<Connection>> Connection::Open(const Address& address) {
  REEL_ASSIGN_OR_RETURN(UniqueFd fd, BeginConnect(address));
  return std::unique_ptr<Connection>(std::make_unique<PlainConnection>(std::move(fd)));
}

}  // namespace reel::server
