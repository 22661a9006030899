// Node: everything of one recording node opened together: its volumes on this machine's disks, its
// index and the Store over both. What a program that embeds Reel begins with.
//
//   reel::Node::Init("/srv/node", {{.path = "/mnt/disk1"}});                        // once
//   REEL_ASSIGN_OR_RETURN(auto node, reel::Node::Open("/srv/node"));
//   node->store().CreateStream("door");  ...
//   node->Close();
//
// One process at a time writes to a node; any number read it beside that one (read_only).
// Store::Open is what remains for those who bring their own disks, clock or index.
// Thread rule: store() as reel/store.h says; Close and the destructor once, by one thread.
// Ownership: the Node owns the Store; what the Store handed out must be gone before the Node is.
// The directory holds the node's state and the index; neither is on a disk that records.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reel/store.h"

namespace reel {

struct NodeOptions {
  bool read_only = false;                    // writes no byte anywhere; footage up to Durable
  uint64_t buffer_bytes = 256U << 20;        // as Store::Options
  uint64_t stream_buffer_bytes = 16U << 20;  // likewise
  Duration flush_interval = std::chrono::milliseconds(250);  // likewise
  uint64_t index_cache_bytes = 32U << 20;
  LogSink log;  // warnings and errors of the store and of the index; may be empty
};

class Node {
 public:
  // Makes directory `path` a node, if it is none yet, and gives it more volumes. A volume's
  // directory must be there (a disk that is not mounted is not recorded beside); with bytes 0 it
  // takes what is free now, less 2 %. Durable on return. Blocks: preallocates nothing, but syncs.
  // Errors: NotFound (no such directory, or no parent of `path`), and those of Store::Init.
  REEL_API static Status Init(const std::string& path,
                              const std::vector<Store::InitVolume>& volumes);

  // Recording may begin on return, whatever a crash left. An index that is lost or damaged is put
  // aside (nothing is deleted) and filled again behind it. Blocks: reads superblocks, segment heads
  // and the ledger; seconds at most, but longer for a reader that finds neither index nor writer.
  // Errors: NotFound (not a node), FailedPrecondition (written by another process, which is named;
  // the wrong disk; a newer format), ResourceExhausted (memory), PermissionDenied, Unavailable.
  // Memory that runs out inside of RocksDB while it opens may end the process.
  REEL_API static Result<std::unique_ptr<Node>> Open(const std::string& path,
                                                     const NodeOptions& options = {});

  // Without Close as a crash would end it: what is durable stays, all else is gone.
  virtual ~Node() = default;

  virtual Store& store() = 0;

  // Store::Close. Blocks until all is on disk, at most 90 s. Errors: Unavailable (not everything
  // could be written).
  virtual Status Close() = 0;
};

}  // namespace reel
