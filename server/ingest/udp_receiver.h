// UdpReceiver: the sockets at which one session's tracks arrive by UDP, a pair of ports each: an
// even one for RTP, its odd neighbour for RTCP.
//
// Datagrams of other hosts than the camera are dropped. A turn takes kBatch of them from a socket.
// Thread rule: the loop's. The taker is called last in a turn, and outlives the receiver.
// Bounds: kSocketBytes in the kernel for each socket (or what it allows), kBatch datagrams here.
#pragma once

#include <memory>
#include <vector>

#include "server/ingest/connection.h"
#include "server/ingest/event_loop.h"

namespace reel::server {

class UdpReceiver {
 public:
  static constexpr int kSocketBytes = 1 << 20;
  static constexpr size_t kBatch = 32;

  class Taker {
   public:
    virtual ~Taker() = default;
    // May destroy the receiver.
    virtual void OnDatagrams(size_t track, bool is_rtcp,
                             const std::vector<ByteSpan>& datagrams) = 0;
  };

  // At our address of the connection to the camera, and from its other end alone.
  UdpReceiver(EventLoop& loop, const Address& ours, const Address& camera, Taker& taker)
      : loop_(loop), ours_(ours), camera_(camera), taker_(taker) {}
  ~UdpReceiver();
  UdpReceiver(const UdpReceiver&) = delete;
  UdpReceiver& operator=(const UdpReceiver&) = delete;

  // Opens the pair of `track`, or finds it open; its even port. ResourceExhausted: no pair is free.
  Result<uint16_t> Open(size_t track);
  // Where reports on `track` go. Lost ones are lost.
  void SetReportPort(size_t track, uint16_t port);
  void SendReport(size_t track, ByteSpan report);

 private:
  struct Socket final : EventLoop::Handler {
    Socket(UdpReceiver& to, size_t of_track, bool of_rtcp, UniqueFd socket)
        : owner(to), track(of_track), is_rtcp(of_rtcp), fd(std::move(socket)) {}
    void OnReady(uint32_t events) override;

    UdpReceiver& owner;
    const size_t track;
    const bool is_rtcp;
    const UniqueFd fd;
  };
  struct Pair {
    std::unique_ptr<Socket> rtp;
    std::unique_ptr<Socket> rtcp;
    uint16_t port = 0;
    uint16_t report_port = 0;
  };

  Result<UniqueFd> Bind(uint16_t port, uint16_t* bound) const;
  Result<Pair> BindPair(size_t track);

  EventLoop& loop_;
  const Address ours_;
  const Address camera_;
  Taker& taker_;
  std::vector<Pair> pairs_;  // by track
};

// The two ends of a connected socket.
Result<Address> OursOf(int fd);
Result<Address> PeerOf(int fd);

}  // namespace reel::server
