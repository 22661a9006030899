// What a camera says it can send: SDP as the answer to DESCRIBE, and what Reel makes of it.
//
// Lenient: lines that are unknown, malformed or hold control characters are passed over; a camera
// that states little still gets recorded, since its units say the rest.
// Bounds: kMaxMedia; texts are as long as the lines they stand in (MessageReader::kMaxBodyBytes).
// Thread rule: values and pure functions.
// Sources: RFC 8866, RFC 2326 C.1, RFC 3551 table 4, RFC 6184 8.2, RFC 7798 7.1, RFC 3640 4.1,
// RFC 7587 7.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reel/status.h"
#include "reel/unit.h"

namespace reel::server {

// One m= section: its first payload type alone.
struct SdpMedia {
  std::string kind;      // "video", "audio", "application"
  std::string protocol;  // "RTP/AVP"
  uint8_t payload_type = 0;
  std::string encoding;     // as in rtpmap, or of the static payload type; "" if neither
  uint32_t clock_rate = 0;  // 0: not stated
  uint32_t channels = 0;
  std::string parameters;  // of fmtp: "packetization-mode=1; sprop-..."
  std::string control;
};

struct Sdp {
  std::string control;  // of the session
  std::vector<SdpMedia> media;
};

inline constexpr size_t kMaxMedia = 32;

// InvalidArgument where there is no m= line, or more than kMaxMedia.
Result<Sdp> ParseSdp(std::string_view text);

// `name` among `a=b; c=d` (RFC 6184 8.1), in any case; "" if it is not there.
std::string_view FindParameter(std::string_view parameters, std::string_view name);

// How AAC frames stand in packets (RFC 3640 3.2.1): bits of the fields of an AU header, 0..16 each.
struct AuHeaderLayout {
  uint32_t size_bits = 0;  // at least 1
  uint32_t index_bits = 0;
  uint32_t index_delta_bits = 0;
};

// A section as a track to be recorded. TrackInfo::id is left to the caller.
struct TrackPlan {
  TrackInfo info;
  uint8_t payload_type = 0;
  std::string control;
  AuHeaderLayout aac;
};

// Unimplemented names what Reel does not record: another codec, transport or packetisation.
Result<TrackPlan> PlanTrack(const SdpMedia& media);

}  // namespace reel::server
