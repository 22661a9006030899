// RtspLink: one RTSP session with a camera, over TCP or UDP: resolves, connects, logs in, follows
// redirects, and hands on what comes.
//
// Thread rule: the loop's. Bounds: Session's, kMaxRedirects.
#pragma once

#include <memory>

#include "reel/clock.h"
#include "server/config/config.h"
#include "server/ingest/connection.h"
#include "server/ingest/event_loop.h"
#include "server/ingest/link.h"
#include "server/ingest/resolver.h"
#include "server/ingest/udp_receiver.h"
#include "server/rtsp/session.h"

namespace reel::server {

class RtspLink final : public Link,
                       public std::enable_shared_from_this<RtspLink>,
                       private EventLoop::Handler,
                       private SessionSink,
                       private UdpReceiver::Taker {
 public:
  static constexpr Duration kConnectTimeout = std::chrono::seconds(10);
  static constexpr int kMaxRedirects = 3;

  // `camera` has one source, whose URL ParseUrl takes.
  RtspLink(EventLoop& loop, Resolver& resolver, Random& random, const CameraConfig& camera,
           size_t budget_bytes, LinkSink& sink);
  ~RtspLink() override { Disconnect(); }

  void Begin() override;
  void OnTimer() override;
  std::optional<MonoTime> deadline() const override;
  void Close() override;
  bool playing() const override;
  uint64_t packets_lost() const override;
  std::optional<Duration> clock_offset() const override;
  std::optional<double> clock_drift_ppm() const override;

 private:
  void OnReady(uint32_t events) override;
  void OnTracks(const std::vector<TrackInfo>& tracks) override { sink_.OnTracks(tracks); }
  void OnUnit(const ReceivedUnit& unit) override { sink_.OnUnit(unit); }
  void OnReportPort(size_t track, uint16_t port) override { udp_->SetReportPort(track, port); }
  void OnUdpReport(size_t track, ByteSpan report) override { udp_->SendReport(track, report); }
  void OnDatagrams(size_t track, bool is_rtcp, const std::vector<ByteSpan>& datagrams) override;

  void Now();
  void Resolve();
  void Connect(const Contact& contact);
  void Advance();
  void BeginSession();
  Status OpenUdp(Session::Options* options);
  void ReadSome();
  void Flush();
  void AfterSession();
  void OnSessionEnd();
  void Redirect();
  void Disconnect();
  void Fail(std::string why, GapCause cause = GapCause::kSourceLost);

  EventLoop& loop_;
  Resolver& resolver_;
  Random& random_;
  const CameraConfig& camera_;
  LinkSink& sink_;

  MonoTime mono_;  // of the call under way
  WallTime wall_;
  Url url_;  // as configured, or where the camera pointed to
  int redirects_ = 0;
  MonoTime connect_began_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<UdpReceiver> udp_;
  std::unique_ptr<Session> session_;
  bool connected_ = false;
  uint32_t watched_ = 0;
  uint64_t lost_before_ = 0;  // packets, in a session that has ended
};

}  // namespace reel::server
