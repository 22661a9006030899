// The confined side of picture_decoder.h.
#include <unistd.h>

#include <cerrno>

#include "engine/av/av_handle.h"
#include "engine/av/frame_decoder.h"
#include "engine/av/picture_decoder.h"

namespace reel {
namespace {

Result<Bytes> ReadJob() {
  constexpr size_t kPieceBytes = 1U << 20;
  Bytes bytes;
  for (;;) {
    const size_t had = bytes.size();
    if (had > kMaxJobBytes) return InvalidArgument("decode job: too long");
    bytes.resize(had + kPieceBytes);
    const ssize_t got = read(STDIN_FILENO, bytes.data() + had, kPieceBytes);
    if (got < 0 && errno != EINTR) return Status::FromErrno(errno, "decode job");
    bytes.resize(had + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got == 0) return bytes;
  }
}

bool WriteAll(ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (put < 0 && errno != EINTR) return false;
    if (put > 0) bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return true;
}

Result<PictureAnswer> Answer() {
  REEL_ASSIGN_OR_RETURN(const Bytes bytes, ReadJob());
  REEL_ASSIGN_OR_RETURN(const PictureJob job, DecodeJob(bytes));
  return DecodeFrame(job);
}

}  // namespace

int RunDecodeChild(const SandboxLimits& limits) {
  QuietAv();
  const Status confined = EnterSandbox(limits);
  return WriteAll(EncodeAnswer(confined.ok() ? Answer() : confined)) ? 0 : 1;
}

}  // namespace reel
