// Catalog: what of the catalogue of segments stays in memory: which serials are dead, and which of
// the dead still have a row.
//
// Thread rule: a value; readers share an immutable copy, the writer changes a copy of its own.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <map>

#include "index/dead_segments.h"

namespace reel {

class Catalog {
 public:
  const DeadSegments& dead() const { return dead_; }

  // Takes over what the database holds. DataLoss for rows that cannot be.
  Status Load(rocksdb::DB* db);

  // Applies a row to this and adds what it changes to `out`. FailedPrecondition when it would bring
  // a dead segment back; `out` and this are of no use then.
  Status Write(const SegmentRow& row, rocksdb::WriteBatch* out);

 private:
  using SegmentKey = std::pair<VolumeNo, SegmentSerial>;

  void AddDead(const SegmentRow& row, rocksdb::WriteBatch* out);
  // A file's former lives leave the catalogue when it begins a new one.
  void DropFormerLives(const SegmentRow& row, rocksdb::WriteBatch* out);

  DeadSegments dead_;
  std::map<SegmentKey, uint32_t> dead_row_files_;  // file number of each dead row
};

}  // namespace reel
