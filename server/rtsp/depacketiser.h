// Makes access units of the RTP packets of one track.
//
// Packets come in order; `lost` says that some are missing before one. Nothing is glued over a
// loss: what was begun before it is given as far as it is whole NAL units, and is no clean point;
// the rest of a broken NAL unit or frame is dropped; what comes behind it says so (loss_before).
// A packet that breaks its format's rules counts as lost, and is counted in malformed().
// NAL units are those sent, byte for byte, in order, each behind a 4-byte length.
//
// Where a picture ends: at the marker bit, unless a slice of the same picture follows one: then
// this camera's markers are not believed any more, and a picture ends where the next one begins.
// Always where the time stamp changes or a slice of another picture comes
// (engine/media/picture_boundary.h). What came before the first slice goes with it, also where it
// has a time stamp of its own.
//
// Bounds: a unit of kMaxUnitBytes and kMaxNalsPerUnit; a larger one is dropped whole and counts as
// lost.
// Thread rule: one thread at a time; the sink is called from within Push and Finish.
// Sources: RFC 6184 (single NAL, STAP-A, FU-A), RFC 7798 (single NAL, AP, FU), RFC 3640 (AAC-hbr),
// RFC 3551 (G.711), RFC 7587 (Opus), ONVIF Streaming Specification 5.1.2.1 (metadata).
#pragma once

#include <memory>

#include "engine/media/nal.h"
#include "server/rtsp/rtp.h"
#include "server/rtsp/sdp.h"

namespace reel::server {

// Valid during the call it is given in.
struct DepacketisedUnit {
  ByteSpan bytes;                 // 1..kMaxUnitBytes
  const NalList* nals = nullptr;  // video: the NAL units in `bytes`
  int64_t timestamp = 0;          // in the track's timescale, as given to Push
  bool loss_before = false;
  bool whole = true;  // false: a part of it is known to be missing
};

class UnitSink {
 public:
  virtual ~UnitSink() = default;
  virtual void OnUnit(const DepacketisedUnit& unit) = 0;
};

class Depacketiser {
 public:
  virtual ~Depacketiser() = default;
  Depacketiser(const Depacketiser&) = delete;
  Depacketiser& operator=(const Depacketiser&) = delete;

  virtual void Push(const RtpPacket& packet, int64_t timestamp, bool lost) = 0;
  // No more comes: gives what is there.
  virtual void Finish() = 0;
  virtual uint64_t malformed() const = 0;

 protected:
  Depacketiser() = default;
};

// `sink` outlives it.
std::unique_ptr<Depacketiser> MakeDepacketiser(const TrackPlan& plan, UnitSink& sink);

// The parts of MakeDepacketiser. REQUIRES: the plan is of that kind.
std::unique_ptr<Depacketiser> MakeVideoDepacketiser(const TrackPlan& plan, UnitSink& sink);
std::unique_ptr<Depacketiser> MakeAacDepacketiser(const TrackPlan& plan, UnitSink& sink);
// A packet is a unit: G.711, Opus.
std::unique_ptr<Depacketiser> MakePacketDepacketiser(UnitSink& sink);
// A document ends at the marker bit: metadata.
std::unique_ptr<Depacketiser> MakeDocumentDepacketiser(UnitSink& sink);

}  // namespace reel::server
