// The tracks of a run as a chunk carries them at every clean point: codec, timescale and the
// parameter sets in full, so that any GOP can be decoded from its own chunks.
#pragma once

#include <vector>

#include "reel/status.h"
#include "reel/unit.h"

namespace reel::format {

// At most kMaxTracks tracks of at most kMaxTrackConfigBytes each, 64 KiB in all; ids are unique,
// timescales not 0: otherwise InvalidArgument.
Result<Bytes> EncodeTracks(const std::vector<TrackInfo>& tracks);

// DataLoss: malformed, or what EncodeTracks refuses; FailedPrecondition: of a version this program
// does not know.
Result<std::vector<TrackInfo>> DecodeTracks(ByteSpan bytes);

// First half of SHA-256 of the encoded tracks: ContentHead::config_hash.
std::array<uint8_t, 16> ConfigHash(ByteSpan encoded_tracks);

}  // namespace reel::format
