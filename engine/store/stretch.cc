#include "engine/store/stretch.h"

#include <algorithm>
#include <tuple>

namespace reel {
namespace {

// A unit is nearly always in the last row that begins before it.
constexpr size_t kRowsFirst = 4;
constexpr size_t kRowsMax = 4096;

}  // namespace

bool Stretch::operator<(const Stretch& other) const {
  // Of two that are otherwise the same the durable one comes last, where seek looks first.
  return std::tie(begin, run, first_unit, durable) <
         std::tie(other.begin, other.run, other.first_unit, other.durable);
}

bool Stretch::ContinuesIn(const Stretch& next) const {
  return run == next.run && first_unit < next.first_unit && next.first_unit <= end_unit;
}

bool Stretch::IsBeginningOf(const Stretch& part) const {
  return run == part.run && !in_memory() && !part.in_memory() && !part.clean &&
         first_unit < part.first_unit && part.first_unit < end_unit;
}

void Stretch::Absorb(const Stretch& part) {
  pieces.insert(pieces.end(), part.pieces.begin(), part.pieces.end());
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.first_unit, b.unit_count) < std::tie(b.first_unit, a.unit_count);
  });
  end = std::max(end, part.end);
  end_unit = std::max(end_unit, part.end_unit);
}

Stretch StretchOf(const GopRow& row) {
  Stretch stretch;
  stretch.begin = row.begin;
  stretch.end = row.end;
  stretch.run = row.run;
  stretch.first_unit = row.first_unit;
  stretch.end_unit = row.end_unit();
  stretch.clean = (row.flags & kGopClean) != 0;
  stretch.lead_bytes = row.lead_bytes;
  stretch.pieces = row.pieces;
  return stretch;
}

std::vector<Stretch> LiveStretches(Footage& footage, StreamId stream) {
  std::vector<Stretch> stretches;
  for (const LiveChunk& chunk : footage.Live(stream)) {
    Stretch stretch;
    stretch.begin = chunk.row.wall_begin;
    stretch.end = chunk.row.wall_end;
    stretch.run = chunk.row.run;
    stretch.first_unit = chunk.row.first_unit;
    stretch.end_unit = chunk.row.end_unit();
    stretch.clean = (chunk.row.flags & format::kContentClean) != 0;
    stretch.durable = chunk.durable;
    stretches.push_back(std::move(stretch));
  }
  std::sort(stretches.begin(), stretches.end());
  return stretches;
}

std::optional<LiveChunk> FindLive(Footage& footage, StreamId stream, RunId run, UnitNumber unit) {
  for (LiveChunk& chunk : footage.Live(stream)) {
    const format::ChunkRow& row = chunk.row;
    if (row.run == run && row.first_unit <= unit && unit < row.end_unit()) return std::move(chunk);
  }
  return std::nullopt;
}

Result<std::optional<Stretch>> FindRow(Footage& footage, StreamId stream, RunId run,
                                       UnitNumber unit, WallTime wall) {
  for (const size_t limit : {kRowsFirst, kRowsMax}) {
    REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> rows,
                          footage.index().Gops(stream, wall, Direction::kBackward, limit));
    for (const GopRow& row : rows) {
      if (row.run == run && row.first_unit <= unit && unit < row.end_unit()) {
        return std::optional(StretchOf(row));
      }
    }
    if (rows.size() < limit) break;
  }
  return std::optional<Stretch>{};
}

}  // namespace reel
