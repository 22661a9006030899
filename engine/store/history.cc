#include "engine/store/history.h"

#include <algorithm>

#include "engine/store/stretch.h"

namespace reel {
namespace {

Status TooMany(const char* what) {
  return ResourceExhausted("the range holds more than " + std::to_string(History::kMaxRows) + " " +
                           what + ": ask for a shorter one");
}

}  // namespace

Result<History> History::Load(Footage& footage, StreamId stream, WallRange range) {
  History history(stream);
  // Memory before index, so that what moves from one to the other meanwhile is seen.
  const std::vector<Stretch> live = LiveStretches(footage, stream);
  Index& index = footage.index();
  REEL_ASSIGN_OR_RETURN(history.gaps_, index.Gaps(stream, range, kMaxRows));
  if (history.gaps_.size() == kMaxRows) return TooMany("gaps");
  REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> first,
                        index.Gops(stream, kWallMin, Direction::kForward, 1));
  history.oldest_ = first.empty() ? kWallMax : first.front().begin;
  REEL_RETURN_IF_ERROR(history.LoadRuns(footage, range));
  history.AddLive(live, range);
  REEL_RETURN_IF_ERROR(history.LoadBefore(footage, range.begin));
  for (const RunRow& run : history.runs_) {
    if (footage.IsRecording(stream, run.run)) history.recording_.push_back(run.run);
  }
  history.created_ = footage.StreamCreated(stream);
  history.sessions_ = footage.SessionBegins();
  std::sort(history.sessions_.begin(), history.sessions_.end());
  return history;
}

Status History::LoadRuns(Footage& footage, WallRange range) {
  REEL_ASSIGN_OR_RETURN(runs_, footage.index().Runs(stream_, range, kMaxRows));
  return runs_.size() == kMaxRows ? TooMany("runs") : OkStatus();
}

void History::AddLive(const std::vector<Stretch>& live, WallRange range) {
  for (const Stretch& stretch : live) {
    oldest_ = std::min(oldest_, stretch.begin);
    if (!(stretch.begin < range.end) || stretch.end < range.begin) continue;
    const auto known = std::find_if(runs_.begin(), runs_.end(),
                                    [&](const RunRow& run) { return run.run == stretch.run; });
    if (known == runs_.end()) {
      runs_.push_back({stream_, stretch.run, stretch.begin, stretch.end, EndCause::kOpen});
    } else {
      known->end = std::max(known->end, stretch.end);
    }
  }
  std::stable_sort(runs_.begin(), runs_.end(),
                   [](const RunRow& a, const RunRow& b) { return a.begin < b.begin; });
}

// The last run before the range is found through the last footage before it: runs are listed from
// the oldest on, and there may be many.
Status History::LoadBefore(Footage& footage, WallTime begin) {
  if (begin == kWallMin) return OkStatus();
  Index& index = footage.index();
  REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> last,
                        index.Gops(stream_, begin - Duration{1}, Direction::kBackward, 1));
  const WallRange look = last.empty() ? WallRange{kWallMin, begin}
                                      : WallRange{last[0].begin, last[0].begin + Duration{1}};
  REEL_ASSIGN_OR_RETURN(const std::vector<RunRow> runs,
                        index.Runs(stream_, look, last.empty() ? 1 : kMaxRows));
  anything_before_ = !last.empty() || !runs.empty();
  for (const RunRow& run : runs) {
    if (last.empty() || run.run != last[0].run) continue;
    before_ = run;
    if (footage.IsRecording(stream_, run.run)) recording_.push_back(run.run);
  }
  return OkStatus();
}

std::vector<GapRow> History::Explain(WallRange missing) const {
  std::vector<GapRow> out;
  WallTime at = missing.begin;
  for (const GapRow& gap : gaps_) {
    const WallTime begin = std::max(at, gap.begin);
    const WallTime end = std::min(missing.end, gap.end);
    if (!(begin < end)) continue;
    AddWithoutLedger({at, begin}, &out);
    Add(begin, end, gap.cause, &out);
    if (begin == gap.begin && end == gap.end) out.back().units_lost = gap.units_lost;
    at = end;
  }
  AddWithoutLedger({at, missing.end}, &out);
  return out;
}

void History::AddWithoutLedger(WallRange missing, std::vector<GapRow>* out) const {
  WallTime at = missing.begin;
  for (const RunRow& run : runs_) {
    const WallTime begin = std::max(at, run.begin);
    const WallTime end = std::min({missing.end, run.end, oldest_});
    if (!(begin < end)) continue;
    AddUnexplained({at, begin}, out);
    Add(begin, end, GapCause::kExpired, out);
    at = end;
  }
  AddUnexplained({at, missing.end}, out);
}

void History::AddUnexplained(WallRange missing, std::vector<GapRow>* out) const {
  const WallTime known = std::clamp(created_, missing.begin, std::max(missing.begin, missing.end));
  Add(missing.begin, known, GapCause::kNotRecorded, out);
  const RunRow* run = RunBefore(missing.end);
  if (run == nullptr && !anything_before_) {
    Add(known, missing.end, GapCause::kNotRecorded, out);
    return;
  }
  const auto opened = std::upper_bound(sessions_.begin(), sessions_.end(), missing.end);
  if (opened != sessions_.begin() && *std::prev(opened) > known) {
    const WallTime up = *std::prev(opened);
    const WallTime back = missing.end - up <= kJoinMax ? missing.end : up;
    Add(known, back, GapCause::kRecorderDown, out);
    Add(back, missing.end, GapCause::kUnknown, out);
    return;
  }
  Add(known, missing.end, CauseOfEnd(run), out);
}

void History::Add(WallTime begin, WallTime end, GapCause cause, std::vector<GapRow>* out) const {
  if (!(begin < end)) return;
  const bool joins = !out->empty() && out->back().cause == cause && out->back().end == begin &&
                     out->back().units_lost == 0;
  if (joins) {
    out->back().end = end;
  } else {
    out->push_back({stream_, begin, end, cause, 0});
  }
}

const RunRow* History::RunBefore(WallTime t) const {
  const RunRow* last = before_ && before_->begin < t ? &*before_ : nullptr;
  for (const RunRow& run : runs_) {
    if (run.begin < t && (last == nullptr || run.end > last->end)) last = &run;
  }
  return last;
}

GapCause History::CauseOfEnd(const RunRow* run) const {
  if (run == nullptr) return GapCause::kUnknown;
  switch (run->cause) {
    case EndCause::kEnded:
      return GapCause::kNotRecorded;
    case EndCause::kSourceLost:
      return GapCause::kSourceLost;
    case EndCause::kShutdown:
      return GapCause::kRecorderDown;
    case EndCause::kTimeBreak:
      return GapCause::kUnknown;
    case EndCause::kOpen:
      break;
  }
  const bool open = std::find(recording_.begin(), recording_.end(), run->run) != recording_.end();
  return open ? GapCause::kSourceLost : GapCause::kUnknown;
}

}  // namespace reel
