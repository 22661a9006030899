#include "index/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

namespace reel {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

rocksdb::BlockBasedTableOptions MakeTableOptions(size_t cache_bytes) {
  rocksdb::BlockBasedTableOptions table;
  // A cold lookup is one block read: the smallest block a device reads well. Larger ones would
  // compress better, but minute rows are packed already.
  table.block_size = 4096;
  table.block_restart_interval = 16;
  table.checksum = rocksdb::kXXH3;  // fastest that 7.8 has; verified on every read
  table.format_version = 5;         // newest of 7.8
  table.block_cache = rocksdb::NewLRUCache(cache_bytes);
  // In a small cache index blocks would be evicted by data and a cold lookup become four reads
  // (measured: 1.5 ms instead of 0.07). Held by the open tables instead, about 4 MB per 100 million
  // keyframes.
  table.cache_index_and_filter_blocks = false;
  // Every write looks for minutes that mostly are not there yet, the next one above all. A bloom
  // filter answers from memory; per keyframe it costs a third of a bit. It does not serve seeks,
  // which therefore rely on the sorted blocks alone.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = true;
  return table;
}

void LimitMemory(rocksdb::Options* options) {
  // 1000 streams write about 4 MB a minute: flushed every few minutes, overwritten rows of the
  // minute at hand collapse before they reach a table.
  options->write_buffer_size = 16 * kMiB;
  options->max_write_buffer_number = 3;  // one filling, two being written: 48 MiB at most
  options->min_write_buffer_number_to_merge = 1;
  options->max_write_buffer_size_to_maintain = 0;  // no history, there are no transactions
  // Also bounds what an opening has to replay.
  options->max_total_wal_size = 64 * kMiB;
}

void KeepHonest(rocksdb::Options* options) {
  options->paranoid_checks = true;                   // damage at opening is an error, not a guess
  options->force_consistency_checks = true;          // of the level structure, at each change
  options->verify_sst_unique_id_in_manifest = true;  // a table swapped for another is noticed
  options->flush_verify_memtable_count = true;
  options->check_flush_compaction_key_order = true;
  options->best_efforts_recovery = false;  // an older state that fits together is not the index
  // A power cut may tear the last records of the log: everything before them counts, in order, and
  // the store replays the rest from the segments. The strict mode would refuse to open after it.
  options->wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // 7.8 can report logs missing that were rightly removed; segments tell what the index lacks.
  options->track_and_verify_wals_in_manifest = false;
}

void ShapeTree(rocksdb::Options* options) {
  options->compaction_style = rocksdb::kCompactionStyleLevel;  // few tables to ask per seek
  options->compression =
      rocksdb::kZSTD;  // varint columns shrink by a third; 2 us a block to unpack
  options->bottommost_compression = rocksdb::kDisableCompressionOption;  // the same everywhere
  options->compression_opts.level = 3;
  options->level0_file_num_compaction_trigger = 4;
  options->level0_slowdown_writes_trigger = 20;
  options->level0_stop_writes_trigger = 36;
  options->target_file_size_base = 64 * kMiB;  // a year of 1000 streams is about 2000 files
  options->max_bytes_for_level_base = 256 * kMiB;
  options->max_bytes_for_level_multiplier = 10;
  options->level_compaction_dynamic_level_bytes = true;  // 90 % of the rows in the last level
  // Keyframes arrive in time order within a stream, so old tables would never be compacted again
  // and keep their dead rows: each is rewritten once a week, which drops them. Reads step over dead
  // rows by the bucket, so only room waits for it.
  options->periodic_compaction_seconds = 7 * 24 * 60 * 60;
  options->ttl = 0;
}

void LimitBackground(rocksdb::Options* options) {
  options->max_background_jobs = 2;  // one flush, one compaction: the cores belong to the recorder
  options->max_subcompactions = 1;
  options->bytes_per_sync = kMiB;   // spreads a table's write-back instead of one burst at its end
  options->wal_bytes_per_sync = 0;  // WalSyncer syncs the log
  options->compaction_readahead_size = 2 * kMiB;
  options->max_open_files = -1;  // tables stay open: a reader beside the writer survives deletions
  options->skip_stats_update_on_db_open = true;  // would read every table at opening
  options->stats_dump_period_sec = 0;
  options->stats_persist_period_sec = 0;
  options->keep_log_file_num = 1;
  options->max_manifest_file_size = 8 * kMiB;
  options->manifest_preallocation_size = 64 * 1024;
  options->recycle_log_file_num = 0;  // recycled logs cannot tell a torn tail from an old record
}

}  // namespace

rocksdb::Options MakeRocksOptions(const RocksTuning& tuning) {
  rocksdb::Options options;
  options.env = tuning.env;
  options.info_log = tuning.log;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.create_if_missing = true;
  options.compaction_filter_factory = tuning.dead_rows;
  options.table_factory.reset(
      rocksdb::NewBlockBasedTableFactory(MakeTableOptions(tuning.cache_bytes)));
  // One writer: no merging of write groups, no wait for concurrent memtable inserts.
  options.allow_concurrent_memtable_write = false;
  options.enable_pipelined_write = false;
  options.manual_wal_flush = false;  // each write reaches the kernel: a kill -9 loses none
  LimitMemory(&options);
  KeepHonest(&options);
  ShapeTree(&options);
  LimitBackground(&options);
  return options;
}

rocksdb::ReadOptions MakeReadOptions() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.total_order_seek = true;
  return options;
}

rocksdb::ReadOptions MakeScanOptions() {
  rocksdb::ReadOptions options = MakeReadOptions();
  options.fill_cache = false;  // one pass must not push out what lookups use
  options.readahead_size = kMiB;
  return options;
}

rocksdb::WriteOptions MakeWriteOptions() {
  rocksdb::WriteOptions options;
  options.disableWAL = false;
  options.sync = false;  // Sync and WalSyncer do it for many writes at once
  return options;
}

}  // namespace reel
