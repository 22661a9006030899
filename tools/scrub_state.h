// Where a scrub is in its round, kept in the node's state directory ("reel-scrub", JSON), so that
// the next one goes on there. Lost or damaged it costs one round anew.
//
// Thread rule: one thread at a time.
#pragma once

#include <optional>
#include <string>

#include "reel/status.h"
#include "reel/time.h"
#include "tools/print.h"
#include "tools/store_check.h"

namespace reel {

struct ScrubRound {
  WallTime begun;
  std::optional<WallTime> ended;
  uint64_t segments = 0;
  uint64_t bytes = 0;
  uint64_t problems = 0;
};

struct ScrubState {
  std::optional<ScrubRound> now;   // under way
  std::optional<ScrubRound> last;  // gone through
  CheckedUpTo checked;             // of the one under way
};

// As it was saved; nothing of it where there is none that can be read.
ScrubState LoadScrub(const std::string& node);
// There whole or as it was before; durable on return.
Status SaveScrub(const std::string& node, const ScrubState& state);

Json RoundJson(const ScrubRound& round);

}  // namespace reel
