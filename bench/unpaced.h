// UnpacedCameras: cameras whose units come as fast as the store takes them, unit by unit over all
// of them in turn, as they would come in real time.
// Thread rule: one thread.
#pragma once

#include <memory>
#include <vector>

#include "bench/node.h"
#include "bench/trace.h"

namespace reel::bench {

// A wall time two days back, in whole microseconds as the store keeps them.
WallTime LongAgo();

class UnpacedCameras {
 public:
  // `count` cameras of the node, "camera-0" and on; their first unit stands at `begin`.
  UnpacedCameras(BenchNode& node, const Trace& trace, uint32_t count, WallTime begin)
      : node_(node), trace_(trace), count_(count), begin_(begin) {}

  Status Begin();
  Status Append(uint64_t gops);
  // Everything is flushed and durable.
  Status WaitDurable();
  Status End();
  // The last `gops` GOPs of each `step`-th camera, byte for byte.
  Status VerifyTails(uint64_t gops, uint32_t step) const;

  const std::vector<StreamId>& cameras() const { return cameras_; }
  WallTime begin() const { return begin_; }
  uint64_t next_unit() const { return next_; }  // of every camera
  WallTime TimeOf(uint64_t unit) const {
    return begin_ + trace_.UnitTime() * static_cast<int64_t>(unit);
  }

 private:
  BenchNode& node_;
  const Trace& trace_;
  uint32_t count_;
  WallTime begin_;
  std::vector<StreamId> cameras_;
  std::vector<std::unique_ptr<RunWriter>> writers_;
  uint64_t next_ = 0;
};

// Records into a node of that shape until its segments are recycled: from then on no file grows and
// no block of the device is touched for the first time. The node is closed again.
Status FillNode(NodeShape shape);

}  // namespace reel::bench
