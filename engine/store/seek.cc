#include "engine/store/seek.h"

#include <algorithm>

#include "engine/format/track_config.h"
#include "engine/store/stretch_reader.h"

namespace reel {
namespace {

constexpr size_t kNearestRows = 2;  // one covers t nearly always
constexpr size_t kRowsMax = 4096;

// One seek: looks at stretches around `t`, nearest first, and fetches more only where these do not
// say.
class Seeker {
 public:
  Seeker(Footage& footage, StreamId stream, WallTime t)
      : footage_(footage), stream_(stream), t_(t) {}

  Result<FoundPoint> Run(SeekRule rule) {
    // Memory before index, so that what moves from one to the other meanwhile is seen.
    live_ = LiveStretches(footage_, stream_);
    for (const size_t limit : {kNearestRows, kSeekRows, kRowsMax}) {
      REEL_RETURN_IF_ERROR(LoadBefore(limit));
      for (size_t i = before_.size(); i-- > 0;) {
        // Once t is known to lie in a stretch, others have to reach it to count.
        const Duration behind = in_footage_ ? Duration{0} : kFootageTolerance;
        if (t_ - before_[i].end > behind) continue;
        in_footage_ = true;
        if (const Stretch* clean = CleanOf(i)) return PointAt(*clean);
      }
      if (all_before_ || (!in_footage_ && limit != kNearestRows)) break;
    }
    return AskAhead(rule);
  }

 private:
  // No stretch that was looked at covers t by itself.
  Result<FoundPoint> AskAhead(SeekRule rule) {
    REEL_RETURN_IF_ERROR(LoadAfter(kSeekRows));
    for (size_t i = before_.size(); i-- > 0 && !in_footage_;) {
      if (!GoesOn(before_[i])) continue;
      in_footage_ = true;
      if (const Stretch* clean = CleanOf(i)) return PointAt(*clean);
    }
    return rule == SeekRule::kAtOrBefore ? NextClean() : LastClean();
  }

  bool GoesOn(const Stretch& stretch) const {
    return std::any_of(after_.begin(), after_.end(), [&](const Stretch& next) {
      return stretch.ContinuesIn(next) && next.begin - stretch.end <= kJoinMax;
    });
  }

  Result<FoundPoint> NextClean() {
    for (const size_t limit : {kSeekRows, kRowsMax}) {
      if (limit != kSeekRows) REEL_RETURN_IF_ERROR(LoadAfter(limit));
      for (const Stretch& stretch : after_) {
        if (stretch.clean) return PointAt(stretch);
      }
      if (all_after_) break;
    }
    if (before_.empty()) return NotFound("the stream has no footage");
    WallTime last = kWallMin;
    for (const Stretch& stretch : before_) last = std::max(last, stretch.end);
    return NotFound("no footage at or after " + FormatWall(t_) + "; the last there is ends at " +
                    FormatWall(last));
  }

  Result<FoundPoint> LastClean() {
    for (const size_t limit : {kSeekRows, kRowsMax}) {
      if (limit != kSeekRows) REEL_RETURN_IF_ERROR(LoadBefore(limit));
      for (size_t i = before_.size(); i-- > 0;) {
        if (before_[i].clean) return PointAt(before_[i]);
      }
      if (all_before_) break;
    }
    if (after_.empty()) return NotFound("the stream has no footage");
    return NotFound("no footage before " + FormatWall(t_) + "; the first there is begins at " +
                    FormatWall(after_.front().begin));
  }

  // The clean point from which units reach before_[i] without a hole.
  const Stretch* CleanOf(size_t i) const {
    size_t at = i;
    for (size_t j = i + 1; j-- > 0;) {
      if (j != at && !before_[j].ContinuesIn(before_[at])) continue;
      at = j;
      if (before_[at].clean) return &before_[at];
    }
    return nullptr;
  }

  FoundPoint PointAt(const Stretch& stretch) const {
    SeekPoint point;
    point.stream = stream_;
    point.run = stretch.run;
    point.begin = stretch.begin;
    point.unit = stretch.first_unit;
    point.in_gap = !in_footage_;
    if (in_footage_ && point.begin <= t_) point.pre_roll = t_ - point.begin;
    point.durable = stretch.durable;
    return {point, stretch};
  }

  Status LoadBefore(size_t limit) {
    REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> rows,
                          footage_.index().Gops(stream_, t_, Direction::kBackward, limit));
    all_before_ = rows.size() < limit;
    before_ = Merged(rows, [this](const Stretch& s) { return s.begin <= t_; });
    return OkStatus();
  }

  Status LoadAfter(size_t limit) {
    if (t_ == kWallMax) return OkStatus();
    const WallTime from = t_ + Duration{1};
    REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> rows,
                          footage_.index().Gops(stream_, from, Direction::kForward, limit));
    all_after_ = rows.size() < limit;
    after_ = Merged(rows, [this](const Stretch& s) { return s.begin > t_; });
    return OkStatus();
  }

  template <class Wanted>
  std::vector<Stretch> Merged(const std::vector<GopRow>& rows, Wanted wanted) const {
    std::vector<Stretch> merged;
    merged.reserve(rows.size());
    for (const GopRow& row : rows) merged.push_back(StretchOf(row));
    std::copy_if(live_.begin(), live_.end(), std::back_inserter(merged), wanted);
    std::sort(merged.begin(), merged.end());
    return merged;
  }

  Footage& footage_;
  const StreamId stream_;
  const WallTime t_;
  std::vector<Stretch> live_;
  std::vector<Stretch> before_;  // that begin at or before t, ascending
  std::vector<Stretch> after_;   // that begin behind t, ascending
  bool all_before_ = false;      // nothing lies beyond
  bool all_after_ = true;
  bool in_footage_ = false;
};

}  // namespace

Result<FoundPoint> FindPoint(Footage& footage, StreamId stream, WallTime t, SeekRule rule) {
  return Seeker(footage, stream, t).Run(rule);
}

Result<SeekPoint> SeekIn(Footage& footage, StreamId stream, WallTime t, SeekRule rule) {
  REEL_ASSIGN_OR_RETURN(const FoundPoint found, FindPoint(footage, stream, t, rule));
  return found.point;
}

Result<Keyframe> ReadKeyframe(Footage& footage, const SeekPoint& point) {
  Stretch at;
  at.begin = point.begin;
  at.end = point.begin;
  at.run = point.run;
  at.first_unit = point.unit;
  at.end_unit = {point.unit.value + 1};
  StretchReader reader(footage, point.stream);
  REEL_RETURN_IF_ERROR(reader.Open(at, point.unit, kWallMax, StretchReader::Extent::kLead));
  StretchReader::Step step = reader.Next();
  if (step.kind == StretchReader::Step::Kind::kDamage) return step.lost.status;
  if (step.kind != StretchReader::Step::Kind::kUnit) {
    const std::string footage_of = "the footage of " + FormatWall(point.begin);
    if (step.cause == GapCause::kVolumeOffline) {
      return Unavailable(footage_of + " is out of reach: its volume is away");
    }
    return NotFound(footage_of + " is gone: " + std::string(GapCauseName(step.cause)));
  }
  Keyframe keyframe;
  keyframe.durable = step.durable;
  if (!step.config.empty()) {
    REEL_ASSIGN_OR_RETURN(keyframe.tracks, format::DecodeTracks(step.config));
  }
  keyframe.unit = std::move(step.unit);
  return keyframe;
}

}  // namespace reel
