#include "engine/store/gop_assembler.h"

#include <algorithm>

namespace reel {
namespace {

Piece PieceOf(const format::ChunkRow& chunk, VolumeNo volume, SegmentSerial serial) {
  return {volume,           serial,          chunk.offset_bytes, chunk.chunk_bytes,
          chunk.first_unit, chunk.unit_count};
}

// Chunks that stand one behind another in one segment become one piece: one read.
bool Grow(Piece* piece, const Piece& next) {
  const bool follows = piece->volume == next.volume && piece->serial == next.serial &&
                       piece->offset_bytes + piece->length_bytes == next.offset_bytes &&
                       piece->end_unit() == next.first_unit;
  if (!follows) return false;
  piece->length_bytes += next.length_bytes;
  piece->unit_count += next.unit_count;
  return true;
}

uint8_t GopFlags(uint16_t content_flags) {
  uint8_t flags = 0;
  if ((content_flags & format::kContentClean) != 0) flags |= kGopClean;
  if ((content_flags & format::kContentOpenGop) != 0) flags |= kGopOpen;
  if ((content_flags & format::kContentIntraRefresh) != 0) flags |= kGopIntraRefresh;
  return flags;
}

}  // namespace

void GopAssembler::Add(const format::ChunkRow& chunk, VolumeNo volume, SegmentSerial serial,
                       IndexBatch* batch) {
  const auto [at, is_new] = runs_.try_emplace(chunk.run);
  State& state = at->second;
  const Piece piece = PieceOf(chunk, volume, serial);
  const bool joins = !is_new && (chunk.flags & format::kContentClean) == 0 &&
                     state.gop.end_unit() == chunk.first_unit &&
                     state.gop.pieces.size() < kMaxPieces;
  if (joins) {
    if (!Grow(&state.gop.pieces.back(), piece)) state.gop.pieces.push_back(piece);
  } else {
    state.gop = GopRow{};
    state.gop.stream = chunk.stream;
    state.gop.run = chunk.run;
    state.gop.begin = chunk.wall_begin;
    state.gop.first_unit = chunk.first_unit;
    state.gop.flags = GopFlags(chunk.flags);
    state.gop.lead_bytes = chunk.lead_bytes;
    state.gop.pieces = {piece};
  }
  state.gop.end = joins ? std::max(state.gop.end, chunk.wall_end) : chunk.wall_end;
  batch->gops.push_back(state.gop);

  if (is_new) {
    state.run = {chunk.stream, chunk.run, chunk.wall_begin, chunk.wall_end, EndCause::kOpen};
  } else {
    state.run.end = std::max(state.run.end, chunk.wall_end);
  }
  batch->runs.push_back(state.run);
}

std::optional<RunRow> GopAssembler::FindRun(const RunId& run) const {
  const auto at = runs_.find(run);
  return at == runs_.end() ? std::nullopt : std::optional(at->second.run);
}

void GopAssembler::Resume(const GopRow& last, const RunRow& run) { runs_[run.run] = {last, run}; }

}  // namespace reel
