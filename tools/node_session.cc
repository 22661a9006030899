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

// The state directory, known to be a node's.
Result<std::unique_ptr<Disk>> CheckNode(const std::string& node) {
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

}  // namespace

Store::Options QuietStoreOptions(const std::string& node) {
  return StoreOptionsOf(node, {.log = LogToStderr});
}

Result<format::NodeState> ReadNode(const std::string& node) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, CheckNode(node));
  return ReadNodeState(*disk);
}

Result<std::unique_ptr<NodeSession>> NodeSession::Open(const std::string& node, bool read_only) {
  const auto log = std::make_shared<OpeningLog>();
  NodeOptions options;
  options.read_only = read_only;
  options.log = [log](LogLevel level, std::string_view message) { log->Say(level, message); };
  REEL_ASSIGN_OR_RETURN(std::unique_ptr<OpenNode> opened, OpenNode::Open(node, options));
  log->Opened();
  std::unique_ptr<NodeSession> session(new NodeSession);
  session->node_ = std::move(opened);
  return session;
}

Result<std::unique_ptr<NodeSession>> NodeSession::Open(const Place& place) {
  std::unique_ptr<NodeSession> session(new NodeSession);
  REEL_ASSIGN_OR_RETURN(session->remote_, server::OpenRemoteStore(place.server, place.purpose));
  return session;
}

Result<std::unique_ptr<NodeSession>> NodeSession::OpenForReading(const Place& place) {
  if (place.is_remote()) return Open(place);
  return OpenForReading(place.node);
}

Result<std::unique_ptr<NodeSession>> NodeSession::OpenForWriting(const Place& place) {
  if (place.is_remote()) return Open(place);
  return OpenForWriting(place.node);
}

Result<std::unique_ptr<NodeSession>> NodeSession::OpenForReading(const std::string& node) {
  REEL_RETURN_IF_ERROR(CheckNode(node).status());
  return Open(node, true);
}

Result<std::unique_ptr<NodeSession>> NodeSession::OpenForWriting(const std::string& node) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, CheckNode(node));
  // Asked for its own words; the store takes the lock for good.
  REEL_RETURN_IF_ERROR(LockNode(*disk).status());
  return Open(node, false);
}

Status NodeSession::Close() { return store().Close(); }

Status DeleteIndex(const std::string& node) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, CheckNode(node));
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<DiskLock> lock, LockNode(*disk));
  std::error_code error;
  std::filesystem::remove_all(IndexPathOf(node), error);
  return Status::FromErrno(error.value(), "delete the index " + IndexPathOf(node));
}

}  // namespace reel
