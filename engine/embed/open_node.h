// OpenNode: what reel::Node is made of. The command sees it too, for what the public surface does
// not show of the index.
//
// Thread rule, ownership and errors: reel/node.h.
#pragma once

#include <memory>
#include <string>

#include "index/healing_index.h"
#include "reel/node.h"

namespace reel {

std::string IndexPathOf(const std::string& node);

// What a store of the node at `path` is opened with, but for its index.
Store::Options StoreOptionsOf(const std::string& path, const NodeOptions& options);

class OpenNode final : public Node {
 public:
  static Result<std::unique_ptr<OpenNode>> Open(const std::string& path,
                                                const NodeOptions& options);

  Store& store() override { return *store_; }
  Status Close() override { return store_->Close(); }

  // Whether the node has an index that can be read. One that is writing has.
  bool index_usable() const { return index_ != nullptr || read_index_ != nullptr; }
  // The node's own. REQUIRES: opened for writing.
  Index& index() { return *index_; }

 private:
  OpenNode() = default;
  Status Start(const std::string& path, const NodeOptions& options);
  Status FindIndex(const std::string& path, const NodeOptions& options, Store::Options* store);
  Status MakeIndex(Disk& disk, const std::string& path, const NodeOptions& options,
                   Store::Options* store);

  // One of the two: writing, what is found damaged is put aside and filled again.
  std::unique_ptr<HealingIndex> index_;
  std::unique_ptr<RocksIndex> read_index_;
  std::unique_ptr<RocksIndex> scratch_index_;
  std::unique_ptr<Store> store_;  // the last member: it uses the others
};

}  // namespace reel
