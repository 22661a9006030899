// Reads what libavformat opens at an address, as it happens: units are handed on as they come,
// without waiting for other tracks or for later times.
//
// Addresses: rtsp, http, https, udp, tcp, rtp, srt, rtmp and a few more with "://"; anything else
// is the name of a device, a named pipe, an SDP file on this machine (files: source.h). What comes
// from the network cannot make it open a file of this machine. RTSP comes over TCP: what
// libavformat loses over UDP it does not tell. Certificates are checked, or the address is refused.
// Units are those of source.h: bytes as they came, flags from the bytes, in decode order per track.
// Where the source cuts packets anywhere (RTP, MPEG-TS), a unit ends when the next one has begun.
// No decoder and no parser of libavcodec sees a byte.
// Thread rule: one thread at a time; no other may have been started before the first.
// Bounds: one unit of each track being put together and the last packet; libavformat's own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/av/packet_reader.h"
#include "reel/status.h"

namespace reel {

struct MediaAddress {
  std::string url;
  std::string user;  // rtsp, http and https: goes into no message
  std::string password;
  std::string ca_file;  // https: whom to trust; empty: the system's
};

struct LiveUnit {
  TrackId track;
  uint8_t flags = 0;           // UnitFlag
  std::optional<int64_t> pts;  // as the source says, in the track's timescale
  std::optional<int64_t> dts;
  Bytes bytes;
  // Set if the track's parameters change with this unit.
  std::optional<TrackInfo> track_change;
};

class LiveSource {
 public:
  virtual ~LiveSource() = default;
  LiveSource(const LiveSource&) = delete;
  LiveSource& operator=(const LiveSource&) = delete;

  // 1..kMaxTracks, ids from 0; what was known when it was opened.
  virtual const std::vector<PacketTrack>& tracks() const = 0;
  // The next unit; waits for it. InvalidArgument stands for one that was left out. Any other error
  // is final: Unavailable (the source has ended or failed), Cancelled (`stopped` said so).
  virtual Result<LiveUnit> Next() = 0;

 protected:
  LiveSource() = default;
};

// `stopped` is asked while nothing comes. Messages never hold the address. Errors: InvalidArgument
// (no address that is taken, nothing in it that Reel keeps), PermissionDenied (login refused),
// Unavailable, Cancelled.
Result<std::unique_ptr<LiveSource>> OpenLiveSource(const MediaAddress& address,
                                                   std::function<bool()> stopped);

}  // namespace reel
