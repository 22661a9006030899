// Every RocksDB option the index depends on, with its reason, in one place (rocks_options.cc).
#pragma once

#include <rocksdb/options.h>

#include <memory>

namespace reel {

struct RocksTuning {
  size_t cache_bytes = 0;
  rocksdb::Env* env = nullptr;  // not owned
  std::shared_ptr<rocksdb::Logger> log;
  std::shared_ptr<rocksdb::CompactionFilterFactory> dead_rows;
};

rocksdb::Options MakeRocksOptions(const RocksTuning& tuning);
rocksdb::ReadOptions MakeReadOptions();
// For reading whole tables once: checked, and past the cache.
rocksdb::ReadOptions MakeScanOptions();
rocksdb::WriteOptions MakeWriteOptions();

}  // namespace reel
