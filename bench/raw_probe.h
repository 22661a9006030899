// RawProbe: what the device itself can do now, beside which every figure is put: writes or reads of
// one size through io_uring with O_DIRECT, buffers on huge pages, over a file that has been written
// before. Nothing of the engine is in it.
// Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "engine/io/unique_fd.h"
#include "reel/status.h"
#include "reel/types.h"

namespace reel::bench {

struct RawFigures {
  double bytes_per_second = 0;
  double cpu_seconds_per_byte = 0;
};

class RawProbe {
 public:
  static constexpr size_t kWriteBytes = size_t{1} << 20;
  static constexpr unsigned kDepth = 8;

  // Makes the file and writes it once, so that later rounds find it recycled.
  static Result<std::unique_ptr<RawProbe>> Create(const std::string& path, uint64_t file_bytes);
  ~RawProbe();

  // The whole file in order, then one fdatasync, which is in the time.
  Result<RawFigures> Write();
  Result<RawFigures> Read();
  // One blocking read of at most kWriteBytes * kDepth. REQUIRES: offset and length are multiples of
  // 4 KiB within the file.
  Status ReadAt(uint64_t offset_bytes, size_t length_bytes);
  uint64_t file_bytes() const { return file_bytes_; }

 private:
  RawProbe(std::string path, UniqueFd fd, uint64_t file_bytes);
  Result<RawFigures> Pass(bool write);

  std::string path_;
  UniqueFd fd_;
  uint64_t file_bytes_;
  MutableByteSpan buffers_;
};

// Memory on huge pages where the system gives them, touched and filled with bytes that do not
// compress; released with munmap.
MutableByteSpan MapBuffers(size_t bytes);
void UnmapBuffers(MutableByteSpan buffers);

}  // namespace reel::bench
