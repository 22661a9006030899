#include <rocksdb/snapshot.h>

#include <map>

#include "engine/base/bytes.h"
#include "index/kv.h"
#include "index/rocks_index_impl.h"
#include "index/row_codec.h"

namespace reel {
namespace {

// Where one kind of span is kept and how its rows are read.
template <class Row>
struct SpanTable {
  Table rows;
  Table by_length;
  Result<Row> (*decode)(StreamId stream, std::string_view key, ByteSpan value);
};
constexpr SpanTable<RunRow> kRunTable{Table::kRuns, Table::kRunSpans, DecodeRun};
constexpr SpanTable<GapRow> kGapTable{Table::kGaps, Table::kGapSpans, DecodeGap};

// For spans that begin before `t`: whether they reach it.
bool Reaches(const RunRow& row, WallTime t) { return row.end >= t; }
bool Reaches(const GapRow& row, WallTime t) { return row.end > t; }

template <class Row>
class SpanReader {
 public:
  SpanReader(rocksdb::DB* db, const SpanTable<Row>& table, StreamId stream)
      : db_(db), table_(table), stream_(stream), snapshot_(db) {}

  Result<std::vector<Row>> Read(WallRange range, size_t limit) {
    std::vector<Row> out;
    if (range.empty()) return out;
    for (uint8_t c = 0; c < kSpanClasses; ++c) {
      REEL_RETURN_IF_ERROR(LookBack(c, range.begin));
    }
    for (auto& [key, row] : reaching_) {
      if (out.size() < limit) out.push_back(std::move(row));
    }
    Walk walk(db_, SpanKey(table_.rows, stream_, range.begin, ""),
              SpanKey(table_.rows, stream_, range.end, ""), snapshot_.snapshot());
    for (walk.ToFirst(); walk.valid() && out.size() < limit; walk.Next()) {
      REEL_ASSIGN_OR_RETURN(Row row, Decode(walk.key(), walk.value()));
      out.push_back(std::move(row));
    }
    REEL_RETURN_IF_ERROR(walk.status());
    return out;
  }

 private:
  // Those of one class of length that begin before `t` and reach it.
  Status LookBack(uint8_t span_class, WallTime t) {
    const WallTime from = SpanClassLookBack(span_class, t);
    Walk walk(db_, SpanClassKey(table_.by_length, stream_, span_class, from, ""),
              SpanClassKey(table_.by_length, stream_, span_class, t, ""), snapshot_.snapshot());
    for (walk.ToFirst(); walk.valid(); walk.Next()) {
      const auto ref = ParseSpanClassKey(walk.key());
      if (!ref) return DataLoss("malformed index key " + KeyForHumans(walk.key()));
      const std::string key = SpanKey(table_.rows, stream_, ref->begin, ref->tail);
      REEL_ASSIGN_OR_RETURN(const auto value, Lookup(db_, key, snapshot_.snapshot()));
      if (!value) return DataLoss("index row " + KeyForHumans(key) + " is listed but missing");
      REEL_ASSIGN_OR_RETURN(Row row, Decode(key, AsBytes(*value)));
      if (Reaches(row, t)) reaching_.emplace(key, std::move(row));
    }
    return walk.status();
  }

  Result<Row> Decode(std::string_view key, ByteSpan value) {
    auto row = table_.decode(stream_, key, value);
    if (!row.ok()) return row.status().WithContext("index row " + KeyForHumans(key));
    return row;
  }

  rocksdb::DB* const db_;
  const SpanTable<Row>& table_;
  const StreamId stream_;
  rocksdb::ManagedSnapshot snapshot_;
  std::map<std::string, Row> reaching_;  // by key, so in order
};

}  // namespace

Result<std::vector<RunRow>> RocksIndexImpl::Runs(StreamId stream, WallRange range, size_t limit) {
  return SpanReader<RunRow>(db_.get(), kRunTable, stream).Read(range, limit);
}

Result<std::vector<GapRow>> RocksIndexImpl::Gaps(StreamId stream, WallRange range, size_t limit) {
  return SpanReader<GapRow>(db_.get(), kGapTable, stream).Read(range, limit);
}

}  // namespace reel
