// RocksIndex: the real form of Index, on RocksDB in the node's state directory.
//
// Thread rule and contract: reel/index.h. Durable: what was written before a Sync that returned ok;
// without one, the log is synced at most kWalDelay after the first write that was not. A kill of
// the process alone loses nothing. A failed sync is final: every later Write and Sync repeats its
// error until the index is opened anew.
// Errors: DataLoss when bytes of the index cannot be verified, found at opening or by any later
// read; the reaction is to move it aside and rebuild it from the segments. Unavailable when the
// device or the lock stands in the way; ResourceExhausted when it is full.
#pragma once

#include <memory>
#include <string>

#include "reel/index.h"
#include "reel/log.h"

namespace reel {

inline constexpr Duration kWalDelay = std::chrono::milliseconds{500};

struct IndexOptions {
  // Blocks kept unpacked. The tables' own indexes and filters come on top: about 0.3 byte per
  // keyframe.
  size_t cache_bytes = size_t{32} << 20;
  // Opens beside a living writer, sees what it had written by then and no more, and writes no byte
  // to the directory; Write is FailedPrecondition.
  bool read_only = false;
  LogSink log;  // warnings and errors; may be empty
};

class RocksIndex : public Index {
 public:
  // Reads every block once; DataLoss names what does not verify.
  virtual Status Verify() = 0;
  // Drops rows of dead segments and packs the rest, now rather than by and by.
  virtual Status Compact() = 0;
};

// Opens or, unless read-only, creates the index in directory `path`, whose parent must exist.
// FailedPrecondition for a format this program does not know.
Result<std::unique_ptr<RocksIndex>> OpenRocksIndex(const std::string& path,
                                                   const IndexOptions& options);

// An empty one that lives in memory alone: an overlay for reading foreign volumes, or what a
// rebuilt index is compared with.
Result<std::unique_ptr<RocksIndex>> OpenInMemoryIndex(const IndexOptions& options);

struct OpenedIndex {
  std::unique_ptr<RocksIndex> index;
  std::string moved_to;  // where the former one stands now; empty if it was sound
  Status reason;         // why it was moved
};

// For the writer: opens the index, or, when it is damaged or of an unknown format, renames its
// directory to `path`.damaged-<n> (nothing is ever deleted) and opens an empty one, which the
// caller has to rebuild. Only opening and what it reads are judged: damage in a table shows when a
// read or Verify comes across it. Other errors leave everything as it is.
Result<OpenedIndex> OpenOrMoveAside(const std::string& path, const IndexOptions& options);

}  // namespace reel
