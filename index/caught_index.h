// CaughtIndex: the RocksDB index as callers have it, which lets no exception out. RocksDB throws
// where memory runs out and is not made to go on: a read leaves references behind, so that closing
// the database would end the process (an assertion, 7.8), and a write may leave its queue locked.
// So a read that threw is an error value, and the database is then never closed, only left; a write
// that threw ends the process with its last words to the log, like a broken invariant. Where memory
// runs out while a database is being opened, RocksDB's own destructors may end the process.
//
// Thread rule and contract: index/rocks_index.h.
#pragma once

#include <memory>

#include "index/rocks_index_impl.h"

namespace reel {

// The index of `impl`, opened at `path`.
Result<std::unique_ptr<RocksIndex>> OpenCaught(std::unique_ptr<RocksIndexImpl> impl,
                                               const std::string& path);

}  // namespace reel
