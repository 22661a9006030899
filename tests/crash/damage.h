// Damage: what rots, what is written to the wrong place, what a copy brings from elsewhere. One
// such thing is done to the segment files of a world before a store is opened on it.
// Thread rule: a value.
#pragma once

#include "engine/testing/sim_clock.h"
#include "tests/crash/lives.h"

namespace reel::crash {

struct Damage {
  std::string text;
  size_t disk = 0;
  std::string file;
  uint64_t begin = 0;  // bytes that are not as they were
  uint64_t end = 0;
  bool harmless = false;  // only room that held nothing

  bool Hits(const Lives::Life& life, const Lives::Copy& copy) const {
    return life.disk == disk && life.file == file && copy.offset_bytes < end &&
           begin < copy.offset_bytes + copy.chunk_bytes;
  }
};

// Something chosen by `rng`; nullopt where there is nothing to damage. `lives` are those of the
// world.
std::optional<Damage> DoDamage(SimWorld& world, const Lives& lives, Rng& rng);

}  // namespace reel::crash
