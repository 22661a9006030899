// Disk: the seam between the engine and the bytes of one volume's directory.
//
// Real forms: io_uring and pwrite/fdatasync (engine/io). Simulated form: SimDisk (engine/testing),
// which crashes, tears, reorders and fails on demand. One contract suite runs on all of them.
//
// Rules of the seam
//   - Results are raw, as the kernel gives them: a count of bytes moved, which may be short, or
//     -errno (-EINTR and -EAGAIN included). Finishing short transfers is the engine's work
//     (engine/io/transfer.h), so that it is tested against simulated ones too.
//   - Transfers are aligned: offset, length and memory address are multiples of
//     DiskFacts::align_bytes.
//   - A completed write is NOT durable. It is once a sync of the same file that was submitted after
//     the write completed has succeeded, to the device's flush. After a failed sync nothing about
//     the file's unsynced writes is known, and a later success says nothing about them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "reel/status.h"
#include "reel/time.h"
#include "reel/types.h"

namespace reel {

struct DiskFacts {
  std::string engine;  // "io_uring", "pwrite" or "sim": said in the log and in `reel volumes`
  std::string note;    // why it is not the faster one; "" when there is nothing to say
  uint32_t align_bytes = 4096;  // what O_DIRECT wants, at least 512
  // Smallest region that a write never shares with an acknowledged one: 4 KiB, or the full stripe
  // of a parity array.
  uint32_t granule_bytes = 4096;
  uint64_t capacity_bytes = 0;  // of the file system
  uint64_t free_bytes = 0;
  bool rotational = false;
};

// One open file. Thread rule: all calls may be made from any thread at once. Owned by who opened
// it, and must outlive every request in flight on it.
class File {
 public:
  virtual ~File() = default;
  virtual uint64_t size_bytes() const = 0;
  // Bytes moved, fewer than asked at the end of the file or when the kernel says so. Blocks.
  virtual Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) = 0;
  virtual Result<size_t> Write(uint64_t offset_bytes, ByteSpan from) = 0;
  // Durable on success: every write on this file completed before the call. Never retry it.
  virtual Status Sync() = 0;
};

enum class IoKind : uint8_t { kRead, kWrite, kDataSync };

struct IoRequest {
  IoKind kind = IoKind::kRead;
  File* file = nullptr;       // from the Disk that made the queue
  uint64_t offset_bytes = 0;  // 0 with kDataSync
  std::byte* data = nullptr;  // stays untouched by the caller until the completion is reaped
  uint32_t length_bytes = 0;
  uint64_t tag = 0;  // comes back in the completion
};

struct IoCompletion {
  uint64_t tag = 0;
  int32_t result = 0;  // bytes moved (0 for a sync), or -errno
};

// Requests in flight against one disk; completions arrive in any order.
// Thread rule: one thread owns the queue and destroys it; only Wake may be called from others.
class IoQueue {
 public:
  virtual ~IoQueue() = default;
  virtual uint32_t depth() const = 0;  // the bound on requests in flight
  virtual uint32_t in_flight() const = 0;
  // False, with nothing done, when `depth` requests are in flight. The request starts at the latest
  // with the next Reap.
  virtual bool Submit(const IoRequest& request) = 0;
  // Waits until one request is complete, Wake was called or `wait` is over, and takes what is
  // complete, at most out.size(). 0 is an ordinary answer.
  virtual size_t Reap(std::span<IoCompletion> out, Duration wait) = 0;
  // Makes the current or the next Reap return early.
  virtual void Wake() = 0;
  // A hint that requests will mostly use this memory, which may stay untouched until they do;
  // refusal (RLIMIT_MEMLOCK) costs speed only.
  virtual Status RegisterBuffers(MutableByteSpan region) = 0;
};

enum class OpenMode : uint8_t { kReadOnly, kReadWrite };

// Held until destroyed, and released by the kernel when its process dies.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

// A directory on one file system. Names are plain file names, never paths.
// Thread rule: all calls may be made from any thread at once.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual std::string description() const = 0;  // the directory, for messages
  virtual Result<DiskFacts> Probe() = 0;
  // Sorted file names.
  virtual Result<std::vector<std::string>> List() = 0;
  // A new file of `size_bytes`, wholly preallocated, reading as zeros. On return the file, its size
  // and its name are durable. AlreadyExists, ResourceExhausted (leaves no file behind).
  virtual Result<std::unique_ptr<File>> Create(const std::string& name, uint64_t size_bytes) = 0;
  // NotFound; kReadOnly never changes a byte or a time stamp of its own accord.
  virtual Result<std::unique_ptr<File>> Open(const std::string& name, OpenMode mode) = 0;
  virtual Status Remove(const std::string& name) = 0;
  // The one-writer lock. FailedPrecondition names the process that holds it.
  virtual Result<std::unique_ptr<DiskLock>> Lock(const std::string& name) = 0;
  // Whether some process holds that lock, without taking it or changing anything.
  virtual bool IsLocked(const std::string& name) = 0;
  virtual Result<std::unique_ptr<IoQueue>> NewQueue(uint32_t depth) = 0;
};

}  // namespace reel
