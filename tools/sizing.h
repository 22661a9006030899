// Sizing: what so many cameras kept for so many days need in disks, memory and index. Arithmetic on
// measured costs (docs/OPERATIONS.md says how they were measured).
//
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reel/status.h"
#include "reel/time.h"

namespace reel {

struct CameraGroup {
  uint64_t count = 0;
  double bits_per_second = 0;  // of one
};

struct SizingRequest {
  std::vector<CameraGroup> cameras;
  double days = 30;
  Duration gop = std::chrono::seconds{2};
  double pictures_per_second = 25;
  uint64_t disk_bytes = 0;             // 0: how many disks is not asked
  uint64_t disk_bytes_per_second = 0;  // what one may be written at
};

struct Sizing {
  uint64_t streams = 0;
  double media_bytes_per_second = 0;   // as the cameras send it
  double stored_bytes_per_second = 0;  // with heads, tables and padding
  double needed_bytes = 0;             // on disks, with the reserve
  uint64_t disks_for_room = 0;
  uint64_t disks_for_rate = 0;
  uint64_t disks = 0;        // the more of both; 0 if not asked
  double days_of_disks = 0;  // that so many disks keep
  double gops = 0;
  double index_bytes = 0;
  double memory_bytes = 0;
};

Sizing SizeOf(const SizingRequest& request);

// "200x4M": 200 cameras of 4 Mbit/s each. K, M and G are powers of 1000, as camera makers have it.
Result<CameraGroup> ParseCameras(std::string_view text);

}  // namespace reel
