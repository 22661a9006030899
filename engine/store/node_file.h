// The node file of a state directory, and the lock that makes one process the node's writer.
#pragma once

#include "engine/format/node_state.h"
#include "reel/disk.h"

namespace reel {

inline constexpr char kNodeFileName[] = "reel-node";
inline constexpr char kNodeLockName[] = "reel-lock";

// NotFound: not a node. `notes` is told of copies that the device refuses to read.
Result<format::NodeState> ReadNodeState(Disk& disk, std::vector<std::string>* notes = nullptr);
// Durable on return. The new state's sequence is one above `state.sequence`, which is updated.
Status WriteNodeState(Disk& disk, format::NodeState* state);

}  // namespace reel
