#include "server/ingest/udp_receiver.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace reel::server {
namespace {

constexpr size_t kMaxDatagramBytes = 2048;  // what a link carries, and then some; longer is cut off

uint16_t PortOf(const Address& address) {
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
  return ntohs(address.storage.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

Address WithPort(Address address, uint16_t port) {
  if (address.storage.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port = htons(port);
  }
  return address;
}

bool SameHost(const Address& a, const sockaddr_storage& b) {
  if (a.storage.ss_family != b.ss_family) return false;
  if (b.ss_family == AF_INET6) {
    const auto* left = reinterpret_cast<const sockaddr_in6*>(&a.storage);
    const auto* right = reinterpret_cast<const sockaddr_in6*>(&b);
    return std::memcmp(&left->sin6_addr, &right->sin6_addr, sizeof left->sin6_addr) == 0;
  }
  const auto* left = reinterpret_cast<const sockaddr_in*>(&a.storage);
  const auto* right = reinterpret_cast<const sockaddr_in*>(&b);
  return left->sin_addr.s_addr == right->sin_addr.s_addr;
}

template <class Ask>
Result<Address> EndOf(int fd, const Ask& ask) {
  Address address;
  address.size = sizeof address.storage;
  if (ask(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return Status::FromErrno(errno, "the end of a connection");
  }
  return address;
}

}  // namespace

Result<Address> OursOf(int fd) { return EndOf(fd, getsockname); }
Result<Address> PeerOf(int fd) { return EndOf(fd, getpeername); }

UdpReceiver::~UdpReceiver() {
  for (const Pair& pair : pairs_) {
    if (pair.rtp != nullptr) loop_.Unwatch(pair.rtp->fd.get());
    if (pair.rtcp != nullptr) loop_.Unwatch(pair.rtcp->fd.get());
  }
}

Result<UniqueFd> UdpReceiver::Bind(uint16_t port, uint16_t* bound) const {
  UniqueFd fd(socket(ours_.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Status::FromErrno(errno, "a socket");
  // The kernel gives what it allows; a smaller one loses more in a burst.
  (void)setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kSocketBytes, sizeof kSocketBytes);
  const Address at = WithPort(ours_, port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&at.storage), at.size) != 0) {
    return Status::FromErrno(errno, "a UDP port");
  }
  REEL_ASSIGN_OR_RETURN(const Address address, OursOf(fd.get()));
  *bound = PortOf(address);
  return fd;
}

Result<UdpReceiver::Pair> UdpReceiver::BindPair(size_t track) {
  constexpr int kAttempts = 64;
  for (int i = 0; i < kAttempts; ++i) {
    uint16_t port = 0;
    REEL_ASSIGN_OR_RETURN(UniqueFd rtp, Bind(0, &port));
    if (port % 2 != 0) continue;
    uint16_t next = 0;
    Result<UniqueFd> rtcp = Bind(static_cast<uint16_t>(port + 1), &next);
    if (!rtcp.ok()) continue;  // somebody else's
    Pair pair;
    pair.rtp = std::make_unique<Socket>(*this, track, false, std::move(rtp));
    pair.rtcp = std::make_unique<Socket>(*this, track, true, *std::move(rtcp));
    pair.port = port;
    return pair;
  }
  return ResourceExhausted("no pair of UDP ports is free");
}

Result<uint16_t> UdpReceiver::Open(size_t track) {
  if (track < pairs_.size()) return pairs_[track].port;
  REEL_ASSIGN_OR_RETURN(Pair pair, BindPair(track));
  pairs_.push_back(std::move(pair));
  const Pair& open = pairs_.back();
  REEL_RETURN_IF_ERROR(loop_.Watch(open.rtp->fd.get(), EPOLLIN, open.rtp.get()));
  REEL_RETURN_IF_ERROR(loop_.Watch(open.rtcp->fd.get(), EPOLLIN, open.rtcp.get()));
  return open.port;
}

void UdpReceiver::SetReportPort(size_t track, uint16_t port) { pairs_[track].report_port = port; }

void UdpReceiver::SendReport(size_t track, ByteSpan report) {
  const Pair& pair = pairs_[track];
  if (pair.report_port == 0) return;
  const Address to = WithPort(camera_, pair.report_port);
  (void)sendto(pair.rtcp->fd.get(), report.data(), report.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to.storage), to.size);
}

void UdpReceiver::Socket::OnReady(uint32_t /*events*/) {
  std::array<std::array<std::byte, kMaxDatagramBytes>, kBatch> bytes{};
  std::array<sockaddr_storage, kBatch> from{};
  std::array<iovec, kBatch> vectors{};
  std::array<mmsghdr, kBatch> messages{};
  for (size_t i = 0; i < kBatch; ++i) {
    vectors[i] = {bytes[i].data(), bytes[i].size()};
    messages[i].msg_hdr.msg_name = &from[i];
    messages[i].msg_hdr.msg_namelen = sizeof from[i];
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int count = recvmmsg(fd.get(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  std::vector<ByteSpan> datagrams;
  for (size_t i = 0; count > 0 && i < static_cast<size_t>(count); ++i) {
    const bool whole = (messages[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
    if (!whole || !SameHost(owner.camera_, from[i])) continue;
    datagrams.push_back(ByteSpan(bytes[i]).first(messages[i].msg_len));
  }
  if (!datagrams.empty()) owner.taker_.OnDatagrams(track, is_rtcp, datagrams);
}

}  // namespace reel::server
