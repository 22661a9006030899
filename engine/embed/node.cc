#include "reel/node.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "engine/base/edge.h"
#include "engine/embed/open_node.h"
#include "engine/io/disk_factory.h"
#include "engine/store/node_file.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

// What Store::Init would refuse with more words.
constexpr uint64_t kLeastVolumeBytes = uint64_t{16} << 20;

// However it is written, one directory is one volume.
Status CompleteVolume(Store::InitVolume* volume) {
  Result<std::unique_ptr<Disk>> disk = OpenDisk(volume->path);
  if (!disk.ok() && disk.status().code() == Code::kNotFound) {
    return NotFound(volume->path +
                    ": no such directory; mount the disk or make the directory first");
  }
  if (!disk.ok()) return disk.status();
  std::error_code error;
  const fs::path whole = fs::canonical(volume->path, error);
  if (error) return Status::FromErrno(error.value(), volume->path);
  volume->path = whole.string();
  if (volume->bytes != 0) return OkStatus();
  REEL_ASSIGN_OR_RETURN(const DiskFacts facts, (*disk)->Probe());
  volume->bytes = facts.free_bytes / 100 * 98;
  if (volume->bytes >= kLeastVolumeBytes) return OkStatus();
  return ResourceExhausted(volume->path + " has " + std::to_string(facts.free_bytes >> 20) +
                           " MiB free, a volume needs " + std::to_string(kLeastVolumeBytes >> 20) +
                           " MiB at least: give it a directory on a disk with room");
}

Status InitIn(const std::string& path, std::vector<Store::InitVolume> volumes) {
  for (Store::InitVolume& volume : volumes) REEL_RETURN_IF_ERROR(CompleteVolume(&volume));
  std::error_code error;
  const bool made = fs::create_directory(path, error);
  if (error) return Status::FromErrno(error.value(), "make the node's directory " + path);
  Status status = Store::Init(StoreOptionsOf(path, {}), volumes);
  if (status.ok() || !made) return status;
  // Only the directory made above, and only if it holds nothing but the lock of this attempt.
  fs::remove(fs::path(path) / kNodeLockName, error);
  ::rmdir(path.c_str());
  return status;
}

}  // namespace

Status Node::Init(const std::string& path, const std::vector<Store::InitVolume>& volumes) {
  return AtEdge([&] { return InitIn(path, volumes); });
}

Result<std::unique_ptr<Node>> Node::Open(const std::string& path, const NodeOptions& options) {
  return AtEdge([&]() -> Result<std::unique_ptr<Node>> {
    REEL_ASSIGN_OR_RETURN(std::unique_ptr<OpenNode> node, OpenNode::Open(path, options));
    return std::unique_ptr<Node>(std::move(node));
  });
}

}  // namespace reel
