// Giving a new file its full size, once. Private to engine/io.
#pragma once

#include <cstdint>

namespace reel {

// The file is empty before; after, it has `size_bytes` of allocated space that reads as zeros, and
// is synced with its size. 0 or an errno.
int Preallocate(int fd, uint64_t size_bytes);

}  // namespace reel
