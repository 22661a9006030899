#include "engine/io/directory_lock.h"

#include <fcntl.h>

#include <cerrno>

#include "engine/io/unique_fd.h"

namespace reel {
namespace {

class OfdLock : public DiskLock {
 public:
  explicit OfdLock(UniqueFd fd) : fd_(std::move(fd)) {}

 private:
  const UniqueFd fd_;  // closing it releases the lock
};

flock WholeFile(decltype(flock::l_type) type) {
  flock region{};
  region.l_type = type;
  region.l_whence = SEEK_SET;
  return region;
}

std::string ReadHolder(int fd) {
  char text[32];
  const ssize_t count = pread(fd, text, sizeof text, 0);
  if (count <= 0) return "another process";
  return "process " + std::string(text, static_cast<size_t>(count));
}

// For people only: a lock without its holder's name is as good. In place, since a full disk has no
// other block to give.
void WriteHolder(int fd) {
  const std::string text = std::to_string(getpid());
  const ssize_t count = pwrite(fd, text.data(), text.size(), 0);
  [[maybe_unused]] const int cut = ftruncate(fd, count < 0 ? 0 : count);
}

}  // namespace

Result<std::unique_ptr<DiskLock>> LockInDirectory(int directory_fd, const std::string& name,
                                                  const std::string& path) {
  constexpr mode_t kMode = 0640;
  UniqueFd fd(openat(directory_fd, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!fd.valid()) return Status::FromErrno(errno, path);
  flock region = WholeFile(F_WRLCK);
  if (fcntl(fd.get(), F_OFD_SETLK, &region) != 0) {
    if (errno != EAGAIN && errno != EACCES) return Status::FromErrno(errno, path);
    return FailedPrecondition(path + ": locked by " + ReadHolder(fd.get()));
  }
  WriteHolder(fd.get());
  return std::unique_ptr<DiskLock>(std::make_unique<OfdLock>(std::move(fd)));
}

bool IsLockedInDirectory(int directory_fd, const std::string& name) {
  const UniqueFd fd(openat(directory_fd, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return errno != ENOENT;
  flock region = WholeFile(F_RDLCK);
  return fcntl(fd.get(), F_OFD_GETLK, &region) != 0 || region.l_type != F_UNLCK;
}

}  // namespace reel
