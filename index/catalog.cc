#include "index/catalog.h"

#include "engine/base/bytes.h"
#include "index/keys.h"
#include "index/kv.h"
#include "index/row_codec.h"

namespace reel {
namespace {

bool IsDead(SegmentState state) {
  return state == SegmentState::kRetired || state == SegmentState::kFree;
}

// Batches only refuse what is malformed, which these rows are not; the outcome is the commit's.
void Put(const std::string& key, const Bytes& value, rocksdb::WriteBatch* out) {
  static_cast<void>(out->Put(key, rocksdb::Slice(AsText(value))));
}
void Delete(const std::string& key, rocksdb::WriteBatch* out) {
  static_cast<void>(out->Delete(key));
}

}  // namespace

Status Catalog::Load(rocksdb::DB* db) {
  Walk ranges(db, TablePrefix(Table::kDead));
  for (ranges.ToFirst(); ranges.valid(); ranges.Next()) {
    REEL_ASSIGN_OR_RETURN(const SerialRange range, DecodeDead(ranges.key(), ranges.value()));
    if (!dead_.Append(range)) return DataLoss("ranges of dead serials overlap");
  }
  REEL_RETURN_IF_ERROR(ranges.status());
  Walk rows(db, TablePrefix(Table::kCatalog));
  for (rows.ToFirst(); rows.valid(); rows.Next()) {
    REEL_ASSIGN_OR_RETURN(const SegmentRow row, DecodeSegment(rows.key(), rows.value()));
    if (IsDead(row.state) != dead_.Contains(row.volume, row.serial)) {
      return DataLoss("segment " + std::to_string(row.serial.value) + " is dead and alive");
    }
    if (IsDead(row.state)) dead_row_files_[{row.volume, row.serial}] = row.file_number;
  }
  return rows.status();
}

Status Catalog::Write(const SegmentRow& row, rocksdb::WriteBatch* out) {
  if (IsDead(row.state)) {
    AddDead(row, out);
  } else if (dead_.Contains(row.volume, row.serial)) {
    return FailedPrecondition("segment " + std::to_string(row.serial.value) + " is dead for good");
  } else {
    DropFormerLives(row, out);
  }
  Put(SerialKey(Table::kCatalog, row.volume, row.serial), EncodeSegment(row), out);
  return OkStatus();
}

void Catalog::AddDead(const SegmentRow& row, rocksdb::WriteBatch* out) {
  dead_row_files_[{row.volume, row.serial}] = row.file_number;
  const auto change = dead_.Add(row.volume, row.serial);
  if (!change) return;
  if (change->absorbed) Delete(SerialKey(Table::kDead, row.volume, *change->absorbed), out);
  Put(SerialKey(Table::kDead, row.volume, change->merged.first), EncodeDead(change->merged), out);
}

void Catalog::DropFormerLives(const SegmentRow& row, rocksdb::WriteBatch* out) {
  auto at = dead_row_files_.lower_bound({row.volume, SegmentSerial{0}});
  while (at != dead_row_files_.end() && at->first < SegmentKey{row.volume, row.serial}) {
    if (at->second != row.file_number) {
      ++at;
      continue;
    }
    Delete(SerialKey(Table::kCatalog, row.volume, at->first.second), out);
    at = dead_row_files_.erase(at);
  }
}

}  // namespace reel
