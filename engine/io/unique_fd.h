// UniqueFd: a file descriptor that is closed exactly once. Thread rule: a value.
#pragma once

#include <unistd.h>

#include <utility>

namespace reel {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~UniqueFd() { Close(); }

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // Another owner has it from now on.
  int Release() { return std::exchange(fd_, -1); }

 private:
  // The descriptor is gone whatever close says, and nothing durable depends on it: syncs are
  // explicit.
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  int fd_ = -1;
};

}  // namespace reel
