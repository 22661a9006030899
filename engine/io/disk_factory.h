// OpenDisk: the directory of a real file system as a Disk. The disk itself is the same either way;
// the engine decides what its queues are made of: io_uring, or a few threads with pread, pwrite and
// fdatasync.
#pragma once

#include "reel/disk.h"

namespace reel {

enum class DiskEngine : uint8_t {
  kAuto,  // io_uring where kernel and policy allow it, else pwrite; DiskFacts::note says why
  kUring,
  kPwrite,
};

struct DiskOptions {
  DiskEngine engine = DiskEngine::kAuto;
  uint32_t granule_bytes = 0;  // 0: probed; else what the operator declares, a multiple of 4096
};

// Opens nothing but the directory and changes nothing. NotFound; FailedPrecondition when kUring is
// asked for and refused.
Result<std::unique_ptr<Disk>> OpenDisk(const std::string& path, const DiskOptions& options = {});

}  // namespace reel
