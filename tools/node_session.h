// NodeSession: a node opened by a command, for reading or for writing: its index, its store and
// where their warnings go (stderr); or a server's, of which the store is all there is.
//
// Reading writes no byte anywhere and may happen beside a living writer. Writing makes this process
// the node's writer until the session is closed or destroyed.
// Errors, each with its remedy: NotFound (no such directory, not a node), FailedPrecondition (in
// use, naming the process; another volume than expected; newer format), and those of Store::Open.
// Thread rule: the session one thread at a time, its store as Store says.
#pragma once

#include <memory>
#include <string>

#include "engine/embed/open_node.h"
#include "engine/format/node_state.h"
#include "reel/store.h"
#include "tools/place.h"

namespace reel {

class NodeSession {
 public:
  static Result<std::unique_ptr<NodeSession>> OpenForReading(const std::string& node);
  static Result<std::unique_ptr<NodeSession>> OpenForWriting(const std::string& node);
  static Result<std::unique_ptr<NodeSession>> OpenForReading(const Place& place);
  static Result<std::unique_ptr<NodeSession>> OpenForWriting(const Place& place);

  Store& store() { return remote_ ? *remote_ : node_->store(); }
  // REQUIRES: on this machine.
  bool index_usable() const { return node_->index_usable(); }
  // REQUIRES: likewise, opened for writing.
  Index& index() { return node_->index(); }

  // Orderly stop (Store::Close). To be called once, when writing.
  Status Close();

 private:
  NodeSession() = default;
  static Result<std::unique_ptr<NodeSession>> Open(const std::string& node, bool read_only);
  static Result<std::unique_ptr<NodeSession>> Open(const Place& place);

  // One of the two.
  std::unique_ptr<OpenNode> node_;
  std::unique_ptr<Store> remote_;
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
