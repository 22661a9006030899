// FileWindow: one file read through one window of memory. Reads begin and end at whole blocks, so
// they suit O_DIRECT; what the window holds is not read again.
//
// Thread rule: one thread at a time. Ownership: the file outlives its use here.
// Bound: memory is the larger of the read-ahead and the largest single request, given back with the
// window. It comes from `pool` while that has any: a page that a read touches first costs more than
// reading it (measured: 0.25 MB in 240 us, in 140 on warm memory).
#pragma once

#include <optional>

#include "engine/base/aligned.h"
#include "engine/io/buffer_pool.h"
#include "reel/disk.h"

namespace reel {

class FileWindow {
 public:
  FileWindow() = default;
  explicit FileWindow(BufferPool* pool) : pool_(pool) {}  // null: the heap alone
  FileWindow(File& file, uint64_t end_bytes, uint64_t read_ahead_bytes) {
    Open(file, end_bytes, read_ahead_bytes);
  }

  // From here on reads `file` up to `end_bytes`, a whole number of blocks; keeps the memory.
  void Open(File& file, uint64_t end_bytes, uint64_t read_ahead_bytes);
  // Another opening of the same file.
  void set_file(File& file) { file_ = &file; }
  void set_read_ahead(uint64_t read_ahead_bytes) { read_ahead_bytes_ = read_ahead_bytes; }

  // Bytes [offset, offset + size), valid until the next call. One read when the window does not
  // hold them all: from `offset`, or from the end of what it holds of them, as far as the
  // read-ahead says. REQUIRES: `offset` is at a block, and the bytes end at or before end_bytes.
  // Errors: the device's, or OutOfRange where the file is shorter.
  Result<ByteSpan> At(uint64_t offset_bytes, uint64_t size_bytes);
  // At reads nothing, so the file may be gone.
  bool Holds(uint64_t offset_bytes, uint64_t size_bytes) const {
    return offset_bytes >= begin_bytes_ &&
           offset_bytes + size_bytes <= begin_bytes_ + filled_bytes_;
  }

 private:
  void MakeRoom(uint64_t size_bytes, uint64_t from_bytes, uint64_t kept_bytes);
  void Grow(uint64_t size_bytes, ByteSpan kept);
  Status Fill(uint64_t offset_bytes, uint64_t size_bytes);

  BufferPool* pool_ = nullptr;
  File* file_ = nullptr;
  uint64_t end_bytes_ = 0;
  uint64_t read_ahead_bytes_ = 0;
  std::optional<Buffer> pooled_;
  AlignedBytes own_;
  MutableByteSpan room_;  // one of these two
  uint64_t begin_bytes_ = 0;
  uint64_t filled_bytes_ = 0;
};

}  // namespace reel
