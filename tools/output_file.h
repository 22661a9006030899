// OutputFile: a small file that is there whole or not at all. Bytes go to `path` + ".partial",
// which takes its name in Commit and is removed by the destructor before that.
// Thread rule: one thread at a time.
#pragma once

#include <string>

#include "engine/io/unique_fd.h"
#include "reel/status.h"
#include "reel/types.h"

namespace reel {

class OutputFile {
 public:
  // AlreadyExists unless `replace`; NotFound (no such directory), PermissionDenied and the like.
  static Result<OutputFile> Create(const std::string& path, bool replace);
  ~OutputFile();
  OutputFile(OutputFile&&) = default;
  OutputFile& operator=(OutputFile&&) = delete;

  Status Write(ByteSpan bytes);
  // Its bytes are durable and it has its name on return.
  Status Commit();

 private:
  OutputFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;  // invalid once moved from or committed
  std::string path_;
};

}  // namespace reel
