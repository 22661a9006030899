#include "engine/store/export_scan.h"

#include <algorithm>

#include "engine/media/adts.h"
#include "engine/media/decoder_record.h"
#include "engine/media/mp4_layout.h"
#include "engine/media/mp4_sample_entry.h"
#include "engine/media/nal.h"
#include "engine/media/parameter_set_tracker.h"
#include "engine/store/seek.h"

namespace reel {
namespace {

using Step = StretchReader::Step;

constexpr size_t kRows = 64;
constexpr size_t kRowsMax = 4096;
// How far behind the range a further GOP is looked for.
constexpr Duration kExtraMax = std::chrono::minutes(5);

bool IsSameMedia(const TrackInfo& a, const TrackInfo& b) {
  return a.kind == b.kind && a.codec == b.codec && a.timescale == b.timescale;
}

std::string NameOf(TrackId track) { return "track " + std::to_string(track.value); }

}  // namespace

const TrackInfo* ExportConfig::Find(TrackId id) const {
  const auto found = std::find_if(tracks.begin(), tracks.end(),
                                  [id](const TrackInfo& track) { return track.id == id; });
  return found == tracks.end() ? nullptr : &*found;
}

Status ExportScan::Run() {
  limit_ = options_.extra_gop ? options_.range.end + kExtraMax : options_.range.end;
  REEL_RETURN_IF_ERROR(FindStart());
  stretches_.emplace_back();
  WallTime from = start_;
  for (size_t limit = kRows; from < limit_;) {
    REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> rows,
                          footage_.index().Gops(stream_, from, Direction::kForward, limit));
    ExpectHeads(rows);
    for (const GopRow& row : rows) {
      if (row.begin < limit_) REEL_RETURN_IF_ERROR(ScanRow(StretchOf(row)));
    }
    if (rows.size() < limit) break;
    // Rows that begin at one instant are asked for together.
    const bool moves = rows.back().begin > from;
    from = moves ? rows.back().begin : limit == kRowsMax ? from + Duration{1} : from;
    limit = moves ? kRows : kRowsMax;
  }
  if (units_unknown_ > 0) {
    stretches_.back().notes.push_back(std::to_string(units_unknown_) +
                                      " units left out: what describes their tracks is gone");
  }
  const auto is_empty = [](const ExportStretch& stretch) { return stretch.units.empty(); };
  std::vector<std::string> damage;
  for (const ExportStretch& stretch : stretches_) {
    damage.insert(damage.end(), stretch.damage.begin(), stretch.damage.end());
  }
  std::erase_if(stretches_, is_empty);
  if (!stretches_.empty()) return OkStatus();
  if (damage.empty()) return Nothing();
  return DataLoss("nothing in that range can be verified: " + damage.front());
}

Status ExportScan::Nothing() const {
  const std::string where = "no footage from " + FormatWall(options_.range.begin) + " to " +
                            FormatWall(options_.range.end);
  const Result<SeekPoint> next =
      SeekIn(footage_, stream_, options_.range.begin, SeekRule::kAtOrBefore);
  if (!next.ok() || next->begin < options_.range.end) {
    return NotFound(where + "; 'reel timeline' shows what there is");
  }
  return NotFound(where + "; the next is at " + FormatWall(next->begin));
}

Status ExportScan::FindStart() {
  start_ = options_.range.begin;
  if (start_ == kWallMin) return OkStatus();
  for (int gops = options_.extra_gop ? 2 : 1; gops > 0; --gops) {
    const WallTime look = gops == 1 && options_.extra_gop ? start_ - Duration{1} : start_;
    const Result<SeekPoint> point = SeekIn(footage_, stream_, look, SeekRule::kAtOrBefore);
    if (!point.ok() && point.status().code() != Code::kNotFound) return point.status();
    if (!point.ok() || point->in_gap) break;
    start_ = std::min(start_, point->begin);
  }
  return OkStatus();
}

