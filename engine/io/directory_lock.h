// The one-writer lock of a directory: an open-file-description lock (fcntl(2), F_OFD_SETLK) on a
// file that also names its holder for people. The kernel releases it when the holder dies; the file
// stays.
// Thread rule: all calls from any thread at once.
#pragma once

#include "reel/disk.h"

namespace reel {

// `path` is for messages. FailedPrecondition names the process that holds the lock.
Result<std::unique_ptr<DiskLock>> LockInDirectory(int directory_fd, const std::string& name,
                                                  const std::string& path);
// Works on a read-only file system; false when there is no such file, true when it cannot be
// looked into.
bool IsLockedInDirectory(int directory_fd, const std::string& name);

}  // namespace reel
