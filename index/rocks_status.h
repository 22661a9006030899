// RocksDB's statuses as Reel's. Thread rule: a function of its arguments.
#pragma once

#include <rocksdb/status.h>

#include "reel/status.h"

namespace reel {

// `what` was being done. Corruption, and a file that should be there and is not, are DataLoss.
Status FromRocks(const rocksdb::Status& status, std::string_view what);

}  // namespace reel
