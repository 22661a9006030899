#include "engine/store/gop_joiner.h"

#include <algorithm>

namespace reel {
namespace {

constexpr size_t kRowsAhead = 64;
constexpr size_t kRowsBack = 64;

bool Contains(const Piece& whole, const Piece& part) {
  return whole.volume == part.volume && whole.serial == part.serial &&
         whole.offset_bytes <= part.offset_bytes &&
         part.offset_bytes + part.length_bytes <= whole.offset_bytes + whole.length_bytes;
}

std::vector<Piece> JoinPieces(const GopRow& first, const GopRow& second) {
  std::vector<Piece> all = first.pieces;
  all.insert(all.end(), second.pieces.begin(), second.pieces.end());
  std::sort(all.begin(), all.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.volume, a.serial, a.offset_bytes, b.length_bytes) <
           std::tie(b.volume, b.serial, b.offset_bytes, a.length_bytes);
  });
  std::vector<Piece> pieces;
  for (const Piece& piece : all) {
    if (pieces.empty() || !Contains(pieces.back(), piece)) pieces.push_back(piece);
  }
  // Of two copies the newer one first: its segment goes later.
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.first_unit, b.unit_count, b.serial) <
           std::tie(b.first_unit, a.unit_count, a.serial);
  });
  return pieces;
}

bool IsClean(const GopRow& row) { return (row.flags & kGopClean) != 0; }

// Whether `row` goes on where `before` ends, or within it.
bool IsPartOf(const GopRow& row, const GopRow& before) {
  return before.stream == row.stream && before.run == row.run &&
         before.first_unit < row.first_unit && row.first_unit <= before.end_unit();
}

}  // namespace

GopRow Join(const GopRow& first, const GopRow& second) {
  GopRow joined = first;
  joined.pieces = JoinPieces(first, second);
  if (joined.pieces.size() > kMaxPieces)
    return first.end_unit() > second.end_unit() ? first : second;
  joined.end = std::max(first.end, second.end);
  const Piece& front = joined.pieces.front();
  const bool whole = front.first_unit == joined.first_unit;
  const GopRow& owner = second.pieces.front() == front ? second : first;
  joined.flags = owner.flags;
  joined.lead_bytes = owner.pieces.front() == front ? owner.lead_bytes : 0;
  if (!whole) joined.flags = static_cast<uint8_t>(joined.flags & ~kGopClean);
  return joined;
}

Status GopJoiner::Add(std::vector<GopRow> rows) {
  // Beginnings before what goes on in them.
  std::stable_sort(rows.begin(), rows.end(), [](const GopRow& a, const GopRow& b) {
    return std::tie(a.run, a.first_unit) < std::tie(b.run, b.first_unit);
  });
  for (const GopRow& row : rows) REEL_RETURN_IF_ERROR(AddOne(row));
  return OkStatus();
}

Status GopJoiner::AddOne(const GopRow& row) {
  const auto same = rows_.find(KeyOf(row));
  GopRow* there = same == rows_.end() ? nullptr : &same->second;
  if (there == nullptr && !IsClean(row)) there = FindBeginning(row);
  if (there == nullptr) {
    REEL_ASSIGN_OR_RETURN(there, LoadSame(row));
  }
  if (there == nullptr && !IsClean(row)) {
    REEL_ASSIGN_OR_RETURN(there, LoadBeginning(row));
  }
  if (there != nullptr) {
    *there = Join(*there, row);
  } else {
    rows_.emplace(KeyOf(row), row);
  }
  return OkStatus();
}

// The row added before of which `row` is a part.
GopRow* GopJoiner::FindBeginning(const GopRow& row) {
  auto at = rows_.lower_bound(Key{row.run, row.first_unit, kWallMin});
  while (at != rows_.begin()) {
    GopRow& before = (--at)->second;
    if (IsPartOf(row, before)) return &before;
    if (before.run != row.run || IsClean(before)) break;
  }
  return nullptr;
}

Result<GopRow*> GopJoiner::LoadSame(const GopRow& row) {
  const bool known =
      ahead_.stream == row.stream && ahead_.from <= row.begin && row.begin <= ahead_.to;
  if (!known) REEL_RETURN_IF_ERROR(LookAhead(row));
  const auto begins_before = [](const GopRow& there, WallTime begin) {
    return there.begin < begin;
  };
  auto there = std::lower_bound(ahead_.rows.begin(), ahead_.rows.end(), row.begin, begins_before);
  for (; there != ahead_.rows.end() && there->begin == row.begin; ++there) {
    if (KeyOf(*there) == KeyOf(row)) return &rows_.emplace(KeyOf(row), *there).first->second;
  }
  return nullptr;
}

Status GopJoiner::LookAhead(const GopRow& row) {
  REEL_ASSIGN_OR_RETURN(std::vector<GopRow> rows,
                        index_.Gops(row.stream, row.begin, Direction::kForward, kRowsAhead));
  // Of the last time there may be more.
  const WallTime to = rows.size() < kRowsAhead ? kWallMax : rows.back().begin - Duration{1};
  ahead_ = {row.stream, row.begin, std::max(to, row.begin), std::move(rows)};
  return OkStatus();
}

Result<GopRow*> GopJoiner::LoadBeginning(const GopRow& row) {
  REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> there,
                        index_.Gops(row.stream, row.begin, Direction::kBackward, kRowsBack));
  for (const GopRow& known : there) {
    if (known.run != row.run || known.first_unit >= row.first_unit) continue;
    if (IsPartOf(row, known)) return &rows_.emplace(KeyOf(known), known).first->second;
    if (IsClean(known)) break;
  }
  return nullptr;
}

std::vector<GopRow> GopJoiner::Take() {
  std::vector<GopRow> rows;
  rows.reserve(rows_.size());
  for (auto& [key, row] : rows_) rows.push_back(std::move(row));
  rows_.clear();
  return rows;
}

}  // namespace reel
