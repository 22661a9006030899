// What a camera says of itself: SDP, URLs and challenges. Whatever passes must be fit to record
// with, and fit to be sent back in a line.
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/media/nal.h"
#include "server/rtsp/login.h"
#include "server/rtsp/sdp.h"
#include "server/rtsp/text.h"
#include "server/rtsp/track_receiver.h"
#include "server/rtsp/url.h"

namespace {

class Sink final : public reel::server::ReceivedUnitSink {
 public:
  void OnUnit(const reel::server::ReceivedUnit& /*unit*/) override {}
};

bool IsLine(std::string_view text) {
  return std::none_of(text.begin(), text.end(), reel::server::IsControl);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = reel::AsText(std::as_bytes(std::span(data, size)));
  if (const auto url = reel::server::ParseUrl(text); url.ok()) {
    REEL_CHECK(reel::server::ParseUrl(url->ToString()).value() == *url, "a URL reads back");
  }
  (void)reel::server::ParseChallenge(text);
  const auto sdp = reel::server::ParseSdp(text);
  if (!sdp.ok()) return 0;
  REEL_CHECK(sdp->media.size() <= reel::server::kMaxMedia, "media are bounded");
  for (const reel::server::SdpMedia& media : sdp->media) {
    REEL_CHECK(IsLine(media.control) && IsLine(sdp->control), "a control is one line");
    const auto plan = reel::server::PlanTrack(media);
    if (!plan.ok()) continue;
    REEL_CHECK(plan->info.timescale > 0, "a track has a timescale");
    REEL_CHECK(plan->info.config.size() <= reel::kMaxTrackConfigBytes, "a config is bounded");
    Sink sink;
    const reel::server::TrackReceiver receiver(*plan, {}, 1, sink);
  }
  return 0;
}
