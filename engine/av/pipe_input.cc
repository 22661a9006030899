#include "engine/av/pipe_input.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace reel {
namespace {

constexpr int kLookEveryMs = 100;

}  // namespace

Result<ByteSpan> PipeInput::Head() {
  if (!head_.empty()) return ByteSpan(head_);
  Bytes head(kHeadBytes);
  size_t size = 0;
  while (size < head.size()) {
    REEL_ASSIGN_OR_RETURN(const size_t got, ReadOnce(MutableByteSpan(head).subspan(size)));
    if (got == 0) break;
    size += got;
  }
  head.resize(size);
  head_ = std::move(head);
  return ByteSpan(head_);
}

Result<size_t> PipeInput::Read(MutableByteSpan room) {
  if (head_given_ < head_.size()) {
    const size_t size = std::min(room.size(), head_.size() - head_given_);
    std::memcpy(room.data(), head_.data() + head_given_, size);
    head_given_ += size;
    return size;
  }
  Result<size_t> got = ReadOnce(room);
  if (!got.ok()) error_ = got.status();
  return got;
}

Result<size_t> PipeInput::ReadOnce(MutableByteSpan room) {
  for (;;) {
    if (stopped_ && stopped_()) return Status(Code::kCancelled, "stopped by a signal");
    pollfd ready{fd_, POLLIN, 0};
    const int count = poll(&ready, 1, kLookEveryMs);
    if (count < 0 && errno != EINTR) return Status::FromErrno(errno, "cannot wait for input");
    if (count <= 0) continue;
    const ssize_t got = read(fd_, room.data(), room.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR && errno != EAGAIN) return Status::FromErrno(errno, "cannot read input");
  }
}

}  // namespace reel
