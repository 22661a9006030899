#include "engine/io/directory_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "engine/io/block_device.h"
#include "engine/io/directory_lock.h"
#include "engine/io/fd_file.h"
#include "engine/io/io_queues.h"
#include "engine/io/open_direct.h"
#include "engine/io/preallocate.h"

namespace reel {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr char kSysfs[] = "/sys/dev/block";

bool IsRegular(int directory_fd, const char* name) {
  struct stat facts {};
  return fstatat(directory_fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(facts.st_mode);
}

}  // namespace

Status DirectoryDisk::CheckName(const std::string& name) const {
  const bool plain =
      !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
  return plain ? OkStatus() : InvalidArgument(PathOf(name) + ": not a plain file name");
}

Status DirectoryDisk::SyncDirectory() const {
  return fsync(fd_.get()) == 0 ? OkStatus() : Status::FromErrno(errno, path_);
}

Result<DiskFacts> DirectoryDisk::Probe() {
  struct stat directory {};
  struct statvfs system {};
  if (fstat(fd_.get(), &directory) != 0 || fstatvfs(fd_.get(), &system) != 0) {
    return Status::FromErrno(errno, path_);
  }
  const BlockFacts block = ReadBlockFacts(kSysfs, directory.st_dev);
  DiskFacts facts;
  facts.engine = options_.engine == DiskEngine::kUring ? "io_uring" : "pwrite";
  facts.note = note_;
  facts.align_bytes = kDirectAlignBytes;
  facts.rotational = block.rotational;
  if (options_.granule_bytes != 0) {
    facts.granule_bytes = options_.granule_bytes;
  } else if (block.parity_stripe_bytes != 0) {
    facts.granule_bytes = block.parity_stripe_bytes;
  }
  facts.capacity_bytes = uint64_t{system.f_blocks} * system.f_frsize;
  facts.free_bytes = uint64_t{system.f_bavail} * system.f_frsize;
  return facts;
}

Result<std::vector<std::string>> DirectoryDisk::List() {
  // A descriptor of its own, since a listing has a position.
  UniqueFd fd = OpenQuietly(fd_.get(), ".", O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) return Status::FromErrno(errno, path_);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(fdopendir(fd.get()), &closedir);
  if (listing == nullptr) return Status::FromErrno(errno, path_);
  fd.Release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the listing is this call's own.
    const dirent* entry = readdir(listing.get());
    if (entry == nullptr) break;
    const bool regular =
        entry->d_type == DT_UNKNOWN ? IsRegular(fd_.get(), entry->d_name) : entry->d_type == DT_REG;
    if (regular) names.emplace_back(entry->d_name);
  }
  if (errno != 0) return Status::FromErrno(errno, path_);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::unique_ptr<File>> DirectoryDisk::Create(const std::string& name, uint64_t size_bytes) {
  REEL_RETURN_IF_ERROR(CheckName(name));
  if (faccessat(fd_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    return Status::FromErrno(EEXIST, PathOf(name));
  }
  // Asked first, since some file systems would allocate all that is left before they say no.
  REEL_ASSIGN_OR_RETURN(const DiskFacts facts, Probe());
  if (size_bytes > facts.free_bytes) return Status::FromErrno(ENOSPC, PathOf(name));
  UniqueFd fd = OpenDirect(fd_.get(), ".", O_TMPFILE | O_RDWR, kFileMode);
  if (fd.valid()) return CreateUnnamed(std::move(fd), name, size_bytes);
  // EISDIR, ENOENT: kernels and file systems that do not know O_TMPFILE.
  if (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)
    return CreateNamed(name, size_bytes);
  return Status::FromErrno(errno, PathOf(name));
}

// The name appears only on a complete file, whatever happens in between.
Result<std::unique_ptr<File>> DirectoryDisk::CreateUnnamed(UniqueFd fd, const std::string& name,
                                                           uint64_t size_bytes) {
  if (const int error = Preallocate(fd.get(), size_bytes); error != 0) {
    return Status::FromErrno(error, PathOf(name));
  }
  const std::string self = "/proc/self/fd/" + std::to_string(fd.get());
  if (linkat(AT_FDCWD, self.c_str(), fd_.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    const int error = errno;
    if (error != ENOENT) return Status::FromErrno(error, PathOf(name));
    fd = UniqueFd();  // no /proc here: its space goes to the file that takes its place
    return CreateNamed(name, size_bytes);
  }
  if (const Status status = SyncDirectory(); !status.ok()) {
    unlinkat(fd_.get(), name.c_str(), 0);
    return status;
  }
  return std::unique_ptr<File>(std::make_unique<FdFile>(std::move(fd), PathOf(name), size_bytes));
}

// A crash in between may leave the file at any smaller size.
Result<std::unique_ptr<File>> DirectoryDisk::CreateNamed(const std::string& name,
                                                         uint64_t size_bytes) {
  UniqueFd fd = OpenDirect(fd_.get(), name, O_CREAT | O_EXCL | O_RDWR, kFileMode);
  if (!fd.valid()) return Status::FromErrno(errno, PathOf(name));
  Status status = Status::FromErrno(Preallocate(fd.get(), size_bytes), PathOf(name));
  if (status.ok()) status = SyncDirectory();
  if (!status.ok()) {
    unlinkat(fd_.get(), name.c_str(), 0);
    return status;
  }
  return std::unique_ptr<File>(std::make_unique<FdFile>(std::move(fd), PathOf(name), size_bytes));
}

Result<std::unique_ptr<File>> DirectoryDisk::Open(const std::string& name, OpenMode mode) {
  REEL_RETURN_IF_ERROR(CheckName(name));
  UniqueFd fd = OpenDirect(fd_.get(), name, mode == OpenMode::kReadWrite ? O_RDWR : O_RDONLY);
  struct stat facts {};
  if (!fd.valid() || fstat(fd.get(), &facts) != 0) return Status::FromErrno(errno, PathOf(name));
  if (!S_ISREG(facts.st_mode)) return InvalidArgument(PathOf(name) + ": not a regular file");
  return std::unique_ptr<File>(
      std::make_unique<FdFile>(std::move(fd), PathOf(name), static_cast<uint64_t>(facts.st_size)));
}

Status DirectoryDisk::Remove(const std::string& name) {
  REEL_RETURN_IF_ERROR(CheckName(name));
  if (unlinkat(fd_.get(), name.c_str(), 0) != 0) return Status::FromErrno(errno, PathOf(name));
  return SyncDirectory();
}

Result<std::unique_ptr<DiskLock>> DirectoryDisk::Lock(const std::string& name) {
  REEL_RETURN_IF_ERROR(CheckName(name));
  return LockInDirectory(fd_.get(), name, PathOf(name));
}

bool DirectoryDisk::IsLocked(const std::string& name) {
  return CheckName(name).ok() && IsLockedInDirectory(fd_.get(), name);
}

Result<std::unique_ptr<IoQueue>> DirectoryDisk::NewQueue(uint32_t depth) {
  if (depth == 0) return InvalidArgument(path_ + ": a queue holds at least one request");
  if (options_.engine == DiskEngine::kUring) return NewUringQueue(depth, path_);
  return NewPwriteQueue(depth);
}

}  // namespace reel
