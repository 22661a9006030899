// How large the index stays: rows as dense as in the world, of segments that are retired as newer
// ones take their room, until three times what the disks hold has been recorded.
// Thread rule: one thread.
#pragma once

#include <array>
#include <string>

#include "reel/status.h"
#include "reel/time.h"

namespace reel::bench {

struct IndexGrowthShape {
  std::string directory;  // empty
  uint32_t streams = 3000;
  Duration gop = std::chrono::seconds(2);
  uint32_t ring_minutes = 40;  // what the disks hold
};

struct IndexGrowth {
  uint64_t keyframes_live = 0;
  uint64_t keyframes_written = 0;
  // Bytes of tables when what was recorded has filled the disks once, twice and three times: as
  // they are, and packed. What is not packed yet is some tables of 16 MiB, whatever it holds.
  std::array<uint64_t, 3> bytes_as_it_is{};
  std::array<uint64_t, 3> bytes_packed{};
  double cpu_seconds = 0;
};

Result<IndexGrowth> GrowIndex(const IndexGrowthShape& shape);

}  // namespace reel::bench
