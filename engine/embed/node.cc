#include "reel/node.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "engine/base/edge.h"
#include "engine/io/disk_factory.h"
#include "engine/store/node_file.h"
#include "index/healing_index.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

// What Store::Init would refuse with more words.
constexpr uint64_t kLeastVolumeBytes = uint64_t{16} << 20;

std::string IndexPath(const std::string& node) { return node + "/index"; }

Store::Options StoreOptions(const std::string& path, const NodeOptions& options) {
  Store::Options store;
  store.state_path = path;
  store.open_disk = [](const std::string& directory) { return OpenDisk(directory); };
  store.read_only = options.read_only;
  store.buffer_bytes = options.buffer_bytes;
  store.stream_buffer_bytes = options.stream_buffer_bytes;
  store.flush_interval = options.flush_interval;
  store.log = options.log;
  return store;
}

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
  Status status = Store::Init(StoreOptions(path, {}), volumes);
  if (status.ok() || !made) return status;
  // Only the directory made above, and only if it holds nothing but the lock of this attempt.
  fs::remove(fs::path(path) / kNodeLockName, error);
  ::rmdir(path.c_str());
  return status;
}

Status NamesProcess(const Status& status) {
  if (status.code() != Code::kFailedPrecondition) return status;
  return FailedPrecondition("the node is in use, " + status.message());
}

class OpenNode final : public Node {
 public:
  Status Start(const std::string& path, const NodeOptions& options) {
    REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, OpenDisk(path));
    REEL_RETURN_IF_ERROR(ReadNodeState(*disk).status());
    Store::Options store = StoreOptions(path, options);
    REEL_RETURN_IF_ERROR(options.read_only ? FindIndex(path, options, &store)
                                           : MakeIndex(*disk, path, options, &store));
    REEL_ASSIGN_OR_RETURN(store_, Store::Open(store));
    if (index_) index_->OnLoss([opened = store_.get()] { opened->RebuildIndex(); });
    return OkStatus();
  }

  Store& store() override { return *store_; }
  Status Close() override { return store_->Close(); }

 private:
  // Of a reader: none that can be read hides no footage, the store makes up for it in memory.
  Status FindIndex(const std::string& path, const NodeOptions& options, Store::Options* store) {
    IndexOptions index;
    index.cache_bytes = options.index_cache_bytes;
    index.read_only = true;
    index.log = options.log;
    auto found = OpenRocksIndex(IndexPath(path), index);
    if (found.ok()) read_index_ = *std::move(found);
    REEL_ASSIGN_OR_RETURN(scratch_index_, OpenInMemoryIndex({}));
    store->index = read_index_.get();
    store->scratch_index = scratch_index_.get();
    return OkStatus();
  }

  Status MakeIndex(Disk& disk, const std::string& path, const NodeOptions& options,
                   Store::Options* store) {
    // Asked before the index is opened: RocksDB would refuse as well, but name no process. The
    // store takes the lock for good.
    if (const Status free = disk.Lock(kNodeLockName).status(); !free.ok())
      return NamesProcess(free);
    std::error_code error;
    fs::create_directory(IndexPath(path), error);
    if (error) return Status::FromErrno(error.value(), "make the index " + IndexPath(path));
    IndexOptions index;
    index.cache_bytes = options.index_cache_bytes;
    index.log = options.log;
    REEL_ASSIGN_OR_RETURN(index_, HealingIndex::Open(IndexPath(path), index));
    const OpenedIndex& opening = index_->opening();
    if (!opening.moved_to.empty() && options.log) {
      options.log(LogLevel::kWarning, "the index was unusable (" + opening.reason.message() +
                                          ") and stands in " + opening.moved_to +
                                          " now; it is filled again from the segments");
    }
    store->index = index_.get();
    return OkStatus();
  }

  // One of the two: writing, what is found damaged is put aside and filled again.
  std::unique_ptr<HealingIndex> index_;
  std::unique_ptr<RocksIndex> read_index_;
  std::unique_ptr<RocksIndex> scratch_index_;
  std::unique_ptr<Store> store_;  // the last member: it uses the others
};

}  // namespace

Status Node::Init(const std::string& path, const std::vector<Store::InitVolume>& volumes) {
  return AtEdge([&] { return InitIn(path, volumes); });
}

Result<std::unique_ptr<Node>> Node::Open(const std::string& path, const NodeOptions& options) {
  return AtEdge([&]() -> Result<std::unique_ptr<Node>> {
    auto node = std::make_unique<OpenNode>();
    REEL_RETURN_IF_ERROR(node->Start(path, options));
    return std::unique_ptr<Node>(std::move(node));
  });
}

}  // namespace reel
