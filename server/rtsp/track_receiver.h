// TrackReceiver: everything between the packets of one track and its units: order, loss, time
// stamps, depacketising, flags, parameter sets, and the reports that go back.
//
// Flags come from the bytes (engine/media/clean_point.h); a picture with a part missing is no clean
// point. Times are the sender's, in the track's timescale, and never a reason to drop a unit.
// Thread rule: one thread at a time. The sink is called from within OnRtp, OnTimer and Finish.
// Bounds: those of ReorderBuffer and Depacketiser.
#pragma once

#include <memory>
#include <optional>

#include "engine/media/parameter_set_tracker.h"
#include "server/rtsp/clocks.h"
#include "server/rtsp/depacketiser.h"
#include "server/rtsp/reorder_buffer.h"
#include "server/rtsp/rtcp.h"
#include "server/rtsp/sdp.h"

namespace reel::server {

// Valid during the call it is given in.
struct ReceivedUnit {
  TrackId track;
  uint8_t flags = 0;  // UnitFlag
  int64_t pts = 0;    // in the track's timescale
  int64_t dts = 0;
  ByteSpan bytes;
  // Set if the track's parameters change with this unit.
  const TrackInfo* track_change = nullptr;
};

class ReceivedUnitSink {
 public:
  virtual ~ReceivedUnitSink() = default;
  virtual void OnUnit(const ReceivedUnit& unit) = 0;
};

struct TrackCounters {
  uint64_t packets = 0;
  uint64_t lost = 0;       // never came
  uint64_t malformed = 0;  // came, and were of no use
};

class TrackReceiver final : private UnitSink {
 public:
  // `sink` outlives it; `ssrc` is ours.
  TrackReceiver(const TrackPlan& plan, const ReorderBuffer::Options& order, uint32_t ssrc,
                ReceivedUnitSink& sink);

  void OnRtp(ByteSpan bytes, MonoTime now);
  // True: the sender said goodbye.
  bool OnRtcp(ByteSpan bytes, MonoTime now, WallTime wall);
  // Gives up on what has been missing for too long.
  void OnTimer(MonoTime now) { Drain(now); }
  std::optional<MonoTime> deadline() const { return order_.deadline(); }
  // Nothing more comes: gives what is there.
  void Finish() { depacketiser_->Finish(); }

  // The next receiver report; empty while nothing has come.
  Bytes Report(MonoTime now);

  const TrackInfo& info() const { return info_; }
  const CameraClock& camera_clock() const { return camera_clock_; }
  TrackCounters counters() const;

 private:
  void OnUnit(const DepacketisedUnit& unit) override;
  void Drain(MonoTime now);
  uint8_t ObserveVideo(const DepacketisedUnit& unit, bool* changed);
  void UpdateFormat();

  TrackInfo info_;
  const uint8_t payload_type_;
  const uint32_t ssrc_;
  ReceivedUnitSink& sink_;
  ReorderBuffer order_;
  Reception reception_;
  TimestampLine line_;
  DecodeTimes decode_times_;
  CameraClock camera_clock_;
  std::optional<ParameterSetTracker> parameter_sets_;  // video
  std::unique_ptr<Depacketiser> depacketiser_;
  TrackCounters counters_;
};

}  // namespace reel::server
