#include "engine/io/open_direct.h"

#include <linux/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "engine/io/fd_file.h"

namespace reel {
namespace {

// Whether direct transfers at kDirectAlignBytes work, as far as the kernel (6.1 and later) says.
bool TakesDirect(int fd) {
  struct statx facts {};
  const int64_t result = syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &facts);
  if (result != 0 || (facts.stx_mask & STATX_DIOALIGN) == 0) return true;
  const uint32_t align = facts.stx_dio_offset_align;
  return align != 0 && kDirectAlignBytes % align == 0 &&
         kDirectAlignBytes % facts.stx_dio_mem_align == 0;
}

}  // namespace

UniqueFd OpenQuietly(int directory_fd, const std::string& name, int flags, mode_t mode) {
  const int all_flags = flags | O_CLOEXEC | O_NOFOLLOW;
  UniqueFd fd(openat(directory_fd, name.c_str(), all_flags | O_NOATIME, mode));
  // Only the file's owner may read without a trace.
  if (!fd.valid() && errno == EPERM) {
    fd = UniqueFd(openat(directory_fd, name.c_str(), all_flags, mode));
  }
  return fd;
}

UniqueFd OpenDirect(int directory_fd, const std::string& name, int flags, mode_t mode) {
  UniqueFd fd = OpenQuietly(directory_fd, name, flags | O_DIRECT, mode);
  if (!fd.valid()) {
    if (errno != EINVAL) return fd;
    return OpenQuietly(directory_fd, name, flags, mode);
  }
  if (!TakesDirect(fd.get())) {
    const int now = fcntl(fd.get(), F_GETFL);
    if (now < 0 || fcntl(fd.get(), F_SETFL, now & ~O_DIRECT) != 0) return {};
  }
  return fd;
}

}  // namespace reel
