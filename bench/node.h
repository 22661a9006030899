// BenchNode: a node in a directory of a real disk, with its index in RocksDB, as the command makes
// it; or over disks that a benchmark gives it.
// Thread rule: one thread, its store as Store says. Ownership: owns store and index.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "index/rocks_index.h"
#include "reel/store.h"

namespace reel::bench {

struct NodeShape {
  std::string root;  // made if it is not there
  std::string placement = "gop";
  uint64_t segment_bytes = uint64_t{1} << 30;
  uint32_t segments = 8;
  uint64_t buffer_bytes = 256U << 20;
  uint64_t stream_buffer_bytes = 16U << 20;
  Duration flush_interval = std::chrono::milliseconds(250);
  size_t index_cache_bytes = size_t{32} << 20;
  // Stands between the engine and the disk; may be empty.
  std::function<std::unique_ptr<Disk>(std::unique_ptr<Disk>)> wrap;
};

class BenchNode {
 public:
  // Makes the node when it is none yet; an index may be there before.
  static Result<std::unique_ptr<BenchNode>> Open(const NodeShape& shape);

  Store& store() { return *store_; }
  RocksIndex& index() { return *index_; }
  const NodeShape& shape() const { return shape_; }
  // Found, or else created: "camera-0" and so on.
  Result<std::vector<StreamId>> Cameras(uint32_t count);
  // What the engine complained of: a benchmark during which it did has failed.
  std::vector<std::string> complaints();
  Status Close();

  static std::string IndexPath(const NodeShape& shape) { return shape.root + "/state/index"; }
  // Pages of the index that the kernel keeps are let go: the next lookups are cold.
  static void DropIndexCache(const NodeShape& shape);
  static uint64_t IndexTableBytes(const NodeShape& shape);
  static std::string VolumePath(const NodeShape& shape) { return shape.root + "/volume"; }

 private:
  explicit BenchNode(NodeShape shape) : shape_(std::move(shape)) {}

  NodeShape shape_;
  std::mutex mutex_;
  std::vector<std::string> complaints_;
  std::unique_ptr<RocksIndex> index_;
  std::unique_ptr<Store> store_;  // the last member: it uses the others
};

}  // namespace reel::bench
