// Media that comes through a pipe: its first bytes can be looked at, then everything is read once,
// from front to back.
//
// Thread rule: one thread at a time. Ownership: the descriptor stays the caller's.
// Errors: Unavailable (cannot be read), Cancelled (`stopped` said so).
// Bound: holds the bytes looked at, at most kHeadBytes.
#pragma once

#include <functional>

#include "reel/status.h"
#include "reel/types.h"

namespace reel {

class PipeInput {
 public:
  // Enough to tell what a stream is; a camera's is there within a second.
  static constexpr size_t kHeadBytes = 64U << 10;

  // `stopped` is asked while nothing comes.
  PipeInput(int fd, std::function<bool()> stopped) : fd_(fd), stopped_(std::move(stopped)) {}

  // The first bytes, fewer only where the whole input is shorter. They are read again by Read.
  Result<ByteSpan> Head();
  // At least one byte; 0 at the end.
  Result<size_t> Read(MutableByteSpan room);
  // Why the last Read failed; FFmpeg knows only that it did.
  const Status& error() const { return error_; }

 private:
  Result<size_t> ReadOnce(MutableByteSpan room);

  const int fd_;
  const std::function<bool()> stopped_;
  Bytes head_;
  size_t head_given_ = 0;
  Status error_;
};

}  // namespace reel
