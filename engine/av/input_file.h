// A file opened for reading at any offset.
//
// Thread rule: ReadAt from any thread. Errors: as OpenMediaFile() gives them (source.h).
#pragma once

#include <string>

#include "reel/status.h"
#include "reel/types.h"

namespace reel {

class InputFile {
 public:
  // A regular file that is not empty.
  static Result<InputFile> Open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  uint64_t size_bytes() const { return size_bytes_; }
  // As many bytes of `room` as there are; fewer only at the end of the file.
  Result<size_t> ReadAt(uint64_t offset_bytes, MutableByteSpan room) const;

 private:
  InputFile(int fd, uint64_t size_bytes, std::string path);

  int fd_;
  uint64_t size_bytes_;
  std::string path_;
};

}  // namespace reel
