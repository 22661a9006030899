// KillNode: a real node with its index in RocksDB, opened as the command opens it, whichever state
// the last life left it in.
// Thread rule: as Store; opening one at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "index/healing_index.h"
#include "tests/faults/real_node.h"
#include "tests/kill/kill_journal.h"

namespace reel {

class KillNode {
 public:
  // Makes the node first unless the journal knows that it was made.
  static Result<std::unique_ptr<KillNode>> Open(const RealNode& node, KillJournal& journal);
  // Beside a living writer or after its death, as the command does; writes no byte.
  static Result<std::unique_ptr<KillNode>> OpenForReading(const RealNode& node);
  KillNode(const KillNode&) = delete;
  KillNode& operator=(const KillNode&) = delete;
  ~KillNode() = default;

  Store& store() { return *store_; }
  HealingIndex& index() { return *index_; }  // REQUIRES: opened for writing
  // What the engine said at level kError.
  std::vector<std::string> errors();

 private:
  KillNode() = default;

  std::mutex mutex_;
  std::vector<std::string> errors_;
  std::unique_ptr<HealingIndex> index_;
  std::unique_ptr<RocksIndex> read_index_;  // these two instead
  std::unique_ptr<RocksIndex> scratch_index_;
  std::unique_ptr<Store> store_;  // the last member: it uses the others
};

// A directory's worth of nodes to kill: small, so that a life of a second fills and recycles it, or
// roomy enough that nothing is ever recycled.
struct KillSetting {
  bool roomy = false;
  RealNode Node(const std::string& root, DiskEngine engine, const std::string& placement) const;
};

}  // namespace reel
