// The sample entry of a track (what a player needs before the first sample) and its name in a
// media type.
//
//   H.264, H.265   avc1, hvc1: its parameter sets are in the entry, and what the units repeat of
//                  them changes nothing; avc3, hev1: sets of the units are needed
//   AAC            mp4a with its AudioSpecificConfig
//   G.711          alaw, ulaw
//   Opus           Opus with its ID header
//
// Errors: FailedPrecondition if something needed is not known, InvalidArgument if it is malformed.
// Thread rule: pure functions.
// Sources: ISO/IEC 14496-12 12.1.3, 12.2.3; 14496-14 5.6; 14496-15 5.4.2.1, 8.4.1.1; Opus in
// ISOBMFF 4.3; RFC 7845 5.1; RFC 6381 3.3.
#pragma once

#include <optional>
#include <string>

#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

struct Mp4SampleEntry {
  Bytes box;
  std::string codec;   // RFC 6381: "avc1.64001F", "mp4a.40.2"
  uint32_t width = 0;  // video
  uint32_t height = 0;
  bool operator==(const Mp4SampleEntry&) const = default;
};

// Why MP4 has no place for such a track; nullopt if it has.
std::optional<std::string> WhyNotInMp4(const TrackInfo& info);

// REQUIRES: !WhyNotInMp4(info). `sets_in_band` is for video alone.
Result<Mp4SampleEntry> MakeMp4SampleEntry(const TrackInfo& info, bool sets_in_band);

}  // namespace reel
