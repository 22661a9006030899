// What the four slots of a record file (SlotsOf in wire.h) say together.
#pragma once

#include <array>

#include "engine/format/wire.h"

namespace reel::format {

// With both slots of one version unreadable, which no crash does, nobody knows whether it was the
// latest: what the others say may be out of date, and is not taken.
constexpr bool VersionLost(const std::array<bool, kRecordSlots>& unreadable) {
  return (unreadable[0] && unreadable[1]) || (unreadable[2] && unreadable[3]);
}

}  // namespace reel::format