void ExportScan::ExpectHeads(const std::vector<GopRow>& rows) {
  if (options_.damage == DamagePolicy::kLeaveOut) return;  // all of it is read
  std::vector<Piece> pieces;
  for (const GopRow& row : rows) {
    if (row.begin < limit_) pieces.insert(pieces.end(), row.pieces.begin(), row.pieces.end());
  }
  ahead_.Expect(std::move(pieces));
}

Status ExportScan::ScanRow(const Stretch& row) {
  UnitNumber& next = next_unit_[row.run];
  if (row.begin < start_ || row.end_unit <= next) return OkStatus();
  at_ = std::max(row.first_unit, next);
  for (const Piece& piece : row.pieces) {
    if (piece.first_unit.value + piece.unit_count <= at_.value) continue;
    if (piece.first_unit > at_) {
      // The index leaves out pieces in segments that have been recycled.
      REEL_RETURN_IF_ERROR(Missing(row, piece.first_unit, GapCause::kExpired));
    }
    REEL_RETURN_IF_ERROR(ScanPiece(row, piece));
  }
  next = std::max(next, row.end_unit);
  Step end;
  end.stretch_time = {row.begin, row.end};
  return Tell(row.run, std::move(end));
}

Status ExportScan::ScanPiece(const Stretch& row, const Piece& piece) {
  Result<SegmentLease> lease = footage_.Lease(piece.volume, piece.serial);
  const UnitNumber end{piece.first_unit.value + piece.unit_count};
  if (!lease.ok()) {
    const Code code = lease.status().code();
    return Missing(row, end,
                   code == Code::kNotFound      ? GapCause::kExpired
                   : code == Code::kUnavailable ? GapCause::kVolumeOffline
                                                : GapCause::kDiskError);
  }
  const bool all = options_.damage == DamagePolicy::kLeaveOut;
  reader_.Open(*std::move(lease), {stream_, row.run, piece, {row.begin, row.end}},
               all ? kReadAheadBytes : format::kBlockBytes, ahead_.Take(piece));
  piece_ = piece;
  for (;;) {
    switch (reader_.Next()) {
      case ChunkReader::Step::kEnd:
        reader_.Close();
        return OkStatus();
      case ChunkReader::Step::kDamage:
        if (reader_.damage().end_unit > at_) {
          REEL_RETURN_IF_ERROR(Damaged(row, reader_.damage()));
        }
        break;
      case ChunkReader::Step::kChunk:
        if (reader_.head().content.wall_begin >= limit_) {
          reader_.Close();
          return OkStatus();
        }
        REEL_RETURN_IF_ERROR(ScanChunk(row));
    }
  }
}

Status ExportScan::ScanChunk(const Stretch& row) {
  const format::ChunkHead& head = reader_.head();
  chunk_.reset();
  const uint64_t first = head.content.first_unit.value;
  for (size_t i = 0; i < head.units.size(); ++i) {
    if (first + i < at_.value) continue;
    if (options_.damage == DamagePolicy::kLeaveOut) {
      size_t end = i;
      const Status why = reader_.UnitBytes(i).status();
      while (end < head.units.size() && !reader_.UnitBytes(end).ok()) ++end;
      if (end > i) {
        REEL_RETURN_IF_ERROR(Damaged(row, reader_.DamageOf(i, end, why)));
        i = end - 1;
        continue;
      }
    }
    const format::UnitEntry& entry = head.units[i];
    Step step;
    step.kind = Step::Kind::kUnit;
    step.unit.number = {first + i};
    step.unit.track = entry.track;
    step.unit.flags = entry.flags;
    step.unit.pts = entry.pts;
    step.unit.dts = entry.dts;
    step.unit.wall = head.content.wall_begin + std::chrono::microseconds(entry.wall_delta_us);
    at_ = {first + i + 1};
    if (step.unit.wall >= limit_) continue;
    step.config_hash = head.content.config_hash;
    step.config = head.config;
    index_ = i;
    REEL_RETURN_IF_ERROR(Tell(row.run, std::move(step)));
  }
  return OkStatus();
}

