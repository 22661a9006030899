// RpcFront: an RPC server before a node on a Unix socket, and viewers that talk to it: what a front
// end gets, with authorization and a synced audit before each call.
//
// Thread rule: RpcFront by one thread; a viewer by one of its own. The node outlives the front, the
// front its viewers.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bench/node.h"

namespace reel::bench {

class RpcFront {
 public:
  // Socket and audit in `directory`; whoever runs this program may look at everything.
  static Result<std::unique_ptr<RpcFront>> Start(BenchNode& node, const std::string& directory);
  // Ends every call.
  virtual ~RpcFront() = default;
  virtual const std::string& address() const = 0;
};

// A connection of its own.
class RpcViewer {
 public:
  // Called with each unit, as soon as it is there. An error ends the call and is given back.
  using Taker = std::function<Status(UnitNumber number, ByteSpan bytes)>;

  static std::unique_ptr<RpcViewer> Connect(const std::string& address);
  virtual ~RpcViewer() = default;
  // The GOP at a moment, its key picture first. Blocks.
  virtual Status Seek(StreamId stream, WallTime time, const Taker& taker) = 0;
  // What there is of the range, forward. Blocks. DataLoss where it says that something is damaged.
  virtual Status Read(StreamId stream, WallRange range, const Taker& taker) = 0;
};

}  // namespace reel::bench
