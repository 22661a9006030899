#include "engine/io/fd_file.h"

#include <algorithm>
#include <cerrno>

#include "engine/base/check.h"

namespace reel {
namespace {

// Less than the kernel's own limit (2 GiB - 4 KiB); longer transfers come back short.
constexpr size_t kMaxTransferBytes = size_t{1} << 30;

}  // namespace

FdFile& FdFileOf(const IoRequest& request) {
  auto* file = dynamic_cast<FdFile*>(request.file);
  REEL_CHECK(file != nullptr, "a request names a file of the disk that made the queue");
  return *file;
}

int32_t FdFile::Refusal(const IoRequest& request) const {
  if (request.kind == IoKind::kDataSync) return 0;
  const auto address = reinterpret_cast<uintptr_t>(request.data);
  const uint64_t all = request.offset_bytes | request.length_bytes | address;
  if (all % kDirectAlignBytes != 0) return -EINVAL;
  if (request.kind == IoKind::kRead) return 0;
  const uint64_t room = size_bytes_ - std::min(size_bytes_, request.offset_bytes);
  return request.length_bytes > room ? -EFBIG : 0;
}

int32_t FdFile::Execute(const IoRequest& request) const {
  if (const int32_t refusal = Refusal(request); refusal != 0) return refusal;
  const auto offset = static_cast<off_t>(request.offset_bytes);
  ssize_t result = 0;
  switch (request.kind) {
    case IoKind::kRead:
      result = pread(fd(), request.data, request.length_bytes, offset);
      break;
    case IoKind::kWrite:
      result = pwrite(fd(), request.data, request.length_bytes, offset);
      break;
    case IoKind::kDataSync:
      result = fdatasync(fd());
      break;
  }
  return result < 0 ? -errno : static_cast<int32_t>(result);
}

Result<size_t> FdFile::Run(IoKind kind, uint64_t offset_bytes, MutableByteSpan data) {
  IoRequest request;
  request.kind = kind;
  request.file = this;
  request.offset_bytes = offset_bytes;
  request.data = data.data();
  request.length_bytes = static_cast<uint32_t>(std::min(data.size(), kMaxTransferBytes));
  const int32_t result = Execute(request);
  if (result < 0) return Status::FromErrno(-result, path_);
  return static_cast<size_t>(result);
}

Result<size_t> FdFile::Read(uint64_t offset_bytes, MutableByteSpan into) {
  return Run(IoKind::kRead, offset_bytes, into);
}

Result<size_t> FdFile::Write(uint64_t offset_bytes, ByteSpan from) {
  return Run(IoKind::kWrite, offset_bytes, {const_cast<std::byte*>(from.data()), from.size()});
}

Status FdFile::Sync() { return Run(IoKind::kDataSync, 0, {}).status(); }

}  // namespace reel
