// What a camera's bytes cost from the socket's buffer to the store's door: RTSP framing, RTP order,
// depacketising, flags and time stamps. For micro_bench and the instruction guard.
// Thread rule: one thread.
#pragma once

#include "bench/replay_session.h"
#include "bench/trace.h"
#include "engine/testing/sim_clock.h"
#include "server/rtsp/session.h"

namespace reel::bench {

class ReceiveCase final : private server::SessionSink {
 public:
  // A session that plays, and the wire bytes of `pictures` pictures of 4 Mbit/s.
  explicit ReceiveCase(uint64_t pictures);
  // Puts the next piece where a socket would, as large as one gives; false: that was all.
  bool Read();
  // Makes units of it: their bytes so far.
  uint64_t Receive();

 private:
  void OnTracks(const std::vector<TrackInfo>& /*tracks*/) override {}
  void OnReportPort(size_t /*track*/, uint16_t /*port*/) override {}
  void OnUdpReport(size_t /*track*/, ByteSpan /*report*/) override {}
  void OnUnit(const server::ReceivedUnit& unit) override { unit_bytes_ += unit.bytes.size(); }

  const Trace trace_;
  const ReplayFootage footage_;
  SeededRandom random_{1};
  std::unique_ptr<server::Session> session_;
  Bytes wire_;
  size_t given_bytes_ = 0;  // of wire_
  size_t piece_bytes_ = 0;
  uint64_t unit_bytes_ = 0;
};

}  // namespace reel::bench
