// What there is to say of a volume beyond VolumeInfo: what its segments hold, how fast it fills,
// and what is wrong with the room it has.
//
// A volume that is full is in order: the oldest segment makes room for the next. What is not in
// order is a file system that lacks the room for segments still to be made, so that the volume
// holds less than it was given.
// Thread rule: as Store's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reel/store.h"
#include "tools/print.h"

namespace reel {

struct VolumeReport {
  VolumeInfo info;
  std::string engine;           // how it is written: io_uring or pwrite; "" while it is away
  std::string engine_note;      // why not the faster one
  uint64_t capacity_bytes = 0;  // of the file system
  uint64_t free_bytes = 0;
  uint32_t segments_made = 0;        // files there are, used or not
  uint64_t footage_bytes = 0;        // in the index
  std::optional<WallRange> footage;  // oldest and newest
  uint64_t last_day_bytes = 0;       // of segments whose footage ends in the last 24 hours
  std::vector<std::string> problems;

  double used_share() const;
  // Until the oldest footage is overwritten at the rate of the last day; nullopt without one.
  std::optional<Duration> until_full() const;
};

// Of a server's volumes (`is_here` false) what it tells: neither their disks nor their footage.
Result<std::vector<VolumeReport>> ReportVolumes(Store& store, WallTime now, bool is_here);

Json VolumeJson(const VolumeReport& report);
void PrintVolume(const VolumeReport& report);

}  // namespace reel
