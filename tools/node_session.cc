#include "tools/node_session.h"

#include <cstdio>
#include <filesystem>
#include <mutex>
#include <utility>

#include "engine/io/disk_factory.h"
#include "engine/store/node_file.h"
#include "tools/print.h"

namespace reel {
namespace {

void LogToStderr(LogLevel level, std::string_view message) {
  if (level == LogLevel::kInfo) return;
  PrintMessage((level == LogLevel::kWarning ? "warning: " : "error: ") + std::string(message));
}

// Holds back what is said while the store is opened: when that fails, its error says the same.
class OpeningLog {
 public:
  void Say(LogLevel level, std::string_view message) {
    const std::lock_guard lock(mutex_);
    if (opened_) return LogToStderr(level, message);
    held_.emplace_back(level, message);
  }
  void Opened() {
    const std::lock_guard lock(mutex_);
    opened_ = true;
    for (const auto& [level, message] : held_) LogToStderr(level, message);
    held_.clear();
  }

 private:
  std::mutex mutex_;
  bool opened_ = false;
  std::vector<std::pair<LogLevel, std::string>> held_;
};

Result<std::unique_ptr<Store>> OpenStore(Store::Options options) {
  const auto log = std::make_shared<OpeningLog>();
  options.log = [log](LogLevel level, std::string_view message) { log->Say(level, message); };
  Result<std::unique_ptr<Store>> store = Store::Open(options);
  if (store.ok()) log->Opened();
  return store;
}

std::string IndexPath(const std::string& node) { return node + "/index"; }

IndexOptions NodeIndexOptions(bool read_only) {
  IndexOptions options;
  options.read_only = read_only;
  options.log = LogToStderr;
  return options;
}

// The state directory, known to be a node's.
Result<std::unique_ptr<Disk>> OpenNode(const std::string& node) {
  Result<std::unique_ptr<Disk>> disk = OpenDisk(node);
  if (!disk.ok() && disk.status().code() == Code::kNotFound) {
    return NotFound(node +
                    ": no such directory; give --node a state directory, 'reel init' makes one");
  }
  if (!disk.ok()) return disk.status();
  REEL_RETURN_IF_ERROR(ReadNodeState(**disk).status());
  return disk;
}

Status InUse(const Status& status) {
  if (status.code() != Code::kFailedPrecondition) return status;
  return FailedPrecondition("the node is in use, " + status.message() +
                            "; stop that process or wait for its end");
}

Result<std::unique_ptr<DiskLock>> LockNode(Disk& disk) {
  Result<std::unique_ptr<DiskLock>> lock = disk.Lock(kNodeLockName);
  if (!lock.ok()) return InUse(lock.status());
  return lock;
}

// Null when there is none that can be read: lost or damaged it hides no footage, the store makes up
// for it in memory.
std::unique_ptr<RocksIndex> OpenIndexForReading(const std::string& node) {
  auto index = OpenRocksIndex(IndexPath(node), NodeIndexOptions(true));
  return index.ok() ? *std::move(index) : nullptr;
}

Result<std::unique_ptr<HealingIndex>> OpenIndexForWriting(const std::string& node) {
  // RocksDB would make it too, and report an error on the way.
  std::error_code error;
  std::filesystem::create_directory(IndexPath(node), error);
  if (error) return Status::FromErrno(error.value(), "make the index " + IndexPath(node));
  REEL_ASSIGN_OR_RETURN(std::unique_ptr<HealingIndex> index,
                        HealingIndex::Open(IndexPath(node), NodeIndexOptions(false)));
  const OpenedIndex& opening = index->opening();
  if (!opening.moved_to.empty()) {
    PrintMessage("warning: the index was unusable (" + opening.reason.message() +
                 ") and stands in " + opening.moved_to + " now; it is rebuilt from the segments");
  }
  return index;
}

}  // namespace

Store::Options StoreOptionsOf(const std::string& node) {
  Store::Options options;
  options.state_path = node;
  options.open_disk = [](const std::string& path) { return OpenDisk(path); };
  options.log = LogToStderr;
  return options;
}

Result<format::NodeState> ReadNode(const std::string& node) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, OpenNode(node));
  return ReadNodeState(*disk);
}

Result<std::unique_ptr<NodeSession>> NodeSession::OpenForReading(const std::string& node) {
  REEL_RETURN_IF_ERROR(OpenNode(node).status());
  std::unique_ptr<NodeSession> session(new NodeSession);
  session->read_index_ = OpenIndexForReading(node);
  REEL_ASSIGN_OR_RETURN(session->scratch_index_, OpenInMemoryIndex({}));
  Store::Options options = StoreOptionsOf(node);
  options.index = session->read_index_.get();
  options.scratch_index = session->scratch_index_.get();
  options.read_only = true;
  REEL_ASSIGN_OR_RETURN(session->store_, OpenStore(std::move(options)));
  return session;
}

Result<std::unique_ptr<NodeSession>> NodeSession::OpenForWriting(const std::string& node) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, OpenNode(node));
  // Asked before the index is opened: RocksDB would refuse as well, but name no process. The store
  // takes the lock for good.
  REEL_RETURN_IF_ERROR(LockNode(*disk).status());
  std::unique_ptr<NodeSession> session(new NodeSession);
  REEL_ASSIGN_OR_RETURN(session->index_, OpenIndexForWriting(node));
  Store::Options options = StoreOptionsOf(node);
  options.index = session->index_.get();
  REEL_ASSIGN_OR_RETURN(session->store_, OpenStore(std::move(options)));
  session->index_->OnLoss([store = session->store_.get()] { store->RebuildIndex(); });
  return session;
}

Status NodeSession::Close() { return store_->Close(); }

Status DeleteIndex(const std::string& node) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, OpenNode(node));
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<DiskLock> lock, LockNode(*disk));
  std::error_code error;
  std::filesystem::remove_all(IndexPath(node), error);
  return Status::FromErrno(error.value(), "delete the index " + IndexPath(node));
}

}  // namespace reel