Status ExportScan::Missing(const Stretch& row, UnitNumber end, GapCause cause) {
  Step step;
  step.kind = Step::Kind::kMissing;
  step.cause = cause;
  step.lost.first_unit = at_;
  step.lost.end_unit = end;
  step.stretch_time = {row.begin, row.end};
  at_ = end;
  return Tell(row.run, std::move(step));
}

Status ExportScan::Damaged(const Stretch& row, const Damage& damage) {
  footage_.OnDamage(stream_, damage.status);
  if (options_.damage == DamagePolicy::kRefuse) return damage.status;
  Step step;
  step.kind = Step::Kind::kDamage;
  step.lost = damage;
  step.stretch_time = {row.begin, row.end};
  at_ = damage.end_unit;
  return Tell(row.run, std::move(step));
}

Status ExportScan::Tell(RunId run, StretchReader::Step step) {
  REEL_RETURN_IF_ERROR(narrator_.Tell(run, std::move(step)));
  while (!narrator_.empty()) REEL_RETURN_IF_ERROR(Take(narrator_.Take()));
  return OkStatus();
}

Status ExportScan::Take(const Item& item) {
  ExportStretch& stretch = stretches_.back();
  const bool cuts = options_.split && !stretch.units.empty();
  switch (item.kind) {
    case ItemKind::kRunBegin:
      begun_.clear();
      adts_bytes_.clear();
      return OkStatus();
    case ItemKind::kTracks:
      return TakeTracks(item.tracks);
    case ItemKind::kGap:
      // Of what is asked for nothing lies behind it.
      if (options_.extra_gop && item.gap.end > options_.range.end) {
        limit_ = std::min(limit_, item.gap.end);
      }
      if (cuts) NextStretch();
      if (!cuts) stretch.gaps.push_back(item.gap);
      return OkStatus();
    case ItemKind::kDamage:
      stretch.damage.push_back(item.status.message());
      if (cuts) NextStretch();
      return OkStatus();
    case ItemKind::kUnit:
      return TakeUnit(item);
    case ItemKind::kEnd:
      break;
  }
  return OkStatus();
}

Status ExportScan::TakeTracks(const std::vector<TrackInfo>& tracks) {
  config_.reset();
  if (tracks.empty()) return OkStatus();
  for (const TrackInfo& track : tracks) {
    const auto known = tracks_.find(track.id);
    if (known == tracks_.end() || IsSameMedia(known->second, track) || WhyNotInMp4(track)) continue;
    const ExportStretch& stretch = stretches_.back();
    if (stretch.units.empty()) continue;
    if (!options_.split) {
      return FailedPrecondition("the stream changes its tracks after " +
                                FormatWall(stretch.units.back().wall) + " (" + NameOf(track.id) +
                                " has another codec or clock): split the export, or export up to " +
                                "there and on from there");
    }
    NextStretch();
    break;
  }
  for (const TrackInfo& track : tracks) tracks_.try_emplace(track.id, track);
  return UseConfig({tracks, false});
}

Status ExportScan::UseConfig(ExportConfig config) {
  const auto known = std::find_if(configs_.begin(), configs_.end(), [&](const ExportConfig& c) {
    return c.tracks == config.tracks && c.sets_in_band == config.sets_in_band;
  });
  config_ = static_cast<uint16_t>(known - configs_.begin());
  if (known != configs_.end()) return OkStatus();
  if (configs_.size() == kMaxConfigs) {
    return ResourceExhausted("the tracks change more than " + std::to_string(kMaxConfigs) +
                             " times in the range: ask for a shorter one");
  }
  configs_.push_back(std::move(config));
  return OkStatus();
}

void ExportScan::NextStretch() {
  stretches_.emplace_back();
  tracks_.clear();
  begun_.clear();
}

