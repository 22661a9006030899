// What a store has counted since it was opened.
//
// Thread rule: values.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "reel/time.h"

namespace reel {

// How often something took how long.
struct LatencyCounts {
  static constexpr std::array<Duration, 16> kBounds = {
      std::chrono::microseconds(100),  std::chrono::microseconds(250),
      std::chrono::microseconds(500),  std::chrono::milliseconds(1),
      std::chrono::microseconds(2500), std::chrono::milliseconds(5),
      std::chrono::milliseconds(10),   std::chrono::milliseconds(25),
      std::chrono::milliseconds(50),   std::chrono::milliseconds(100),
      std::chrono::milliseconds(250),  std::chrono::milliseconds(500),
      std::chrono::milliseconds(1000), std::chrono::milliseconds(2500),
      std::chrono::milliseconds(5000), std::chrono::milliseconds(10'000)};
  // [i]: above the bound before and at most kBounds[i]; the last one: longer than all.
  std::array<uint64_t, kBounds.size() + 1> counts{};
  Duration sum{0};
};

struct StoreCounters {
  uint64_t units_accepted = 0;
  uint64_t bytes_accepted = 0;
  uint64_t units_durable = 0;
  uint64_t bytes_durable = 0;
  uint64_t units_shed = 0;
  uint64_t units_resent = 0;  // came again and were known
  uint64_t chunks_written = 0;
  uint64_t chunk_bytes_written = 0;  // padding included
  uint64_t segments_recycled = 0;
  uint64_t segments_salvaged = 0;
  uint64_t acknowledged_chunks_lost = 0;  // damage found by salvage
  uint64_t buffer_bytes_in_use = 0;
  uint64_t reads_refused_damaged = 0;
  // From Append to durable, of the first unit of each chunk: the one that waits longest for it.
  LatencyCounts acknowledgement;
};

}  // namespace reel
