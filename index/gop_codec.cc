#include "index/gop_codec.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace reel {
namespace {

constexpr uint64_t kMinuteNs = 60'000'000'000;
// Fewer bytes than this hold no row or piece: bounds what a hostile count can allocate.
constexpr size_t kRowBytesMin = 6;
constexpr size_t kPieceBytesMin = 6;

// One column of numbers that tend to repeat, each a multiple of `unit`. All arithmetic wraps, so
// any value survives and no hostile one overflows.
class Column {
 public:
  explicit Column(uint64_t unit = 1) : unit_(unit) {}

  void Put(uint64_t value, ByteWriter* out) {
    value /= unit_;
    out->PutSignedVarint(static_cast<int64_t>(value - last_));
    last_ = value;
  }
  uint64_t Get(ByteReader* in) {
    last_ += static_cast<uint64_t>(in->GetSignedVarint());
    return last_ * unit_;
  }
  template <class T>
  bool Get(ByteReader* in, T* value) {
    const uint64_t wide = Get(in);
    *value = static_cast<T>(wide);
    return wide <= std::numeric_limits<T>::max();
  }

 private:
  uint64_t unit_;
  uint64_t last_ = 0;
};

uint64_t NsBetween(WallTime from, WallTime to) {
  return static_cast<uint64_t>(to.ns) - static_cast<uint64_t>(from.ns);
}
WallTime Later(WallTime t, uint64_t ns) {
  return {static_cast<int64_t>(static_cast<uint64_t>(t.ns) + ns)};
}
// Divides the distance as a signed number; multiplying with `unit` gives it back.
uint64_t UnitsBetween(WallTime from, WallTime to, uint64_t unit) {
  return from <= to ? NsBetween(from, to) / unit : -(NsBetween(to, from) / unit);
}

// Every value of the columns is a multiple of its unit. At least 1.
struct Units {
  uint64_t time_ns = 0;
  uint64_t place_bytes = 0;
  uint64_t lead_bytes = 0;
};

Units CommonUnits(const std::vector<GopRow>& rows) {
  Units units;
  for (const GopRow& row : rows) {
    units.time_ns = std::gcd(units.time_ns, NsBetween(rows.front().begin, row.begin));
    units.time_ns = std::gcd(units.time_ns, NsBetween(row.begin, row.end));
    units.lead_bytes = std::gcd(units.lead_bytes, row.lead_bytes);
    for (const Piece& piece : row.pieces) {
      units.place_bytes = std::gcd(units.place_bytes, piece.offset_bytes);
      units.place_bytes = std::gcd(units.place_bytes, piece.length_bytes);
    }
  }
  units.time_ns = std::max<uint64_t>(units.time_ns, 1);
  units.place_bytes = std::max<uint64_t>(units.place_bytes, 1);
  units.lead_bytes = std::max<uint64_t>(units.lead_bytes, 1);
  return units;
}

void PutTimes(const MinuteId& id, const std::vector<GopRow>& rows, uint64_t unit, ByteWriter* out) {
  const WallTime base = Later({0}, static_cast<uint64_t>(id.minute) * kMinuteNs);
  out->PutVarint(NsBetween(base, rows.front().begin));
  Column steps;
  Column gaps;
  for (size_t i = 1; i < rows.size(); ++i) {
    steps.Put(UnitsBetween(rows[i - 1].begin, rows[i].begin, unit), out);
  }
  for (size_t i = 1; i < rows.size(); ++i) {
    gaps.Put(UnitsBetween(rows[i - 1].end, rows[i].begin, unit), out);
  }
  out->PutVarint(UnitsBetween(rows.back().begin, rows.back().end, unit));
}

void GetTimes(const MinuteId& id, uint64_t unit, ByteReader* in, std::vector<GopRow>* rows) {
  const WallTime base = Later({0}, static_cast<uint64_t>(id.minute) * kMinuteNs);
  Column steps;
  Column gaps;
  WallTime begin = Later(base, in->GetVarint());
  for (size_t i = 0; i < rows->size(); ++i) {
    if (i > 0) begin = Later(begin, steps.Get(in) * unit);
    (*rows)[i].begin = begin;
  }
  for (size_t i = 1; i < rows->size(); ++i) {
    (*rows)[i - 1].end = Later((*rows)[i].begin, -(gaps.Get(in) * unit));
  }
  rows->back().end = Later(begin, in->GetVarint() * unit);
}

// Where the next piece begins if it stands right behind `last`.
uint64_t ExpectedOffset(const Piece& last, const Piece& piece) {
  const bool follows = piece.volume == last.volume && piece.serial == last.serial;
  return last.offset_bytes + (follows ? last.length_bytes : 0);
}

void PutPieces(const std::vector<const Piece*>& pieces, uint64_t unit, ByteWriter* out) {
  Column volumes;
  Column serials;
  Column lengths(unit);
  Column counts;
  for (const Piece* piece : pieces) volumes.Put(piece->volume.value, out);
  for (const Piece* piece : pieces) serials.Put(piece->serial.value, out);
  for (const Piece* piece : pieces) lengths.Put(piece->length_bytes, out);
  Piece last;
  for (const Piece* piece : pieces) {
    const uint64_t expected = ExpectedOffset(last, *piece) / unit;
    out->PutSignedVarint(static_cast<int64_t>(piece->offset_bytes / unit - expected));
    last = *piece;
  }
  for (const Piece* piece : pieces) counts.Put(piece->unit_count, out);
}

bool GetPieces(const std::vector<Piece*>& pieces, uint64_t unit, ByteReader* in) {
  Column volumes;
  Column serials;
  Column lengths(unit);
  Column counts;
  bool fits = true;
  for (Piece* piece : pieces) fits &= volumes.Get(in, &piece->volume.value);
  for (Piece* piece : pieces) {
    piece->serial.value = serials.Get(in);
    fits &= piece->serial.value != std::numeric_limits<uint64_t>::max();
  }
  for (Piece* piece : pieces) fits &= lengths.Get(in, &piece->length_bytes);
  Piece last;
  for (Piece* piece : pieces) {
    const uint64_t expected = ExpectedOffset(last, *piece) / unit;
    piece->offset_bytes = (expected + static_cast<uint64_t>(in->GetSignedVarint())) * unit;
    last = *piece;
  }
  for (Piece* piece : pieces) fits &= counts.Get(in, &piece->unit_count);
  return fits;
}

// A row is expected to begin where the one before it ended, a piece likewise within its row.
void PutUnitNumbers(const std::vector<GopRow>& rows, ByteWriter* out) {
  UnitNumber expected;
  for (const GopRow& row : rows) {
    out->PutSignedVarint(static_cast<int64_t>(row.first_unit.value - expected.value));
    expected = row.first_unit;
    for (const Piece& piece : row.pieces) {
      out->PutSignedVarint(static_cast<int64_t>(piece.first_unit.value - expected.value));
      expected = {piece.first_unit.value + piece.unit_count};
    }
  }
}

void GetUnitNumbers(ByteReader* in, std::vector<GopRow>* rows) {
  uint64_t expected = 0;
  for (GopRow& row : *rows) {
    expected += static_cast<uint64_t>(in->GetSignedVarint());
    row.first_unit = {expected};
    for (Piece& piece : row.pieces) {
      piece.first_unit = {expected + static_cast<uint64_t>(in->GetSignedVarint())};
      expected = piece.first_unit.value + piece.unit_count;
    }
  }
}

// Makes the rows' pieces, still blank, and lists them.
bool GetPieceCounts(ByteReader* in, std::vector<GopRow>* rows, std::vector<Piece*>* pieces) {
  size_t total = 0;
  for (GopRow& row : *rows) {
    const uint64_t more = in->GetVarint();
    if (more >= kMaxPieces) return false;
    total += static_cast<size_t>(more) + 1;
    if (total > in->remaining() / kPieceBytesMin) return false;
    row.pieces.resize(static_cast<size_t>(more) + 1);
  }
  pieces->reserve(total);
  for (GopRow& row : *rows) {
    for (Piece& piece : row.pieces) pieces->push_back(&piece);
  }
  return true;
}

bool AreSound(const MinuteId& id, const std::vector<GopRow>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const GopRow& row = rows[i];
    if (MinuteOf(row.begin) != id.minute || row.end < row.begin) return false;
    if (i > 0 && std::tie(rows[i - 1].begin, rows[i - 1].first_unit) >=
                     std::tie(row.begin, row.first_unit)) {
      return false;
    }
  }
  return true;
}

