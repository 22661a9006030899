// What a camera says it has: its answer to DESCRIBE in words, also of what Reel does not record.
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reel/status.h"
#include "reel/unit.h"
#include "server/rtsp/login.h"

namespace reel {

struct ProbedTrack {
  std::string kind;      // "video", "audio", "application"
  std::string encoding;  // as the camera names it: "H264"
  // As it would be recorded; nullopt: it would not be, and `why_not` says why.
  std::optional<TrackInfo> info;
  std::string why_not;
  std::optional<double> frames_per_second;  // where it is stated
};

// InvalidArgument: no SDP.
Result<std::vector<ProbedTrack>> ReadDescription(const std::string& sdp);

// "none", "basic", "digest-md5", "digest-sha256".
const char* LoginName(const std::optional<server::Challenge::Scheme>& scheme);

}  // namespace reel
