#include "index/move_aside.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace reel {
namespace {

bool CallsForRebuild(const Status& status) {
  return status.code() == Code::kDataLoss || status.code() == Code::kFailedPrecondition;
}

Status SyncDirectory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Status::FromErrno(errno, "open " + directory.string());
  const int synced = ::fsync(fd);
  const int failure = errno;
  ::close(fd);
  return synced == 0 ? OkStatus() : Status::FromErrno(failure, "sync " + directory.string());
}

}  // namespace

Result<std::string> MoveAside(const std::string& path) {
  std::error_code error;
  std::string target;
  for (int n = 1; target.empty(); ++n) {
    const std::string name = path + ".damaged-" + std::to_string(n);
    if (!std::filesystem::exists(name, error)) target = name;
    if (error) return Status::FromErrno(error.value(), "look at " + name);
  }
  std::filesystem::rename(path, target, error);
  if (error) return Status::FromErrno(error.value(), "move " + path + " aside");
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  REEL_RETURN_IF_ERROR(SyncDirectory(parent.empty() ? "." : parent));
  return target;
}

Result<OpenedIndex> OpenOrMoveAside(const std::string& path, const IndexOptions& options) {
  if (options.read_only) return InvalidArgument("a read-only opening moves nothing");
  auto index = OpenRocksIndex(path, options);
  if (index.ok()) return OpenedIndex{*std::move(index), "", OkStatus()};
  if (!CallsForRebuild(index.status())) return index.status();
  OpenedIndex opened;
  opened.reason = index.status();
  REEL_ASSIGN_OR_RETURN(opened.moved_to, MoveAside(path));
  // RocksDB would make it too, and report an error on the way.
  std::error_code error;
  std::filesystem::create_directory(path, error);
  if (error) return Status::FromErrno(error.value(), "make " + path);
  REEL_ASSIGN_OR_RETURN(opened.index, OpenRocksIndex(path, options));
  return opened;
}

}  // namespace reel
