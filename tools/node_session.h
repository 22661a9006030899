// NodeSession: a node opened by a command, for reading or for writing: its index, its store and
// where their warnings go (stderr).
//
// Reading writes no byte anywhere and may happen beside a living writer. Writing makes this process
// the node's writer until the session is closed or destroyed.
// Errors, each with its remedy: NotFound (no such directory, not a node), FailedPrecondition (in
// use, naming the process; another volume than expected; newer format), and those of Store::Open.
// Thread rule: the session one thread at a time, its store as Store says.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "engine/embed/open_node.h"
#include "engine/format/node_state.h"
#include "reel/store.h"

namespace reel {

class NodeSession {
 public:
  static Result<std::unique_ptr<NodeSession>> OpenForReading(const std::string& node);
  static Result<std::unique_ptr<NodeSession>> OpenForWriting(const std::string& node);

  Store& store() { return node_->store(); }
  bool index_usable() const { return node_->index_usable(); }
  // REQUIRES: opened for writing.
  Index& index() { return node_->index(); }

  // Orderly stop (Store::Close). To be called once, when writing.
  Status Close();

 private:
  explicit NodeSession(std::unique_ptr<OpenNode> node) : node_(std::move(node)) {}
  static Result<std::unique_ptr<NodeSession>> Open(const std::string& node, bool read_only);

  std::unique_ptr<OpenNode> node_;
};

// What a node is opened with, but for its index: the state directory, real disks, messages on
// stderr.
Store::Options QuietStoreOptions(const std::string& node);

// Who the node is and which volumes it expects. Errors as of opening it.
Result<format::NodeState> ReadNode(const std::string& node);

// Deletes the index of a node that nobody writes to. FailedPrecondition names the process that
// does.
Status DeleteIndex(const std::string& node);

}  // namespace reel
