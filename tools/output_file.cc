#include "tools/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace reel {
namespace {

std::string PartialOf(const std::string& path) { return path + ".partial"; }

}  // namespace

Result<OutputFile> OutputFile::Create(const std::string& path, bool replace) {
  if (!replace && access(path.c_str(), F_OK) == 0) {
    return AlreadyExists(path + " exists already; give another name or --force");
  }
  constexpr mode_t kMode = 0644;
  UniqueFd fd(open(PartialOf(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (!fd.valid()) return Status::FromErrno(errno, "make " + path);
  return OutputFile(std::move(fd), path);
}

OutputFile::~OutputFile() {
  if (fd_.valid()) unlink(PartialOf(path_).c_str());
}

Status OutputFile::Write(ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t moved = write(fd_.get(), bytes.data(), bytes.size());
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return Status::FromErrno(errno, "write " + path_);
    bytes = bytes.subspan(static_cast<size_t>(moved));
  }
  return OkStatus();
}

Status OutputFile::Commit() {
  if (fsync(fd_.get()) != 0) return Status::FromErrno(errno, "sync " + path_);
  if (std::rename(PartialOf(path_).c_str(), path_.c_str()) != 0) {
    return Status::FromErrno(errno, "name " + path_);
  }
  fd_ = UniqueFd();
  return OkStatus();
}

}  // namespace reel
