#include "engine/io/preallocate.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "engine/base/bytes.h"
#include "engine/io/fd_file.h"

namespace reel {
namespace {

constexpr size_t kZerosBytes = size_t{1} << 20;

// For file systems without fallocate. Whole blocks, since the descriptor may be direct; the
// surplus is cut off.
int WriteZeros(int fd, uint64_t size_bytes) {
  const std::unique_ptr<void, void (*)(void*)> zeros(
      std::aligned_alloc(kDirectAlignBytes, kZerosBytes), &std::free);
  if (zeros == nullptr) return ENOMEM;
  std::fill_n(static_cast<std::byte*>(zeros.get()), kZerosBytes, std::byte{0});
  const uint64_t end = RoundUp(size_bytes, kDirectAlignBytes);
  for (uint64_t at = 0; at < end;) {
    const size_t length = std::min<uint64_t>(kZerosBytes, end - at);
    const ssize_t count = pwrite(fd, zeros.get(), length, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    const uint64_t moved = RoundDown(static_cast<uint64_t>(count), kDirectAlignBytes);
    if (moved == 0) return ENOSPC;
    at += moved;
  }
  return ftruncate(fd, static_cast<off_t>(size_bytes)) == 0 ? 0 : errno;
}

}  // namespace

int Preallocate(int fd, uint64_t size_bytes) {
  int error = 0;
  if (size_bytes > 0) {
    do {
      error = fallocate(fd, 0, 0, static_cast<off_t>(size_bytes)) == 0 ? 0 : errno;
    } while (error == EINTR);
    if (error == EOPNOTSUPP) error = WriteZeros(fd, size_bytes);
  }
  if (error != 0) return error;
  return fsync(fd) == 0 ? 0 : errno;
}

}  // namespace reel
