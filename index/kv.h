// What the index needs of a RocksDB database, with Reel's errors: lookups, and walks over a range
// of keys. Both verify what they read.
//
// Thread rule: Lookup from any thread; a Walk belongs to one. A Walk sees the database as it was
// when it was made (or at its snapshot) and must not outlive it.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <optional>
#include <string>

#include "reel/status.h"
#include "reel/types.h"

namespace reel {

inline std::string_view AsView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// nullopt when the key is not there. Null snapshot: as it is now.
Result<std::optional<std::string>> Lookup(rocksdb::DB* db, const std::string& key,
                                          const rocksdb::Snapshot* snapshot = nullptr);

// The keys in [lower, upper). Invalid once it runs off either end or meets an error: ask status()
// then.
class Walk {
 public:
  Walk(rocksdb::DB* db, std::string lower, std::string upper,
       const rocksdb::Snapshot* snapshot = nullptr);
  // All keys with the prefix.
  Walk(rocksdb::DB* db, const std::string& prefix);
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  void ToFirst() { walk_->SeekToFirst(); }
  void ToFirstFrom(const std::string& key) { walk_->Seek(key); }        // at or after key
  void ToLastUpTo(const std::string& key) { walk_->SeekForPrev(key); }  // at or before key
  void Next() { walk_->Next(); }
  void Prev() { walk_->Prev(); }

  bool valid() const { return walk_->Valid(); }
  std::string_view key() const { return AsView(walk_->key()); }
  ByteSpan value() const;
  Status status() const;

 private:
  const std::string lower_;
  const std::string upper_;
  const rocksdb::Slice lower_slice_;
  const rocksdb::Slice upper_slice_;
  std::unique_ptr<rocksdb::Iterator> walk_;
};

}  // namespace reel
