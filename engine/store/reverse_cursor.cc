// The cursor that plays backward: GOPs from the latest back, the units of each forward.
#include <algorithm>
#include <deque>
#include <limits>

#include "engine/store/cursor_base.h"
#include "engine/store/interval_set.h"

namespace reel {
namespace {

class ReverseCursor : public CursorBase {
 public:
  ReverseCursor(Footage& footage, StreamId stream, const CursorOptions& options)
      : CursorBase(footage, stream, options), from_(options.range.end - Duration{1}) {}

 private:
  static constexpr size_t kRunsMax = 64;
  static constexpr size_t kIntervalsMax = 64;

  // What has been given of a run: mostly all from one unit on. A GOP before may hold some of it.
  struct Given {
    RunId run;
    IntervalSet units;
    UnitNumber all_from{std::numeric_limits<uint64_t>::max()};

    bool Has(UnitNumber unit) const { return unit >= all_from || units.contains(unit.value); }
    bool HasAll(UnitNumber first, UnitNumber end) const {
      return first >= all_from || units.ContainsAll(first.value, std::min(end, all_from).value);
    }
    void Add(UnitNumber first, UnitNumber end) {
      if (!units.Insert(first.value, end.value, kIntervalsMax))
        all_from = std::min(all_from, first);
    }
  };

  Result<bool> OpenNext() override {
    for (;;) {
      while (!gop_.empty()) {
        const Stretch stretch = std::move(gop_.front());
        gop_.pop_front();
        if (stretch.end_unit <= next_unit_) continue;
        REEL_RETURN_IF_ERROR(
            reader_.Open(stretch, next_unit_, options_.range.end, StretchReader::Extent::kWhole));
        return true;
      }
      if (ended_) return false;
      REEL_RETURN_IF_ERROR(TakeGop());
    }
  }

  bool Wants(const Unit& unit) const override {
    return CursorBase::Wants(unit) && !given_before_.Has(unit.number);
  }

  void Note(const StretchReader::Step& step) override {
    using Kind = StretchReader::Step::Kind;
    UnitNumber done = step.lost.end_unit;
    if (step.kind == Kind::kUnit) done = {step.unit.number.value + 1};
    if (step.kind == Kind::kEnd) done = reader_.stretch().end_unit;
    next_unit_ = std::max(next_unit_, done);
  }

  // The stretches from the next clean point back up to what has been given, into gop_.
  Status TakeGop() {
    while (gop_.empty() || !gop_.front().clean) {
      if (pending_.empty()) REEL_RETURN_IF_ERROR(Refill());
      if (pending_.empty()) break;
      Stretch& next = pending_.back();
      const bool repeats = !gop_.empty() && gop_.front().run == next.run &&
                           gop_.front().first_unit <= next.first_unit;
      if (Stretch* whole = FindBeginning(next)) {
        whole->Absorb(next);
      } else if (!IsGiven(next) && !repeats) {
        if (!gop_.empty() && (!next.ContinuesIn(gop_.front()) || gop_.size() == kRowsMax)) break;
        gop_.push_front(std::move(next));
      }
      pending_.pop_back();
    }
    WallTime end = kWallMin;
    for (const Stretch& stretch : gop_) end = std::max(end, stretch.end);
    if (gop_.empty() || end < options_.range.begin) {
      gop_.clear();
      ended_ = true;
      return OkStatus();
    }
    return Enter(end);
  }

  Status Enter(WallTime end) {
    const Stretch& first = gop_.front();
    UnitNumber end_unit = gop_.back().end_unit;
    for (const Stretch& stretch : gop_) end_unit = std::max(end_unit, stretch.end_unit);
    const bool same_run = later_ && later_->run == first.run;
    narrator_.Jump();
    if (same_run && end_unit < later_->first_unit) {
      const uint64_t lost = later_->first_unit.value - end_unit.value;
      REEL_RETURN_IF_ERROR(narrator_.TellHole({end, later_->begin}, lost));
    } else if (later_ && !same_run) {
      REEL_RETURN_IF_ERROR(narrator_.TellPause({end, later_->begin}));
    }
    next_unit_ = first.first_unit;
    const auto known = FindGiven(first.run);
    given_before_ = known == given_.end() ? Given{} : std::move(*known);
    given_before_.run = first.run;
    if (known != given_.end()) given_.erase(known);
    given_.push_front(given_before_);
    given_.front().Add(first.first_unit, end_unit);
    if (given_.size() > kRunsMax) given_.pop_back();
    later_ = first;
    return OkStatus();
  }

  // Runs may overlap in time, so that GOPs of one stand between those of another.
  std::deque<Given>::iterator FindGiven(RunId run) {
    return std::find_if(given_.begin(), given_.end(),
                        [run](const Given& given) { return given.run == run; });
  }
  bool IsGiven(const Stretch& stretch) {
    const auto given = FindGiven(stretch.run);
    return given != given_.end() && given->HasAll(stretch.first_unit, stretch.end_unit);
  }

  // The stretch further back of whose GOP this one is a part, sent again.
  Stretch* FindBeginning(const Stretch& part) {
    if (part.clean) return nullptr;
    const auto at = std::find_if(std::next(pending_.rbegin()), pending_.rend(),
                                 [&](const Stretch& other) { return other.IsBeginningOf(part); });
    return at == pending_.rend() ? nullptr : &*at;
  }

  // What begins at or before from_, into pending_, ascending.
  Status Refill() {
    if (all_) return OkStatus();
    std::vector<Stretch> live;
    if (!refilled_) live = LiveStretches(footage_, stream_);
    for (size_t limit = kRows;; limit = kRowsMax) {
      REEL_ASSIGN_OR_RETURN(std::vector<GopRow> rows,
                            footage_.index().Gops(stream_, from_, Direction::kBackward, limit));
      all_ = rows.size() < limit;
      if (!all_) {
        // Others of the same instant may lie beyond the limit: they come next time, together.
        const WallTime last = rows.back().begin;
        if (last == from_ && limit < kRowsMax) continue;
        if (last < from_) std::erase_if(rows, [last](const GopRow& r) { return r.begin == last; });
        from_ = last < from_ ? last : from_ - Duration{1};
      }
      for (const GopRow& row : rows) pending_.push_back(StretchOf(row));
      break;
    }
    for (const Stretch& stretch : live) {
      if (stretch.begin < options_.range.end) pending_.push_back(stretch);
    }
    refilled_ = true;
    std::sort(pending_.begin(), pending_.end());
    return OkStatus();
  }

  WallTime from_;
  bool refilled_ = false;
  bool all_ = false;              // the index holds nothing beyond pending_
  std::vector<Stretch> pending_;  // not looked at yet, ascending
  std::deque<Stretch> gop_;       // being given, ascending
  std::deque<Given> given_;       // the latest run's first
  Given given_before_;            // of the run of gop_, without gop_
  std::optional<Stretch> later_;  // the first stretch of the GOP given last
  UnitNumber next_unit_;
};

}  // namespace

std::unique_ptr<Cursor> NewReverseCursor(Footage& footage, StreamId stream,
                                         const CursorOptions& options) {
  return std::make_unique<ReverseCursor>(footage, stream, options);
}

}  // namespace reel
