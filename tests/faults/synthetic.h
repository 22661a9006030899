// Synthetic streams that prove themselves: a unit's bytes follow from its source's seed, its number
// and its time, all of which stand in them, so whoever reads one back can tell that it is right.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "reel/store.h"

namespace reel {

inline constexpr uint64_t kUnitsPerGop = 10;
inline constexpr Duration kUnitInterval = std::chrono::milliseconds(40);

std::vector<TrackInfo> SyntheticTracks();

// Thread rule: one thread at a time.
class SyntheticSource {
 public:
  // Clean points have `clean_bytes` and up to half as much again, other units a sixth of it.
  SyntheticSource(uint64_t seed, WallTime begin, uint32_t clean_bytes = 4000);

  uint64_t seed() const { return seed_; }
  // Valid until the next call.
  UnitView Make(uint64_t number);

 private:
  const uint64_t seed_;
  const WallTime begin_;
  const uint32_t clean_bytes_;
  Bytes bytes_;
};

// What a stream gives back, by the seeds of its sources.
struct ReadBack {
  std::map<uint64_t, std::set<uint64_t>> units;
  std::vector<GapRow> gaps;
  uint64_t damaged = 0;
  std::vector<std::string> problems;  // wrong bytes, units out of order or twice, errors
};
ReadBack ReadStream(Store& store, StreamId stream);

// Numbers of [0, end) that are missing, as text; "" if none.
std::string Missing(const std::set<uint64_t>& have, uint64_t begin, uint64_t end);

}  // namespace reel
