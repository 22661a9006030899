// VisitCamera: one RTSP session with a camera, for looking at it: the recorder's own client, and
// nothing is stored.
//
// Thread rule: one call at a time; what it gives comes on a thread of its own meanwhile. Blocks.
// Bounds: those of Session; kMaxRedirects.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reel/status.h"
#include "server/config/config.h"
#include "server/rtsp/login.h"
#include "server/rtsp/track_receiver.h"
#include "server/rtsp/url.h"

namespace reel {

struct VisitOptions {
  server::Url url;
  std::string user;
  server::Secret password;
  server::Transport transport = server::Transport::kTcp;
  std::string ca_file;
  bool describe_only = false;  // ends when the camera has said what it has
  Duration length{0};          // else: of pictures, from the first request to send them on
  // Behind each wait of a tenth of a second; true ends the visit. May be empty.
  std::function<bool()> stop;
};

// As the units come. May be null with describe_only.
class VisitSink {
 public:
  virtual ~VisitSink() = default;
  virtual void OnTracks(const std::vector<TrackInfo>& tracks) = 0;
  virtual void OnUnit(const server::ReceivedUnit& unit, MonoTime mono, WallTime wall) = 0;
};

struct CameraVisit {
  static constexpr int kMaxRedirects = 3;

  server::Url url;          // behind redirects
  std::string description;  // SDP, with describe_only
  std::optional<server::Challenge::Scheme> login;
  Duration connected{0};  // how long it took, answers to the first requests included
  server::TrackCounters packets;
  std::optional<Duration> clock_offset;  // camera minus node
  std::optional<double> clock_drift_ppm;
  std::string ended_early;  // why, where it ended before its length
};

// Errors: Unavailable (no connection, no answer), PermissionDenied (login refused), NotFound,
// FailedPrecondition (not RTSP, nothing that Reel records): one line with what to do.
Result<CameraVisit> VisitCamera(const VisitOptions& options, VisitSink* sink);

}  // namespace reel
