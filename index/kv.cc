#include "index/kv.h"

#include "engine/base/bytes.h"
#include "index/keys.h"
#include "index/rocks_options.h"
#include "index/rocks_status.h"

namespace reel {

Result<std::optional<std::string>> Lookup(rocksdb::DB* db, const std::string& key,
                                          const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options = MakeReadOptions();
  options.snapshot = snapshot;
  std::string value;
  const rocksdb::Status status = db->Get(options, key, &value);
  if (status.IsNotFound()) return std::optional<std::string>{};
  if (!status.ok()) return FromRocks(status, "index row " + KeyForHumans(key));
  return std::optional{std::move(value)};
}

Walk::Walk(rocksdb::DB* db, std::string lower, std::string upper, const rocksdb::Snapshot* snapshot)
    : lower_(std::move(lower)),
      upper_(std::move(upper)),
      lower_slice_(lower_),
      upper_slice_(upper_) {
  rocksdb::ReadOptions options = MakeReadOptions();
  options.snapshot = snapshot;
  options.iterate_lower_bound = &lower_slice_;
  options.iterate_upper_bound = &upper_slice_;
  walk_.reset(db->NewIterator(options));
}

Walk::Walk(rocksdb::DB* db, const std::string& prefix) : Walk(db, prefix, PrefixEnd(prefix)) {}

ByteSpan Walk::value() const { return AsBytes(AsView(walk_->value())); }

Status Walk::status() const {
  return FromRocks(walk_->status(), "index rows from " + KeyForHumans(lower_));
}

}  // namespace reel
