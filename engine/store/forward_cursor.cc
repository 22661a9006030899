// The cursor that plays forward and follows what is being recorded.
//
// Where it stands is how far each run has been given, not a place in the index: rows grow, units
// are in memory first and in rows later, and some stand in two rows. Each refill asks again from
// the GOP it is in and drops what has been given.
#include <algorithm>
#include <deque>

#include "engine/store/cursor_base.h"
#include "engine/store/seek.h"

namespace reel {
namespace {

constexpr size_t kRunsMax = 64;

class ForwardCursor : public CursorBase {
 public:
  ForwardCursor(Footage& footage, StreamId stream, const CursorOptions& options)
      : CursorBase(footage, stream, options) {}

 private:
  struct RunState {
    RunId run;
    UnitNumber next_unit;  // units before it are done
    WallTime gop_begin;    // of the row that may grow
  };

  Result<bool> OpenNext() override {
    if (ended_) return false;
    if (!start_) REEL_RETURN_IF_ERROR(FindStart());
    for (bool refilled = false;; refilled = true) {
      while (!pending_.empty()) {
        const Stretch stretch = std::move(pending_.front());
        pending_.pop_front();
        if (stretch.end_unit <= NextUnit(stretch.run)) continue;
        if (stretch.begin >= options_.range.end) {
          ended_ = true;
          return false;
        }
        REEL_RETURN_IF_ERROR(Open(stretch));
        return true;
      }
      if (refilled) return false;
      REEL_RETURN_IF_ERROR(Refill());
    }
  }

  Status FindStart() {
    const WallTime asked = options_.range.begin;
    WallTime start = asked;
    if (asked != kWallMin) {
      Result<FoundPoint> found = FindPoint(footage_, stream_, asked, SeekRule::kAtOrBefore);
      if (!found.ok() && found.status().code() != Code::kNotFound) return found.status();
      if (found.ok() && !found->point.in_gap && found->point.begin <= asked) {
        start = found->point.begin;
        // Known already, with where it stands: the index is asked again for what comes behind.
        pending_.push_back(std::move(found->stretch));
      }
    }
    start_ = start;
    return OkStatus();
  }

  Status Open(const Stretch& stretch) {
    const bool first = states_.empty();
    const UnitNumber from = NextUnit(stretch.run);
    REEL_RETURN_IF_ERROR(reader_.Open(stretch, from, options_.range.end,
                                      first && stretch.clean ? StretchReader::Extent::kLeadFirst
                                                             : StretchReader::Extent::kWhole));
    const auto known = Find(stretch.run);
    RunState state =
        known == states_.end() ? RunState{stretch.run, stretch.first_unit, stretch.begin} : *known;
    // A chunk in memory that is no clean point will be part of the row its GOP began with.
    if (!stretch.in_memory() || stretch.clean) state.gop_begin = stretch.begin;
    if (known != states_.end()) states_.erase(known);
    states_.push_front(state);
    if (states_.size() > kRunsMax) states_.pop_back();
    return OkStatus();
  }

  void Note(const StretchReader::Step& step) override {
    using Kind = StretchReader::Step::Kind;
    UnitNumber& next = states_.front().next_unit;
    UnitNumber done = step.lost.end_unit;
    if (step.kind == Kind::kUnit) done = {step.unit.number.value + 1};
    if (step.kind == Kind::kEnd) done = reader_.stretch().end_unit;
    next = std::max(next, done);
  }

  std::deque<RunState>::iterator Find(RunId run) {
    return std::find_if(states_.begin(), states_.end(),
                        [run](const RunState& state) { return state.run == run; });
  }
  UnitNumber NextUnit(RunId run) {
    const auto state = Find(run);
    return state == states_.end() ? UnitNumber{0} : state->next_unit;
  }
  bool IsNew(const Stretch& stretch) {
    return stretch.begin >= *start_ && stretch.end_unit > NextUnit(stretch.run);
  }

  void AddNew(Stretch stretch) {
    if (!IsNew(stretch)) return;
    const auto whole = std::find_if(pending_.rbegin(), pending_.rend(), [&](const Stretch& other) {
      return other.IsBeginningOf(stretch);
    });
    if (whole != pending_.rend()) {
      whole->Absorb(stretch);
    } else {
      pending_.push_back(std::move(stretch));
    }
  }

  // The oldest row that may have grown: of the present run, and of those that were read beside it.
  WallTime RefillFrom() const {
    if (states_.empty()) return *start_;
    const WallTime present = states_.front().gop_begin;
    WallTime from = present;
    for (const RunState& state : states_) {
      if (state.gop_begin >= present - kJoinMax) from = std::min(from, state.gop_begin);
    }
    return from;
  }

  Status Refill() {
    // Memory before index, so that what moves from one to the other meanwhile is seen.
    const std::vector<Stretch> live = LiveStretches(footage_, stream_);
    WallTime from = RefillFrom();
    size_t limit = kRows;
    bool full = true;
    while (full && pending_.empty()) {
      REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> rows,
                            footage_.index().Gops(stream_, from, Direction::kForward, limit));
      full = rows.size() == limit;
      for (const GopRow& row : rows) AddNew(StretchOf(row));
      if (!full) break;
      if (rows.back().begin > from) {
        from = rows.back().begin;
      } else if (limit < kRowsMax) {
        limit = kRowsMax;
      } else {
        from = from + Duration{1};
      }
    }
    if (full) return OkStatus();  // what is in memory lies behind further rows
    for (const Stretch& stretch : live) {
      if (IsNew(stretch)) pending_.push_back(stretch);
    }
    std::sort(pending_.begin(), pending_.end());
    return OkStatus();
  }

  std::optional<WallTime> start_;
  std::deque<Stretch> pending_;
  std::deque<RunState> states_;  // the present run's first
};

}  // namespace

std::unique_ptr<Cursor> NewForwardCursor(Footage& footage, StreamId stream,
                                         const CursorOptions& options) {
  return std::make_unique<ForwardCursor>(footage, stream, options);
}

}  // namespace reel
