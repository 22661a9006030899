#include "index/dead_row_filter.h"

#include "engine/base/bytes.h"
#include "index/coverage.h"
#include "index/gop_codec.h"

namespace reel {
namespace {

using Decision = rocksdb::CompactionFilter::Decision;

class DeadRowFilter : public rocksdb::CompactionFilter {
 public:
  explicit DeadRowFilter(std::shared_ptr<const DeadSegments> dead) : dead_(std::move(dead)) {}

  const char* Name() const override { return "reel.DeadRowFilter"; }

  Decision FilterV2(int /*level*/, const rocksdb::Slice& key, ValueType type,
                    const rocksdb::Slice& value, std::string* new_value,
                    std::string* /*skip_until*/) const override {
    if (type != ValueType::kValue || key.empty()) return Decision::kKeep;
    const ByteSpan bytes = AsBytes({value.data(), value.size()});
    switch (static_cast<Table>(key[0])) {
      case Table::kKeyframes:
        return FilterMinute({key.data(), key.size()}, bytes, new_value);
      case Table::kHours:
      case Table::kDays:
        return FilterBucket(bytes);
      default:
        return Decision::kKeep;
    }
  }

 private:
  Decision FilterMinute(std::string_view key, ByteSpan value, std::string* new_value) const {
    const auto id = ParseMinuteKey(key);
    if (!id) return Decision::kKeep;
    const auto rows = DecodeMinute(*id, value);
    if (!rows.ok()) return Decision::kKeep;
    std::vector<GopRow> living;
    for (const GopRow& row : *rows) {
      if (auto left = Living(row, *dead_)) living.push_back(*std::move(left));
    }
    if (living.empty()) return Decision::kRemove;
    if (living == *rows) return Decision::kKeep;
    *new_value = AsText(EncodeMinute(*id, living));
    return Decision::kChangeValue;
  }

  Decision FilterBucket(ByteSpan value) const {
    const auto totals = DecodeBucket(value);
    const bool all_dead = totals.ok() && totals->CountDead(*dead_) == totals->CountSerials();
    return all_dead ? Decision::kRemove : Decision::kKeep;
  }

  std::shared_ptr<const DeadSegments> dead_;
};

}  // namespace

void DeadRowFilterFactory::Publish(std::shared_ptr<const DeadSegments> dead) {
  const std::lock_guard lock(mutex_);
  dead_ = std::move(dead);
}

std::unique_ptr<rocksdb::CompactionFilter> DeadRowFilterFactory::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context& /*context*/) {
  const std::lock_guard lock(mutex_);
  return std::make_unique<DeadRowFilter>(dead_);
}

}  // namespace reel