bool GetRows(const MinuteId& id, ByteReader* in, std::vector<GopRow>* rows) {
  const uint64_t count = in->GetVarint();
  if (count == 0 || count > in->remaining() / kRowBytesMin) return false;
  rows->resize(static_cast<size_t>(count));
  const uint64_t time_ns = in->GetVarint();
  const uint64_t place_bytes = in->GetVarint();
  const uint64_t lead_bytes = in->GetVarint();
  if (time_ns == 0 || place_bytes == 0 || lead_bytes == 0) return false;
  GetTimes(id, time_ns, in, rows);
  for (GopRow& row : *rows) {
    row.stream = id.stream;
    row.run = id.run;
    row.flags = in->Get<uint8_t>();
  }
  std::vector<Piece*> pieces;
  if (!GetPieceCounts(in, rows, &pieces) || !GetPieces(pieces, place_bytes, in)) return false;
  GetUnitNumbers(in, rows);
  Column leads(lead_bytes);
  bool fits = true;
  for (GopRow& row : *rows) fits &= leads.Get(in, &row.lead_bytes);
  return fits && in->ok() && in->at_end() && AreSound(id, *rows);
}

}  // namespace

Bytes EncodeMinute(const MinuteId& id, const std::vector<GopRow>& rows) {
  REEL_CHECK(!rows.empty(), "a minute row holds GOPs");
  Bytes bytes;
  ByteWriter out(&bytes);
  const Units units = CommonUnits(rows);
  out.PutVarint(rows.size());
  out.PutVarint(units.time_ns);
  out.PutVarint(units.place_bytes);
  out.PutVarint(units.lead_bytes);
  PutTimes(id, rows, units.time_ns, &out);
  for (const GopRow& row : rows) out.Put(row.flags);
  for (const GopRow& row : rows) out.PutVarint(row.pieces.size() - 1);
  std::vector<const Piece*> pieces;
  for (const GopRow& row : rows) {
    for (const Piece& piece : row.pieces) pieces.push_back(&piece);
  }
  PutPieces(pieces, units.place_bytes, &out);
  PutUnitNumbers(rows, &out);
  Column leads(units.lead_bytes);
  for (const GopRow& row : rows) leads.Put(row.lead_bytes, &out);
  return bytes;
}

Result<std::vector<GopRow>> DecodeMinute(const MinuteId& id, ByteSpan bytes) {
  std::vector<GopRow> rows;
  ByteReader in(bytes);
  if (!GetRows(id, &in, &rows)) return DataLoss("malformed GOPs of a minute");
  return rows;
}

}  // namespace reel
