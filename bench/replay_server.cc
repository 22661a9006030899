#include "bench/replay_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <unordered_map>
#include <utility>

#include "bench/replay_client.h"

namespace reel::bench {
namespace {

// A thread and the clients that it serves.
struct Lane {
  std::unique_ptr<server::EventLoop> loop;
  std::unordered_map<ReplayClient*, std::unique_ptr<ReplayClient>> clients;  // the loop's alone
};

class ReplayServerImpl final : public ReplayServer, private server::EventLoop::Handler {
 public:
  ReplayServerImpl(const ReplayFootage& footage, uint32_t cameras) : shared_{footage, cameras} {}

  ~ReplayServerImpl() override {
    if (!lanes_.empty())
      lanes_[0]->loop->Run([this] { lanes_[0]->loop->Unwatch(listener_.get()); });
    for (const auto& lane : lanes_) lane->loop->Run([&lane] { lane->clients.clear(); });
    for (const auto& lane : lanes_) lane->loop->Stop();
  }

  Status Listen(const Options& options) {
    for (uint32_t i = 0; i < std::clamp(options.loops, 1U, 16U); ++i) {
      auto lane = std::make_unique<Lane>();
      REEL_ASSIGN_OR_RETURN(lane->loop, server::EventLoop::Start(SystemClock()));
      lanes_.push_back(std::move(lane));
    }
    listener_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    (void)setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    const bool listens = bind(listener_.get(), any, size) == 0 &&
                         listen(listener_.get(), SOMAXCONN) == 0 &&
                         getsockname(listener_.get(), any, &size) == 0;
    if (!listens) return Status::FromErrno(errno, "listening on 127.0.0.1");
    port_ = ntohs(address.sin_port);
    Status watched;
    lanes_[0]->loop->Run([&] { watched = lanes_[0]->loop->Watch(listener_.get(), EPOLLIN, this); });
    return watched;
  }

  uint16_t port() const override { return port_; }

 private:
  void OnReady(uint32_t /*events*/) override {
    auto fd = std::make_shared<UniqueFd>(
        accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd->valid() || clients_ >= kMaxClients) return;
    ++clients_;
    const int on = 1;
    (void)setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Lane& lane = *lanes_[next_lane_++ % lanes_.size()];
    lane.loop->Post([this, &lane, fd] {
      auto client = std::make_unique<ReplayClient>(
          shared_, *lane.loop, std::move(*fd), [this, &lane](ReplayClient* gone) {
            --clients_;
            // It is still on the stack.
            lane.loop->Post([&lane, gone] { lane.clients.erase(gone); });
          });
      ReplayClient* const raw = client.get();
      lane.clients.emplace(raw, std::move(client));
      raw->Begin();
    });
  }

  const ReplayClient::Shared shared_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  UniqueFd listener_;
  uint16_t port_ = 0;
  size_t next_lane_ = 0;
  std::atomic<size_t> clients_ = 0;
};

}  // namespace

Result<std::unique_ptr<ReplayServer>> ReplayServer::Start(const ReplayFootage& footage,
                                                          const Options& options) {
  auto server = std::make_unique<ReplayServerImpl>(footage, options.cameras);
  REEL_RETURN_IF_ERROR(server->Listen(options));
  return std::unique_ptr<ReplayServer>(std::move(server));
}

}  // namespace reel::bench
