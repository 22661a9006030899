#include "server/rpc/unit_framing.h"

#include <algorithm>
#include <utility>

namespace reel::server {

Result<UnitFraming> UnitFraming::Make(std::vector<TrackInfo> tracks) {
  UnitFraming framing;
  for (const TrackInfo& track : tracks) {
    if (track.kind != TrackKind::kVideo) continue;
    if (const auto nals = SplitNals(track.config, NalFraming::kLength4); !nals.ok()) {
      return nals.status().WithContext("track.config");
    }
    framing.video_.emplace(track.id, VideoTrack(track, track.config));
  }
  framing.tracks_ = std::move(tracks);
  return framing;
}

Result<UnitFraming::Framed> UnitFraming::Frame(UnitView unit, NalFraming framing) {
  if (unit.bytes.empty() || unit.bytes.size() > kMaxUnitBytes) {
    return InvalidArgument("a unit has 1.." + std::to_string(kMaxUnitBytes) + " bytes");
  }
  const auto track = std::find_if(tracks_.begin(), tracks_.end(),
                                  [&](const TrackInfo& one) { return one.id == unit.track; });
  if (track == tracks_.end()) {
    return InvalidArgument("no track " + std::to_string(unit.track.value));
  }
  Framed framed;
  framed.unit = unit;
  const auto video = video_.find(unit.track);
  if (video == video_.end()) return framed;
  if (framing == NalFraming::kAnnexB) {
    REEL_ASSIGN_OR_RETURN(framed.owned, ToLengthPrefixed(unit.bytes, NalFraming::kAnnexB));
    framed.unit.bytes = framed.owned;
  }
  REEL_ASSIGN_OR_RETURN(const NalList nals, SplitNals(framed.unit.bytes, NalFraming::kLength4));
  if (nals.empty() || framed.unit.bytes.size() > kMaxUnitBytes) {
    return InvalidArgument("no NAL units, or too many bytes of them");
  }
  const PictureInfo picture = video->second.Observe(framed.unit.bytes);
  const auto loss = static_cast<uint8_t>(unit.flags & kUnitLossBefore);
  framed.unit.flags = static_cast<uint8_t>(UnitFlagsOf(picture) | loss);
  if (auto change = video->second.TakeChange()) {
    *track = std::move(*change);
    framed.tracks_changed = true;
  }
  return framed;
}

}  // namespace reel::server
