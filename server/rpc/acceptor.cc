#include "server/rpc/acceptor.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "engine/base/check.h"
#include "server/rpc/client_hello.h"

namespace reel::server {
namespace {

constexpr int kSweepMs = 1000;
constexpr int kAcceptsPerTurn = 64;

// TCP's share of the connections is counted as a user's; no user has this number.
constexpr uint32_t kTcp = UINT32_MAX;

SocketFd Reserve() { return SocketFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

Status Watch(int epoll, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
    return Status::FromErrno(errno, "watch a socket");
  }
  return OkStatus();
}

}  // namespace

Acceptor::Acceptor(std::vector<Door> doors, AcceptorOptions options)
    : doors_(std::move(doors)),
      options_(std::move(options)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      reserve_(Reserve()) {}

Result<std::unique_ptr<Acceptor>> Acceptor::Start(std::vector<Door> doors,
                                                  AcceptorOptions options) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor(std::move(doors), std::move(options)));
  if (!acceptor->epoll_.valid() || !acceptor->stop_.valid()) {
    return Status::FromErrno(errno, "make an epoll");
  }
  REEL_RETURN_IF_ERROR(Watch(acceptor->epoll_.get(), acceptor->stop_.get(), EPOLLIN));
  for (const Door& door : acceptor->doors_) {
    REEL_RETURN_IF_ERROR(Watch(acceptor->epoll_.get(), door.listener->fd(), EPOLLIN));
  }
  acceptor->thread_ = std::thread([raw = acceptor.get()] { raw->Run(); });
  return acceptor;
}

void Acceptor::Stop() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  // An event counter takes eight bytes whole.
  const ssize_t written = write(stop_.get(), &one, sizeof one);
  REEL_CHECK(written == sizeof one, "the acceptor can be stopped");
  thread_.join();
}

uint16_t Acceptor::tcp_port() const {
  for (const Door& door : doors_) {
    if (door.listener->port() != 0) return door.listener->port();
  }
  return 0;
}

void Acceptor::Run() {
  std::array<epoll_event, 64> events{};
  MonoTime swept = SystemClock().MonoNow();
  for (;;) {
    const int n =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), kSweepMs);
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events.at(static_cast<size_t>(i));
      if (event.data.fd == stop_.get()) return;
      OnEvent(event.data.fd, event.events);
    }
    const MonoTime now = SystemClock().MonoNow();
    if (now - swept >= std::chrono::milliseconds(kSweepMs)) {
      swept = now;
      Sweep();
    }
    ended_.clear();
  }
}

void Acceptor::OnEvent(int fd, uint32_t events) {
  for (const Door& door : doors_) {
    if (door.listener->fd() == fd) return Accept(door);
  }
  const auto at = connections_.find(fd);
  if (at == connections_.end()) return;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) return Drop(fd);
  if (at->second.saying_hello) ReadHello(at->second);
}

void Acceptor::Accept(const Door& door) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    SocketFd fd(accept4(door.listener->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid() && (errno == EMFILE || errno == ENFILE)) return TurnAway(door);
    if (!fd.valid()) return;  // none left, or gone again
    Take(door, std::move(fd));
  }
}

void Acceptor::TurnAway(const Door& door) {
  reserve_ = SocketFd();
  (void)SocketFd(accept4(door.listener->fd(), nullptr, nullptr, SOCK_CLOEXEC));
  reserve_ = Reserve();
}

void Acceptor::DropOldestHello() {
  auto oldest = connections_.end();
  for (auto at = connections_.begin(); at != connections_.end(); ++at) {
    if (!at->second.saying_hello) continue;
    if (oldest == connections_.end() || at->second.since < oldest->second.since) oldest = at;
  }
  if (oldest != connections_.end()) Drop(oldest->first);
}

void Acceptor::Take(const Door& door, SocketFd fd) {
  if (connections_.size() >= options_.max_connections)
    return;  // closed: the client sees it at once
  Connection connection;
  connection.kind = door.kind;
  connection.since = SystemClock().MonoNow();
  connection.uid = kTcp;
  if (door.kind == DoorKind::kUnix) {
    ucred user{};
    socklen_t size = sizeof user;
    if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &user, &size) != 0) return;
    connection.uid = user.uid;
  }
  // Who says nothing must not keep out who speaks.
  if (door.kind == DoorKind::kTls && hellos_ >= kMaxHellos) DropOldestHello();
  if (per_user_[connection.uid] >= options_.max_per_user) return;
  connection.saying_hello = door.kind == DoorKind::kTls;
  // Edge-triggered: what a slow client has said of its hello stays in the socket.
  const uint32_t events = connection.saying_hello ? EPOLLIN | EPOLLRDHUP | EPOLLET : 0;
  const int number = fd.get();
  if (!Watch(epoll_.get(), number, events).ok()) return;
  connection.watch = std::move(fd);
  ++per_user_[connection.uid];
  if (connection.saying_hello) ++hellos_;
  Connection& kept = connections_.emplace(number, std::move(connection)).first->second;
  count_.store(static_cast<uint32_t>(connections_.size()));
  if (!kept.saying_hello) HandOn(kept);
}

void Acceptor::ReadHello(Connection& connection) {
  std::array<std::byte, kMaxClientHello + 64> bytes{};
  ssize_t n = 0;
  do {
    n = recv(connection.watch.get(), bytes.data(), bytes.size(), MSG_PEEK);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return Drop(connection.watch.get());
  switch (ReadClientHello(ByteSpan(bytes).first(static_cast<size_t>(n)))) {
    case Hello::kMore:
      return;
    case Hello::kRefuse:
      return Drop(connection.watch.get());
    case Hello::kTls13:
      break;
  }
  connection.saying_hello = false;
  --hellos_;
  epoll_event quiet{};
  quiet.data.fd = connection.watch.get();
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.watch.get(), &quiet);
  HandOn(connection);
}

bool Acceptor::HandOn(Connection& connection) {
  const int number = connection.watch.get();
  SocketFd fd(fcntl(number, F_DUPFD_CLOEXEC, 0));
  if (fd.valid() && options_.hand_on(connection.kind, std::move(fd), connection.uid)) return true;
  Drop(number);
  return false;
}

// Hellos that take too long, and connections that somehow outlived gRPC's own bound on their age.
void Acceptor::Sweep() {
  const MonoTime now = SystemClock().MonoNow();
  for (auto at = connections_.begin(); at != connections_.end();) {
    const Connection& connection = at->second;
    const int fd = at->first;
    ++at;
    if (now - connection.since > (connection.saying_hello ? kHelloTime : options_.max_age)) {
      Drop(fd);
    }
  }
}

void Acceptor::Drop(int fd) {
  const auto at = connections_.find(fd);
  const auto user = per_user_.find(at->second.uid);
  if (--user->second == 0) per_user_.erase(user);
  if (at->second.saying_hello) --hellos_;
  // gRPC's descriptor keeps the connection in the epoll otherwise, whose events would go to the
  // next one of this number; and within a turn there is none of this number.
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  // Whoever has the other descriptor sees its end.
  shutdown(fd, SHUT_RDWR);
  ended_.push_back(std::move(at->second.watch));
  connections_.erase(at);
  count_.store(static_cast<uint32_t>(connections_.size()));
}

}  // namespace reel::server
