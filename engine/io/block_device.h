// What the kernel says about the block device behind a directory (Documentation/ABI/stable/
// sysfs-block).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace reel {

struct BlockFacts {
  bool rotational = false;
  // The full stripe of a parity array (md raid 4, 5, 6, or a device-mapper device that declares a
  // stripe), else 0.
  uint32_t parity_stripe_bytes = 0;
};

// `sysfs_dev_block` is /sys/dev/block, or a test's picture of it. A device that it does not know
// (tmpfs, btrfs, network) has no facts: all zero.
BlockFacts ReadBlockFacts(const std::string& sysfs_dev_block, dev_t device);

}  // namespace reel
