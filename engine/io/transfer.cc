#include "engine/io/transfer.h"

#include <algorithm>
#include <cerrno>

#include "engine/base/bytes.h"

namespace reel {
namespace {

// The seam counts lengths in 32 bits; longer spans go in pieces of this.
constexpr size_t kMaxPieceBytes = size_t{1} << 30;

// Finishes one piece by blocking calls; the bytes moved.
Result<size_t> Finish(IoTransfer transfer) {
  for (;;) {
    const IoRequest& request = transfer.request();
    const MutableByteSpan data(request.data, request.length_bytes);
    const Result<size_t> moved = request.kind == IoKind::kRead
                                     ? request.file->Read(request.offset_bytes, data)
                                     : request.file->Write(request.offset_bytes, data);
    // A seam that fails without an errno is as bad as one that says EIO.
    const int error = moved.ok() ? 0 : std::max(moved.status().system_errno(), 0);
    const int32_t result = moved.ok() ? static_cast<int32_t>(*moved) : -(error == 0 ? EIO : error);
    switch (transfer.OnCompletion(result)) {
      case IoTransfer::Next::kDone:
        return transfer.moved_bytes();
      case IoTransfer::Next::kResubmit:
        break;
      case IoTransfer::Next::kFailed:
        if (!moved.ok()) return moved.status();
        return Status::FromErrno(transfer.failed_errno(), "transfer without progress");
    }
  }
}

Result<size_t> FinishAll(IoKind kind, File& file, uint64_t offset_bytes, MutableByteSpan data,
                         uint32_t align_bytes) {
  size_t total = 0;
  while (total < data.size()) {
    IoRequest request;
    request.kind = kind;
    request.file = &file;
    request.offset_bytes = offset_bytes + total;
    request.data = data.data() + total;
    request.length_bytes = static_cast<uint32_t>(std::min(kMaxPieceBytes, data.size() - total));
    REEL_ASSIGN_OR_RETURN(const size_t moved, Finish(IoTransfer(request, align_bytes)));
    total += moved;
    if (moved < request.length_bytes) break;
  }
  return total;
}

}  // namespace

uint32_t IoTransfer::WantedBytes() const {
  if (whole_.kind != IoKind::kRead) return whole_.length_bytes;
  const uint64_t size = whole_.file->size_bytes();
  const uint64_t left = size - std::min(size, whole_.offset_bytes);
  return static_cast<uint32_t>(std::min<uint64_t>(left, whole_.length_bytes));
}

IoTransfer::Next IoTransfer::Fail(int system_errno) {
  failed_errno_ = system_errno;
  return Next::kFailed;
}

IoTransfer::Next IoTransfer::TryAgain(int system_errno) {
  return ++idle_tries_ > kMaxIdleTries ? Fail(system_errno) : Next::kResubmit;
}

IoTransfer::Next IoTransfer::OnCompletion(int32_t result) {
  if (whole_.kind == IoKind::kDataSync) return result < 0 ? Fail(-result) : Next::kDone;
  if (result == -EINTR || result == -EAGAIN) return TryAgain(-result);
  if (result < 0) return Fail(-result);
  const auto begin = static_cast<uint32_t>(request_.offset_bytes - whole_.offset_bytes);
  moved_bytes_ = std::max(moved_bytes_, begin + static_cast<uint32_t>(result));
  if (moved_bytes_ >= WantedBytes()) return Next::kDone;
  const auto next = static_cast<uint32_t>(RoundDown(moved_bytes_, align_bytes_));
  if (next == begin) return TryAgain(EIO);
  idle_tries_ = 0;
  request_.offset_bytes = whole_.offset_bytes + next;
  request_.data = whole_.data + next;
  request_.length_bytes = whole_.length_bytes - next;
  return Next::kResubmit;
}

Result<size_t> ReadFully(File& file, uint64_t offset_bytes, MutableByteSpan into,
                         uint32_t align_bytes) {
  return FinishAll(IoKind::kRead, file, offset_bytes, into, align_bytes);
}

Status ReadExactly(File& file, uint64_t offset_bytes, MutableByteSpan into, uint32_t align_bytes) {
  REEL_ASSIGN_OR_RETURN(const size_t moved, ReadFully(file, offset_bytes, into, align_bytes));
  if (moved == into.size()) return OkStatus();
  return OutOfRange("file ends at byte " + std::to_string(offset_bytes + moved) + ", " +
                    std::to_string(into.size() - moved) + " bytes short");
}

Status WriteFully(File& file, uint64_t offset_bytes, ByteSpan from, uint32_t align_bytes) {
  const MutableByteSpan data(const_cast<std::byte*>(from.data()), from.size());
  return FinishAll(IoKind::kWrite, file, offset_bytes, data, align_bytes).status();
}

}  // namespace reel
