// FdFile: the File of real disks, a descriptor with its rules checked before the kernel sees a
// request, so that a file system that would take unaligned or growing writes behaves like one that
// does not.
// Thread rule: all calls from any thread at once.
#pragma once

#include "engine/io/unique_fd.h"
#include "reel/disk.h"

namespace reel {

// What every transfer on a real disk is a multiple of, whatever smaller the device would take: a
// volume may move to a disk with 4096-byte sectors.
inline constexpr uint32_t kDirectAlignBytes = 4096;

class FdFile : public File {
 public:
  FdFile(UniqueFd fd, std::string path, uint64_t size_bytes)
      : fd_(std::move(fd)), path_(std::move(path)), size_bytes_(size_bytes) {}

  uint64_t size_bytes() const override { return size_bytes_; }
  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override;
  Result<size_t> Write(uint64_t offset_bytes, ByteSpan from) override;
  Status Sync() override;

  int fd() const { return fd_.get(); }
  // 0, or the -errno with which the request is refused: unaligned EINVAL, writing beyond the end
  // EFBIG.
  int32_t Refusal(const IoRequest& request) const;
  // Carries out the request in the calling thread; its raw result.
  int32_t Execute(const IoRequest& request) const;

 private:
  Result<size_t> Run(IoKind kind, uint64_t offset_bytes, MutableByteSpan data);

  const UniqueFd fd_;
  const std::string path_;
  const uint64_t size_bytes_;
};

// The FdFile a request names; CHECKs that it is one.
FdFile& FdFileOf(const IoRequest& request);

}  // namespace reel