Status ExportScan::TakeUnit(const Item& item) {
  if (item.unit.wall >= limit_) return OkStatus();
  const TrackId track = item.unit.track;
  const TrackInfo* info = config_ ? configs_[*config_].Find(track) : nullptr;
  if (info == nullptr) {
    ++units_unknown_;
    return OkStatus();
  }
  if (++unit_count_ > Mp4Layout::kMaxSamples) {
    return ResourceExhausted("the range has more than " + std::to_string(Mp4Layout::kMaxSamples) +
                             " units: ask for a shorter one");
  }
  if (info->kind == TrackKind::kVideo && (item.unit.flags & kUnitClean) != 0) {
    if (EndsExtraGop(item.unit.wall)) return OkStatus();
    REEL_RETURN_IF_ERROR(FindSets(track));
  }
  const format::ChunkHead& head = reader_.head();
  if (!chunk_) {
    chunk_ = static_cast<uint32_t>(chunks_.size());
    chunks_.push_back(
        {{piece_.volume, piece_.serial, head.place.segment_uid, head.place.offset_bytes,
          head.place.chunk_bytes, head.content.run, head.content.first_unit,
          head.content.unit_count, head.content.wall_begin, head.content.wall_end},
         head.place.header_crc32c,
         head.content.wall_uncertainty_us});
  }
  ScannedUnit unit;
  unit.pts = item.unit.pts;
  unit.dts = item.unit.dts;
  unit.wall = item.unit.wall;
  unit.size_bytes = head.units[index_].size_bytes;
  unit.crc32c = head.units[index_].crc32c;
  unit.chunk = *chunk_;
  unit.index = static_cast<uint16_t>(index_);
  unit.config = *config_;
  unit.track = track;
  unit.flags = item.unit.flags;
  unit.run_begins = begun_.insert(track).second;
  if (configs_[*config_].Find(track)->codec == Codec::kAac) {
    REEL_ASSIGN_OR_RETURN(unit.skip_bytes, AdtsBytes(track));
  }
  ExportStretch& stretch = stretches_.back();
  stretch.units.push_back(unit);
  if (stretch.runs.empty() || stretch.runs.back() != item.run) stretch.runs.push_back(item.run);
  return OkStatus();
}

// A producer need not hand in parameter sets apart from the units.
Status ExportScan::FindSets(TrackId track) {
  const TrackInfo& info = *configs_[*config_].Find(track);
  if (BuildDecoderRecord(info.codec, info.config).ok()) return OkStatus();
  const Result<ByteSpan> bytes = reader_.UnitBytes(index_);
  if (!bytes.ok()) return OkStatus();  // what it is will be told when it is read
  const Result<NalList> nals = SplitNals(*bytes, NalFraming::kLength4);
  if (!nals.ok()) return OkStatus();
  ParameterSetTracker sets(info.codec);
  (void)sets.Observe(*nals);
  if (!BuildDecoderRecord(info.codec, sets.config()).ok()) return OkStatus();
  ExportConfig config{configs_[*config_].tracks, true};
  for (TrackInfo& changed : config.tracks) {
    if (changed.id == track) changed.config = sets.config();
  }
  return UseConfig(std::move(config));
}

Result<uint8_t> ExportScan::AdtsBytes(TrackId track) {
  const auto known = adts_bytes_.find(track);
  if (known != adts_bytes_.end() && options_.damage == DamagePolicy::kRefuse) return known->second;
  REEL_ASSIGN_OR_RETURN(const ByteSpan bytes, reader_.UnitBytes(index_));
  return adts_bytes_[track] = AdtsHeaderBytesOf(bytes);
}

// One more GOP: up to the second clean point behind the range.
bool ExportScan::EndsExtraGop(WallTime clean) {
  if (!options_.extra_gop || clean < options_.range.end || ++clean_behind_ < 2) return false;
  limit_ = clean;
  return true;
}

}  // namespace reel
