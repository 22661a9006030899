#include "engine/store/narrator.h"

#include <algorithm>

#include "engine/format/track_config.h"
#include "engine/store/history.h"

namespace reel {

using Kind = StretchReader::Step::Kind;

Item Narrator::Take() {
  Item item = std::move(items_.front());
  items_.pop_front();
  return item;
}

Item& Narrator::NewItem(ItemKind kind) {
  Item& item = items_.emplace_back();
  item.kind = kind;
  if (run_) item.run = *run_;
  return item;
}

void Narrator::TellGap(const GapRow& gap) { NewItem(ItemKind::kGap).gap = gap; }

void Narrator::Jump() {
  expected_.reset();
  last_.reset();
  missed_.reset();
}

Status Narrator::Tell(RunId run, StretchReader::Step step) {
  if (step.kind == Kind::kEnd) return missed_ ? TellMissed(step.stretch_time.end) : OkStatus();
  if (!run_ || *run_ != run) {
    const bool is_unit = step.kind == Kind::kUnit;
    REEL_RETURN_IF_ERROR(Join(run, is_unit ? step.unit.wall : step.stretch_time.begin));
  }
  if (step.kind == Kind::kUnit) return TellUnit(std::move(step));
  if (step.kind == Kind::kMissing) {
    // Told when it is known where footage goes on.
    if (missed_) step.lost.first_unit = missed_->lost.first_unit;
    missed_ = std::move(step);
    return OkStatus();
  }
  if (missed_) REEL_RETURN_IF_ERROR(TellMissed(step.stretch_time.end));
  NewItem(ItemKind::kDamage).status = step.lost.status;
  expected_ = step.lost.end_unit;
  return OkStatus();
}

Status Narrator::Join(RunId run, WallTime begin) {
  if (last_) REEL_RETURN_IF_ERROR(TellPause({*last_, begin}));
  Jump();
  run_ = run;
  config_hash_.reset();
  NewItem(ItemKind::kRunBegin);
  return OkStatus();
}

Status Narrator::TellUnit(StretchReader::Step step) {
  const UnitNumber number = step.unit.number;
  if (missed_) REEL_RETURN_IF_ERROR(TellMissed(step.unit.wall));
  if (expected_ && number > *expected_ && !sparse_) {
    const WallRange time{last_.value_or(step.unit.wall), step.unit.wall};
    REEL_RETURN_IF_ERROR(TellHole(time, number.value - expected_->value));
  }
  if (config_hash_ != step.config_hash || (!tracks_known_ && !step.config.empty())) {
    REEL_RETURN_IF_ERROR(TellTracks(step));
  }
  expected_ = UnitNumber{number.value + 1};
  last_ = step.unit.wall;
  Item& item = NewItem(ItemKind::kUnit);
  item.durable = step.durable;
  item.gop_begin = step.gop_begin;
  item.unit = std::move(step.unit);
  return OkStatus();
}

Status Narrator::TellTracks(const StretchReader::Step& step) {
  const auto find = [&] {
    return std::find_if(tracks_.begin(), tracks_.end(),
                        [&](const auto& known) { return known.first == step.config_hash; });
  };
  if (find() == tracks_.end() && !step.config.empty()) {
    REEL_ASSIGN_OR_RETURN(std::vector<TrackInfo> tracks, format::DecodeTracks(step.config));
    tracks_.emplace_front(step.config_hash, std::move(tracks));
    if (tracks_.size() > kTracksMax) tracks_.pop_back();
  }
  const auto known = find();
  tracks_known_ = known != tracks_.end();  // else the chunk that carries them has been recycled
  Item& item = NewItem(ItemKind::kTracks);
  if (tracks_known_) item.tracks = known->second;
  config_hash_ = step.config_hash;
  return OkStatus();
}

Status Narrator::TellMissed(WallTime until) {
  GapRow gap;
  gap.stream = stream_;
  gap.begin = last_.value_or(missed_->stretch_time.begin);
  gap.end = std::max(gap.begin, until);
  gap.cause = missed_->cause;
  gap.units_lost = missed_->lost.end_unit.value - missed_->lost.first_unit.value;
  TellGap(gap);
  expected_ = missed_->lost.end_unit;
  missed_.reset();
  return OkStatus();
}

Status Narrator::TellHole(WallRange time, uint64_t units_lost) {
  // A range of one instant still asks for what the ledger says of it.
  const WallRange look{time.begin, std::max(time.end, time.begin + Duration{1})};
  REEL_ASSIGN_OR_RETURN(const std::vector<GapRow> known, footage_.index().Gaps(stream_, look, 1));
  GapCause cause = known.empty() ? GapCause::kUnknown : known.front().cause;
  if (known.empty()) {
    // Rows may have gone while the ones before them were read, or found to be gone.
    REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> oldest,
                          footage_.index().Gops(stream_, kWallMin, Direction::kForward, 1));
    const WallTime from = oldest.empty() ? kWallMin : oldest.front().begin;
    if (from > time.begin || (!last_ && from == time.begin)) cause = GapCause::kExpired;
  }
  TellGap({stream_, time.begin, std::max(time.begin, time.end), cause, units_lost});
  return OkStatus();
}

Status Narrator::TellPause(WallRange time) {
  if (time.end - time.begin <= kFootageTolerance) return OkStatus();
  REEL_ASSIGN_OR_RETURN(const History history, History::Load(footage_, stream_, time));
  for (const GapRow& gap : history.Explain(time)) TellGap(gap);
  return OkStatus();
}

}  // namespace reel
