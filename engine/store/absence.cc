#include "engine/store/absence.h"

#include <algorithm>

#include "engine/store/seek.h"
#include "engine/store/timeline.h"

namespace reel {
namespace {

std::string CauseText(GapCause cause) {
  switch (cause) {
    case GapCause::kNotRecorded:
      return "nobody asked for it to be recorded";
    case GapCause::kSourceLost:
      return "the camera or the link to it was lost";
    case GapCause::kOverload:
      return "it was shed, because memory was full";
    case GapCause::kDiskError:
      return "the disk failed";
    case GapCause::kDiskFull:
      return "the disk was full";
    case GapCause::kRecorderDown:
      return "the recorder was not running";
    case GapCause::kExpired:
      return "it has expired, its room was recycled";
    case GapCause::kVolumeOffline:
      return "its volume is away";
    case GapCause::kDamaged:
      return "it was recorded, but can no longer be verified";
    case GapCause::kLoginRefused:
      return "the camera refused the login";
    case GapCause::kSourceStalled:
      return "the camera was connected, but sent nothing";
    case GapCause::kPacketsLost:
      return "the link to the camera lost it";
    case GapCause::kOffSchedule:
      return "its schedule did not ask for it";
    case GapCause::kUnknown:
      break;
  }
  return "the cause is not known";
}

std::string RangeText(const GapRow& gap) {
  const bool begins = gap.begin != kWallMin;
  const bool ends = gap.end != kWallMax;
  if (!begins && !ends) return "";
  return (begins ? ", from " + FormatWall(gap.begin) : std::string(",")) +
         (ends ? (begins ? " to " : " until ") + FormatWall(gap.end) : std::string(" on"));
}

Absence GapOf(StreamId stream, WallRange range, GapCause cause) {
  return {Absence::Kind::kGap, {stream, range.begin, range.end, cause, 0}};
}

// There is footage; whether it can be read.
Result<std::optional<Absence>> UnreadableAt(Footage& footage, const SeekPoint& point,
                                            WallTime time) {
  const Result<Keyframe> picture = ReadKeyframe(footage, point);
  if (picture.ok()) return std::optional<Absence>();
  const WallRange range{point.begin, time + Duration{1}};
  switch (picture.status().code()) {
    case Code::kUnavailable:
      return std::optional(GapOf(point.stream, range, GapCause::kVolumeOffline));
    case Code::kNotFound:
      return std::optional(GapOf(point.stream, range, GapCause::kExpired));
    case Code::kDataLoss:
      return std::optional(GapOf(point.stream, range, GapCause::kDamaged));
    default:
      return picture.status();
  }
}

// `before` and `after` are the clean points on either side, where there are any.
Result<std::optional<Absence>> GapAt(Footage& footage, StreamId stream, WallTime time,
                                     const Result<SeekPoint>& before,
                                     const Result<SeekPoint>& after) {
  const WallTime now = footage.clock().WallNow();
  if (time > now && !after.ok()) {
    return std::optional(Absence{Absence::Kind::kNotYet, {stream, now, kWallMax}});
  }
  WallRange look{before.ok() ? before->begin : kWallMin, after.ok() ? after->begin : now};
  look.end = std::max(look.end, time + Duration{1});
  REEL_ASSIGN_OR_RETURN(const Timeline timeline, TimelineIn(footage, stream, look, Bucket::kDay));
  for (const GapRow& gap : timeline.gaps) {
    const bool here = gap.begin <= time && time < gap.end;
    if (here) return std::optional(Absence{Absence::Kind::kGap, gap});
  }
  const bool recorded = std::any_of(
      timeline.spans.begin(), timeline.spans.end(),
      [time](const Span& span) { return span.range.begin <= time && time <= span.range.end; });
  Absence absence = GapOf(stream, look, GapCause::kUnknown);
  if (recorded) absence.kind = Absence::Kind::kUndecodable;
  return std::optional(absence);
}

bool Covers(const Result<SeekPoint>& point, WallTime time) {
  return point.ok() && !point->in_gap && point->begin <= time;
}

}  // namespace

std::string Absence::Text(WallTime asked) const {
  const std::string at = FormatWall(asked);
  switch (kind) {
    case Kind::kNotYet:
      return at + " has not come yet: it is " + FormatWall(gap.begin) + " now";
    case Kind::kUndecodable:
      return "what was recorded at " + at + " cannot be shown: the beginning of its GOP is missing";
    case Kind::kGap:
      break;
  }
  return "nothing at " + at + RangeText(gap) + ": " + CauseText(gap.cause) + " (" +
         std::string(GapCauseName(gap.cause)) + ")";
}

Result<std::optional<Absence>> AbsenceIn(Footage& footage, StreamId stream, WallTime time) {
  const Result<SeekPoint> after = SeekIn(footage, stream, time, SeekRule::kAtOrBefore);
  if (Covers(after, time)) return UnreadableAt(footage, *after, time);
  const Result<SeekPoint> before = SeekIn(footage, stream, time, SeekRule::kBackward);
  for (const Result<SeekPoint>* point : {&before, &after}) {
    if (!point->ok() && point->status().code() != Code::kNotFound) return point->status();
  }
  return GapAt(footage, stream, time, before, after);
}

StreamMoment MomentIn(Footage& footage, StreamId stream, WallTime time, SeekRule rule) {
  StreamMoment moment{stream, SeekIn(footage, stream, time, rule), std::nullopt};
  if (Covers(moment.point, time)) return moment;
  const Result<std::optional<Absence>> why = AbsenceIn(footage, stream, time);
  if (why.ok()) moment.absence = *why;
  return moment;
}

}  // namespace reel
