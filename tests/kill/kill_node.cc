#include "tests/kill/kill_node.h"

namespace reel {

RealNode KillSetting::Node(const std::string& root, DiskEngine engine,
                           const std::string& placement) const {
  RealNode node;
  node.root = root;
  node.engine = engine;
  node.placement = placement;
  node.segment_bytes = 128U << 10;
  node.segments = roomy ? 400 : 32;
  node.buffer_bytes = 4U << 20;
  node.stream_buffer_bytes = 256U << 10;
  return node;
}

Result<std::unique_ptr<KillNode>> KillNode::Open(const RealNode& node, KillJournal& journal) {
  if (journal.made == 0) {
    const Status made = node.Init();
    // A making that was cut short in its last step may stand all the same.
    if (!made.ok() && made.code() != Code::kAlreadyExists) return made.WithContext("init");
    journal.made = 1;
  }
  std::unique_ptr<KillNode> opened(new KillNode);
  const LogSink log = [opened = opened.get()](LogLevel level, std::string_view text) {
    if (level != LogLevel::kError) return;
    const std::lock_guard lock(opened->mutex_);
    if (opened->errors_.size() < 20) opened->errors_.emplace_back(text);
  };
  std::error_code error;
  std::filesystem::create_directory(node.IndexPath(), error);
  if (error) return Status::FromErrno(error.value(), node.IndexPath());
  IndexOptions index_options;
  index_options.log = log;
  REEL_ASSIGN_OR_RETURN(opened->index_, HealingIndex::Open(node.IndexPath(), index_options));
  Store::Options options = node.OptionsFor(opened->index_.get());
  options.log = log;
  auto store = Store::Open(options);
  if (!store.ok()) return store.status().WithContext("open");
  opened->store_ = std::move(*store);
  opened->index_->OnLoss([store = opened->store_.get()] { store->RebuildIndex(); });
  return opened;
}

Result<std::unique_ptr<KillNode>> KillNode::OpenForReading(const RealNode& node) {
  std::unique_ptr<KillNode> opened(new KillNode);
  IndexOptions index_options;
  index_options.read_only = true;
  REEL_ASSIGN_OR_RETURN(opened->read_index_, OpenRocksIndex(node.IndexPath(), index_options));
  REEL_ASSIGN_OR_RETURN(opened->scratch_index_, OpenInMemoryIndex({}));
  Store::Options options = node.OptionsFor(opened->read_index_.get());
  options.scratch_index = opened->scratch_index_.get();
  options.read_only = true;
  REEL_ASSIGN_OR_RETURN(opened->store_, Store::Open(options));
  return opened;
}

std::vector<std::string> KillNode::errors() {
  const std::lock_guard lock(mutex_);
  return errors_;
}

}  // namespace reel
