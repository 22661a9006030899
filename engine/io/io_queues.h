// The queues behind OpenDisk; private to engine/io. Destroying a queue with requests in flight
// waits for those that have begun, since their memory is the caller's again afterwards.
#pragma once

#include "reel/disk.h"

namespace reel {

// Worker threads with blocking calls: a sync does not hold up writes.
std::unique_ptr<IoQueue> NewPwriteQueue(uint32_t depth);

// Submitted requests enter the kernel together, at the next Reap. The first Submit or Reap makes
// its thread the owner.
Result<std::unique_ptr<IoQueue>> NewUringQueue(uint32_t depth, const std::string& path);

// OK when this process may use io_uring and it can do what NewUringQueue needs.
Status ProbeUring();

}  // namespace reel
