// Whole transfers out of the raw ones of the Disk seam: short counts, EINTR and EAGAIN are finished
// here, once, so that nobody else has to know of them.
//
// A short transfer may stop inside an aligned block; the rest is asked for from the block's
// beginning, since O_DIRECT takes nothing else. Example: of 8192 bytes at 0 the kernel moved 4608;
// the next request is 4096 bytes at 4096, of which the first 512 are moved twice.
// Bound: kMaxIdleTries tries in a row that bring no further block, then the transfer fails.
#pragma once

#include "reel/disk.h"

namespace reel {

inline constexpr uint32_t kTransferAlignBytes = 4096;
inline constexpr int kMaxIdleTries = 16;

// One request of an IoQueue on its way to being whole. Thread rule: a value; one thread at a time.
class IoTransfer {
 public:
  enum class Next : uint8_t {
    kDone,
    kResubmit,  // submit request() again; it now names the rest
    kFailed,    // failed_errno() says why
  };

  // `align_bytes` is the disk's DiskFacts::align_bytes.
  explicit IoTransfer(const IoRequest& request, uint32_t align_bytes = kTransferAlignBytes)
      : request_(request), whole_(request), align_bytes_(align_bytes) {}

  // The request to submit: whole at first, after kResubmit its remainder; the tag stays.
  const IoRequest& request() const { return request_; }

  // What the completion of request() means. A sync is never resubmitted, whatever its error.
  Next OnCompletion(int32_t result);

  // Bytes moved from the beginning on, without a hole; less than asked only in a read that met the
  // end of the file.
  uint32_t moved_bytes() const { return moved_bytes_; }
  int failed_errno() const { return failed_errno_; }

 private:
  Next Fail(int system_errno);
  Next TryAgain(int system_errno);
  uint32_t WantedBytes() const;

  IoRequest request_;
  IoRequest whole_;
  uint32_t align_bytes_;
  uint32_t moved_bytes_ = 0;
  int idle_tries_ = 0;
  int failed_errno_ = 0;
};

// Blocks until `into` is full or the file has ended; the bytes read. Offset, length and memory are
// aligned.
Result<size_t> ReadFully(File& file, uint64_t offset_bytes, MutableByteSpan into,
                         uint32_t align_bytes = kTransferAlignBytes);

// Blocks until all of `from` is written, which does not make it durable. After an error any part
// may have been.
// ReadFully that must fill `into`: OutOfRange when the file ends before.
Status ReadExactly(File& file, uint64_t offset_bytes, MutableByteSpan into,
                   uint32_t align_bytes = kTransferAlignBytes);

Status WriteFully(File& file, uint64_t offset_bytes, ByteSpan from,
                  uint32_t align_bytes = kTransferAlignBytes);

}  // namespace reel
