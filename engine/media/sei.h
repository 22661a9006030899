// Finds the recovery point in a SEI NAL unit.
//
// A SEI that does not parse has none: what is behind the first fault is not read.
// Thread rule: pure function. Sources: ITU-T H.264 7.3.2.3.1, D.1.8; ITU-T H.265 7.3.5, D.2.8.
#pragma once

#include <optional>

#include "reel/types.h"
#include "reel/unit.h"

namespace reel {

struct RecoveryPoint {
  // Pictures until all is whole: frames in H.264 (0..65535), a step in picture order in H.265
  // (-32768..32767).
  int32_t count = 0;
  bool exact_match = false;
};

// `nal` is a whole SEI NAL unit (H.265: a prefix SEI).
std::optional<RecoveryPoint> FindRecoveryPoint(Codec codec, ByteSpan nal);

}  // namespace reel
