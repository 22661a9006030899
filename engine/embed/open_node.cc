#include "engine/embed/open_node.h"

#include <filesystem>
#include <utility>

#include "engine/io/disk_factory.h"
#include "engine/store/node_file.h"

namespace reel {
namespace {

Status NamesProcess(const Status& status) {
  if (status.code() != Code::kFailedPrecondition) return status;
  return FailedPrecondition("the node is in use, " + status.message());
}

}  // namespace

std::string IndexPathOf(const std::string& node) { return node + "/index"; }

Store::Options StoreOptionsOf(const std::string& path, const NodeOptions& options) {
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

Result<std::unique_ptr<OpenNode>> OpenNode::Open(const std::string& path,
                                                 const NodeOptions& options) {
  std::unique_ptr<OpenNode> node(new OpenNode);
  REEL_RETURN_IF_ERROR(node->Start(path, options));
  return node;
}

Status OpenNode::Start(const std::string& path, const NodeOptions& options) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, OpenDisk(path));
  REEL_RETURN_IF_ERROR(ReadNodeState(*disk).status());
  Store::Options store = StoreOptionsOf(path, options);
  REEL_RETURN_IF_ERROR(options.read_only ? FindIndex(path, options, &store)
                                         : MakeIndex(*disk, path, options, &store));
  REEL_ASSIGN_OR_RETURN(store_, Store::Open(store));
  if (index_) index_->OnLoss([opened = store_.get()] { opened->RebuildIndex(); });
  return OkStatus();
}

// Of a reader: none that can be read hides no footage, the store makes up for it in memory.
Status OpenNode::FindIndex(const std::string& path, const NodeOptions& options,
                           Store::Options* store) {
  IndexOptions index;
  index.cache_bytes = options.index_cache_bytes;
  index.read_only = true;
  index.log = options.log;
  auto found = OpenRocksIndex(IndexPathOf(path), index);
  if (found.ok()) read_index_ = *std::move(found);
  REEL_ASSIGN_OR_RETURN(scratch_index_, OpenInMemoryIndex({}));
  store->index = read_index_.get();
  store->scratch_index = scratch_index_.get();
  return OkStatus();
}

Status OpenNode::MakeIndex(Disk& disk, const std::string& path, const NodeOptions& options,
                           Store::Options* store) {
  // Asked before the index is opened: RocksDB would refuse as well, but name no process. The
  // store takes the lock for good.
  if (const Status free = disk.Lock(kNodeLockName).status(); !free.ok()) return NamesProcess(free);
  std::error_code error;
  std::filesystem::create_directory(IndexPathOf(path), error);
  if (error) return Status::FromErrno(error.value(), "make the index " + IndexPathOf(path));
  IndexOptions index;
  index.cache_bytes = options.index_cache_bytes;
  index.log = options.log;
  REEL_ASSIGN_OR_RETURN(index_, HealingIndex::Open(IndexPathOf(path), index));
  const OpenedIndex& opening = index_->opening();
  if (!opening.moved_to.empty() && options.log) {
    options.log(LogLevel::kWarning, "the index was unusable (" + opening.reason.message() +
                                        ") and stands in " + opening.moved_to +
                                        " now; it is filled again from the segments");
  }
  store->index = index_.get();
  return OkStatus();
}

}  // namespace reel
