// Opening without leaving a trace, and for direct transfers. Private to engine/io.
#pragma once

#include <fcntl.h>

#include <string>

#include "engine/io/unique_fd.h"

namespace reel {

// Both: openat(2) with O_CLOEXEC and O_NOFOLLOW; O_NOATIME where this user may, so that reading
// changes no time stamp. Invalid with errno set.
UniqueFd OpenQuietly(int directory_fd, const std::string& name, int flags, mode_t mode = 0);
// With O_DIRECT where the file system takes it at kDirectAlignBytes.
UniqueFd OpenDirect(int directory_fd, const std::string& name, int flags, mode_t mode = 0);

}  // namespace reel
