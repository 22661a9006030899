#include "engine/io/disk_factory.h"

#include <fcntl.h>

#include <cerrno>

#include "engine/io/directory_disk.h"
#include "engine/io/io_queues.h"

namespace reel {

Result<std::unique_ptr<Disk>> OpenDisk(const std::string& path, const DiskOptions& options) {
  constexpr uint32_t kBlockBytes = 4096;
  if (options.granule_bytes % kBlockBytes != 0) {
    return InvalidArgument(path + ": a granule is a multiple of 4096 bytes");
  }
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Status::FromErrno(errno, path);
  DiskOptions chosen = options;
  std::string note;
  if (options.engine != DiskEngine::kPwrite) {
    const Status uring = ProbeUring();
    if (!uring.ok() && options.engine == DiskEngine::kUring) {
      return FailedPrecondition(path +
                                ": io_uring was asked for and is refused: " + uring.message());
    }
    chosen.engine = uring.ok() ? DiskEngine::kUring : DiskEngine::kPwrite;
    if (!uring.ok()) note = "io_uring is refused: " + uring.message();
  }
  return std::unique_ptr<Disk>(
      std::make_unique<DirectoryDisk>(std::move(fd), path, chosen, std::move(note)));
}

}  // namespace reel
