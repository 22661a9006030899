#include "engine/store/stretch_reader.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/format/track_config.h"

namespace reel {

using Kind = StretchReader::Step::Kind;

Status StretchReader::Open(const Stretch& stretch, UnitNumber from, WallTime until, Extent extent) {
  stretch_ = stretch;
  until_ = until;
  extent_ = extent;
  next_unit_ = std::max(from, stretch.first_unit);
  piece_ = 0;
  in_piece_ = false;
  in_chunk_ = false;
  live_.reset();
  if (stretch_.in_memory()) REEL_RETURN_IF_ERROR(Resolve());
  is_open_ = true;
  return OkStatus();
}

// A chunk leaves memory only after the index names it, so asking in this order misses nothing.
Status StretchReader::Resolve() {
  if (const auto chunk = FindLive(footage_, stream_, stretch_.run, next_unit_)) {
    CopyLive(*chunk);
    return OkStatus();
  }
  REEL_ASSIGN_OR_RETURN(std::optional<Stretch> row,
                        FindRow(footage_, stream_, stretch_.run, next_unit_, stretch_.end));
  if (row) stretch_ = *std::move(row);
  return OkStatus();
}

void StretchReader::CopyLive(const LiveChunk& chunk) {
  live_ = chunk;
  live_->keep_alive.reset();
  live_->payload = {};
  live_hash_ = format::ConfigHash(*chunk.tracks);
  live_begin_bytes_ = 0;
  if (chunk.row.wall_begin >= until_) return;
  EnterChunk(chunk.row.first_unit, chunk.units.size());
  size_t had_bytes = 0;
  for (size_t i = 0; i < index_; ++i) had_bytes += chunk.units[i].size_bytes;
  const ByteSpan wanted = chunk.payload.subspan(had_bytes);
  live_payload_.assign(wanted.begin(), wanted.end());
}

void StretchReader::EnterChunk(UnitNumber first_unit, size_t unit_count) {
  const uint64_t skip = next_unit_ > first_unit ? next_unit_.value - first_unit.value : 0;
  index_ = static_cast<size_t>(std::min<uint64_t>(skip, unit_count));
  in_chunk_ = true;
}

StretchReader::Step StretchReader::Next() {
  REEL_CHECK(is_open_, "a stretch to read");
  Step step = ReadOn();
  reader_.Pause();
  return step;
}

StretchReader::Step StretchReader::ReadOn() {
  Step step;
  step.stretch_time = {stretch_.begin, stretch_.end};
  if (in_piece_ && !reader_.is_ready()) {
    Result<SegmentLease> lease = footage_.Lease(reader_.piece().volume, reader_.piece().serial);
    if (lease.ok()) {
      reader_.Resume(*std::move(lease));
    } else {
      in_chunk_ = in_piece_ = false;
      if (MissPiece(lease.status(), &step)) return step;
    }
  }
  for (;;) {
    if (in_chunk_) {
      if (NextUnit(&step)) return step;
      in_chunk_ = false;
    } else if (in_piece_) {
      if (NextChunk(&step)) return step;
    } else if (piece_ < stretch_.pieces.size()) {
      if (NextPiece(&step)) return step;
    } else {
      Close();
      return step;
    }
  }
}

void StretchReader::Close() {
  is_open_ = false;
  reader_.Close();
}

// These three: true when `step` says something.

bool StretchReader::NextPiece(Step* step) {
  const Piece& piece = stretch_.pieces[piece_];
  const UnitNumber end = piece.end_unit();
  if (end <= next_unit_) {
    ++piece_;
    return false;
  }
  if (piece.first_unit > next_unit_) {
    // The index leaves out pieces in segments that have been recycled.
    Miss(piece.first_unit, GapCause::kExpired, step);
    return true;
  }
  Result<SegmentLease> lease = footage_.Lease(piece.volume, piece.serial);
  if (!lease.ok()) return MissPiece(lease.status(), step);
  const bool lead = extent_ != Extent::kWhole && piece_ == 0 && stretch_.lead_bytes != 0;
  reader_.Open(*std::move(lease), {stream_, stretch_.run, piece, {stretch_.begin, stretch_.end}},
               lead ? stretch_.lead_bytes : kReadAheadBytes);
  const bool again = left_ && left_->piece.volume == piece.volume &&
                     left_->piece.serial == piece.serial &&
                     left_->piece.offset_bytes == piece.offset_bytes;
  if (again && left_->mark.unit == next_unit_) reader_.SkipTo(left_->mark);
  in_piece_ = true;
  return false;
}

bool StretchReader::NextChunk(Step* step) {
  switch (reader_.Next()) {
    case ChunkReader::Step::kChunk:
      if (reader_.head().content.wall_begin >= until_) {
        Close();
        return true;
      }
      EnterChunk(reader_.head().content.first_unit, reader_.head().units.size());
      return false;
    case ChunkReader::Step::kDamage:
      if (reader_.damage().end_unit <= next_unit_) return false;
      Report(reader_.damage(), step);
      return true;
    case ChunkReader::Step::kEnd:
      break;
  }
  left_ = {reader_.piece(), reader_.mark()};
  in_piece_ = false;
  ++piece_;
  return false;
}

bool StretchReader::NextUnit(Step* step) {
  const std::vector<format::UnitEntry>& units = live_ ? live_->units : reader_.head().units;
  if (index_ >= units.size()) return false;
  const format::UnitEntry& entry = units[index_];
  if (live_) {
    step->gop_begin = index_ == 0 && (live_->row.flags & format::kContentClean) != 0;
    step->durable = live_->durable;
    step->config_hash = live_hash_;
    step->config = *live_->tracks;
    const ByteSpan payload(live_payload_);
    Fill(entry, live_->row.wall_begin, payload.subspan(live_begin_bytes_, entry.size_bytes), step);
    live_begin_bytes_ += entry.size_bytes;
  } else {
    const format::ContentHead& content = reader_.head().content;
    const Result<ByteSpan> bytes = reader_.UnitBytes(index_);
    if (!bytes.ok()) {
      DamagedUnits(bytes.status(), step);
      return true;
    }
    step->gop_begin = index_ == 0 && (content.flags & format::kContentClean) != 0;
    step->config_hash = content.config_hash;
    step->config = reader_.head().config;
    Fill(entry, content.wall_begin, *bytes, step);
  }
  if (extent_ == Extent::kLead) Close();
  return true;
}

void StretchReader::Fill(const format::UnitEntry& entry, WallTime chunk_begin, ByteSpan bytes,
                         Step* step) {
  step->kind = Kind::kUnit;
  step->unit.number = next_unit_;
  step->unit.track = entry.track;
  step->unit.flags = entry.flags;
  step->unit.pts = entry.pts;
  step->unit.dts = entry.dts;
  step->unit.wall = chunk_begin + std::chrono::microseconds(entry.wall_delta_us);
  step->unit.bytes.assign(bytes.begin(), bytes.end());
  next_unit_ = {next_unit_.value + 1};
  ++index_;
}

// Neighbours that are damaged too are one report.
void StretchReader::DamagedUnits(const Status& why, Step* step) {
  size_t end = index_ + 1;
  while (end < reader_.head().units.size() && !reader_.UnitBytes(end).ok()) ++end;
  const Damage damage = reader_.DamageOf(index_, end, why);
  index_ = end;
  Report(damage, step);
}

void StretchReader::Report(const Damage& damage, Step* step) {
  step->kind = Kind::kDamage;
  step->lost = damage;
  next_unit_ = damage.end_unit;
  footage_.OnDamage(stream_, damage.status);
  if (extent_ == Extent::kLead) Close();
}

void StretchReader::Miss(UnitNumber end, GapCause cause, Step* step) {
  step->kind = Kind::kMissing;
  step->cause = cause;
  step->lost.first_unit = next_unit_;
  step->lost.end_unit = end;
  next_unit_ = end;
  if (extent_ == Extent::kLead) Close();
}

// What is left of the present piece.
bool StretchReader::MissPiece(const Status& why, Step* step) {
  if (stretch_.pieces[piece_].end_unit() <= next_unit_) return false;
  Miss(stretch_.pieces[piece_].end_unit(),
       why.code() == Code::kNotFound      ? GapCause::kExpired
       : why.code() == Code::kUnavailable ? GapCause::kVolumeOffline
                                          : GapCause::kDiskError,
       step);
  return true;
}

}  // namespace reel
