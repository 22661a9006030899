#include "engine/av/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace reel {

InputFile::InputFile(int fd, uint64_t size_bytes, std::string path)
    : fd_(fd), size_bytes_(size_bytes), path_(std::move(path)) {}

InputFile::InputFile(InputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      size_bytes_(other.size_bytes_),
      path_(std::move(other.path_)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(path_, other.path_);
  return *this;
}

InputFile::~InputFile() {
  if (fd_ >= 0) close(fd_);
}

Result<InputFile> InputFile::Open(const std::string& path) {
  // O_NONBLOCK: a named pipe must not hang the opening.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ENOENT) return NotFound(path + ": no such file; check the path");
    return Status::FromErrno(errno, "cannot read " + path);
  }
  struct stat info {};
  const bool known = fstat(fd, &info) == 0;
  const int error = errno;
  InputFile file(fd, known ? static_cast<uint64_t>(info.st_size) : 0, path);
  if (!known) return Status::FromErrno(error, "cannot read " + path);
  if (S_ISDIR(info.st_mode)) {
    return InvalidArgument(path + ": a directory; name the media files in it one by one");
  }
  if (!S_ISREG(info.st_mode)) {
    return InvalidArgument(path + ": not a regular file; save the recording to a file first");
  }
  if (info.st_size == 0) return InvalidArgument(path + ": empty; there is nothing to read");
  return file;
}

Result<size_t> InputFile::ReadAt(uint64_t offset_bytes, MutableByteSpan room) const {
  size_t done = 0;
  while (done < room.size()) {
    const ssize_t got =
        pread(fd_, room.data() + done, room.size() - done, static_cast<off_t>(offset_bytes + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::FromErrno(errno, "cannot read " + path_);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

}  // namespace reel
