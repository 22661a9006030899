#include <rocksdb/db.h>

#include <filesystem>

#include "bench/pacer.h"
#include "bench/peers.h"

namespace reel::bench {
namespace {

constexpr Duration kSyncInterval = std::chrono::seconds(1);

Status FromRocks(const rocksdb::Status& status) {
  return status.ok() ? OkStatus() : Internal("BlobDB: " + status.ToString());
}

// Big endian, so that a stream's GOPs lie one behind another.
std::string Key(uint32_t stream, uint64_t gop) {
  std::string key(12, '\0');
  for (size_t i = 0; i < 4; ++i) key[i] = static_cast<char>(stream >> (24 - 8 * i));
  for (size_t i = 0; i < 8; ++i) key[4 + i] = static_cast<char>(gop >> (56 - 8 * i));
  return key;
}

class BlobPeer final : public Peer {
 public:
  explicit BlobPeer(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}

  Status Append(const Trace& trace, uint32_t streams, uint64_t gops) override {
    first_gop_ = next_gop_;
    std::vector<std::string> open(streams);
    MonoTime last_sync = MonoNow();
    const uint32_t gop_units = trace.shape().gop_units;
    for (uint64_t number = 0; number < gops * gop_units; ++number) {
      for (uint32_t stream = 0; stream < streams; ++stream) {
        const ByteSpan bytes = trace.Unit(stream, number, {}).bytes;
        open[stream].append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if ((number + 1) % gop_units != 0) continue;
        const uint64_t gop = first_gop_ + number / gop_units;
        REEL_RETURN_IF_ERROR(
            FromRocks(db_->Put(rocksdb::WriteOptions(), Key(stream, gop), open[stream])));
        open[stream].clear();
      }
      if (MonoNow() - last_sync < kSyncInterval) continue;
      last_sync = MonoNow();
      REEL_RETURN_IF_ERROR(FromRocks(db_->SyncWAL()));
    }
    next_gop_ = first_gop_ + gops;
    return FromRocks(db_->SyncWAL());
  }

  Status Verify(const Trace& trace, uint32_t streams, uint64_t gops) override {
    for (uint32_t stream = 0; stream < streams; stream += 50) {
      for (uint64_t gop = 0; gop < gops; ++gop) {
        std::string value;
        REEL_RETURN_IF_ERROR(
            FromRocks(db_->Get(rocksdb::ReadOptions(), Key(stream, first_gop_ + gop), &value)));
        std::string expected;
        for (uint64_t i = 0; i < trace.shape().gop_units; ++i) {
          const ByteSpan bytes = trace.Unit(stream, gop * trace.shape().gop_units + i, {}).bytes;
          expected.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        }
        if (value != expected) return DataLoss("a value is not what was written");
      }
    }
    return OkStatus();
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  uint64_t first_gop_ = 0;
  uint64_t next_gop_ = 0;
};

}  // namespace

Result<std::unique_ptr<Peer>> NewBlobPeer(const std::string& directory) {
  std::filesystem::create_directories(directory);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.enable_blob_files = true;
  options.min_blob_size = 4096;
  options.blob_file_size = uint64_t{256} << 20;
  options.write_buffer_size = size_t{256} << 20;
  options.max_write_buffer_number = 4;
  options.compression = rocksdb::kNoCompression;
  options.max_background_jobs = 2;
  rocksdb::DB* db = nullptr;
  REEL_RETURN_IF_ERROR(FromRocks(rocksdb::DB::Open(options, directory, &db)));
  return std::unique_ptr<Peer>(std::make_unique<BlobPeer>(std::unique_ptr<rocksdb::DB>(db)));
}

}  // namespace reel::bench
