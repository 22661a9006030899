#include "bench/ack_table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/io/unique_fd.h"

namespace reel::bench {

Result<std::unique_ptr<AckTable>> AckTable::Create(const std::string& path, uint32_t count) {
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid() || ftruncate(fd.get(), static_cast<off_t>(count * sizeof(Entry))) != 0)
    return Status::FromErrno(errno, "create " + path);
  return Map(fd.get(), count, path);
}

Result<std::unique_ptr<AckTable>> AckTable::Open(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  struct stat facts {};
  if (!fd.valid() || fstat(fd.get(), &facts) != 0) return Status::FromErrno(errno, "open " + path);
  return Map(fd.get(), static_cast<uint32_t>(static_cast<size_t>(facts.st_size) / sizeof(Entry)),
             path);
}

Result<std::unique_ptr<AckTable>> AckTable::Map(int fd, uint32_t count, const std::string& path) {
  if (count == 0) return InvalidArgument(path + " has no entries");
  void* mapped = mmap(nullptr, count * sizeof(Entry), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) return Status::FromErrno(errno, "map " + path);
  return std::unique_ptr<AckTable>(new AckTable(static_cast<Entry*>(mapped), count));
}

AckTable::~AckTable() { munmap(entries_, count_ * sizeof(Entry)); }

}  // namespace reel::bench
