#include "reel/pictures.h"

#include <utility>

#include "engine/base/edge.h"
#include "engine/store/gop.h"

namespace reel {
namespace {

class GopStepper final : public PictureStepper {
 public:
  GopStepper(Store& store, StreamId stream) : store_(store), stream_(stream) {}

  Status Begin(WallTime time) {
    const Result<SeekPoint> point = store_.Seek(stream_, time, SeekRule::kAtOrBefore);
    if (!point.ok() && point.status().code() != Code::kNotFound) return point.status();
    if (!point.ok() || point->in_gap || point->begin > time) return Absent(time);
    REEL_ASSIGN_OR_RETURN(gop_, LoadGop(store_, *point));
    if (gop_.presentation.empty()) return FailedPrecondition("no picture at " + FormatWall(time));
    // Leading pictures behind the next clean point may be what was to be seen at the time.
    if (gop_.next && gop_.next->run == point->run) REEL_RETURN_IF_ERROR(TryNextGop(time));
    position_ = gop_.PositionAt(time);
    REEL_RETURN_IF_ERROR(DamageBefore(time));
    present_ = gop_.PictureAt(position_);
    return OkStatus();
  }

  const Picture& at() const override { return present_; }

  Result<bool> Next() override {
    for (bool reloaded = false;; reloaded = true) {
      if (position_ + 1 < gop_.presentation.size()) return MoveTo(position_ + 1);
      if (!gop_.damage.ok() && !std::exchange(damage_told_, true)) return gop_.damage;
      while (gop_.next) {
        REEL_ASSIGN_OR_RETURN(Gop later, LoadGop(store_, *gop_.next));
        Enter(std::move(later));
        if (!gop_.presentation.empty()) return MoveTo(0);
      }
      if (reloaded) return false;
      REEL_RETURN_IF_ERROR(Reload());
    }
  }

  Result<bool> Previous() override {
    if (position_ > 0) return MoveTo(position_ - 1);
    REEL_ASSIGN_OR_RETURN(std::optional<Gop> earlier, LoadBefore());
    if (!earlier) return false;
    if (!earlier->damage.ok() && told_ != earlier->point.begin) {
      told_ = earlier->point.begin;
      return earlier->damage;
    }
    before_.reset();
    damage_told_ = false;
    gop_ = *std::move(earlier);
    return MoveTo(gop_.presentation.size() - 1);
  }

  Result<PictureSource> Source() override {
    const bool leading = gop_.IsLeading(position_) && (gop_.clean_flags & kUnitOpenGop) != 0;
    const bool needs_earlier = leading || (gop_.clean_flags & kUnitIntraRefresh) != 0;
    if (needs_earlier && !before_) {
      REEL_ASSIGN_OR_RETURN(before_, LoadBefore());
    }
    PictureSource source;
    source.track = gop_.track;
    uint32_t rank = 0;
    if (needs_earlier && before_ && before_->EndsBefore(gop_)) {
      source.track = before_->track;
      Append(*before_, before_->units.size(), &rank, &source);
    }
    Append(gop_, gop_.presentation[position_] + 1, &rank, &source);
    return source;
  }

 private:
  // Units up to `end`, ranked among each other; those that are no picture behind all others.
  static void Append(const Gop& gop, size_t end, uint32_t* rank, PictureSource* source) {
    const size_t begin = source->units.size();
    for (size_t i = 0; i < end; ++i) {
      const Unit& unit = gop.units[i];
      source->units.push_back({0, {gop.point.run, unit.number, unit.wall, i == 0}, unit.bytes});
    }
    for (size_t position = 0; position < gop.presentation.size(); ++position) {
      const size_t i = gop.presentation[position];
      if (i >= end) continue;
      source->units[begin + i].rank = (*rank)++;
      source->units[begin + i].picture = gop.PictureAt(position);
    }
    for (size_t i = 0; i < end; ++i) {
      if ((gop.units[i].flags & kUnitNoPicture) != 0) source->units[begin + i].rank = (*rank)++;
    }
  }

  Status TryNextGop(WallTime time) {
    if (gop_.PositionAt(time) + 1 < gop_.presentation.size()) return OkStatus();
    REEL_ASSIGN_OR_RETURN(Gop later, LoadGop(store_, *gop_.next));
    if (later.shown.empty() || later.shown.front() > time) return OkStatus();
    Enter(std::move(later));
    return OkStatus();
  }

  Status Absent(WallTime time) const {
    REEL_ASSIGN_OR_RETURN(const std::optional<Absence> why, store_.WhyNothing(stream_, time));
    return NotFound(why ? why->Text(time) : "no footage at " + FormatWall(time));
  }

  // A picture before damage does not stand for a time behind it.
  Status DamageBefore(WallTime time) {
    const bool last = position_ + 1 == gop_.presentation.size();
    const Duration behind = time - gop_.shown[position_];
    return last && behind > Duration{0} ? gop_.damage : OkStatus();
  }

  void Enter(Gop later) {
    before_ = std::exchange(gop_, std::move(later));
    position_ = 0;
    damage_told_ = false;
  }

  bool MoveTo(size_t position) {
    position_ = position;
    present_ = gop_.PictureAt(position);
    return true;
  }

  // The GOP before, if there is one with pictures.
  Result<std::optional<Gop>> LoadBefore() {
    SeekPoint from = gop_.point;
    for (;;) {
      if (from.begin == kWallMin) return std::optional<Gop>();
      const Result<SeekPoint> point =
          store_.Seek(stream_, from.begin - Duration{1}, SeekRule::kBackward);
      if (point.status().code() == Code::kNotFound) return std::optional<Gop>();
      if (!point.ok()) return point.status();
      if (point->begin >= from.begin) return std::optional<Gop>();
      REEL_ASSIGN_OR_RETURN(Gop gop, LoadGop(store_, *point));
      if (!gop.presentation.empty()) return std::optional<Gop>(std::move(gop));
      from = *point;
    }
  }

  // A live stream grows: reads the GOP again for what has come since.
  Status Reload() {
    REEL_ASSIGN_OR_RETURN(gop_, LoadGop(store_, gop_.point));
    position_ = 0;
    for (size_t i = 0; i < gop_.presentation.size(); ++i) {
      if (gop_.units[gop_.presentation[i]].number == present_.unit) position_ = i;
    }
    return OkStatus();
  }

  Store& store_;
  const StreamId stream_;
  Gop gop_;
  std::optional<Gop> before_;
  size_t position_ = 0;
  Picture present_;
  bool damage_told_ = false;      // of gop_, going forward
  std::optional<WallTime> told_;  // damage of the GOP that began then has been told, going backward
};

// What callers have (engine/base/edge.h).
class EdgeStepper final : public PictureStepper {
 public:
  explicit EdgeStepper(std::unique_ptr<GopStepper> stepper) : stepper_(std::move(stepper)) {}

  const Picture& at() const override { return stepper_->at(); }
  Result<bool> Next() override {
    return AtEdge([&] { return stepper_->Next(); });
  }
  Result<bool> Previous() override {
    return AtEdge([&] { return stepper_->Previous(); });
  }
  Result<PictureSource> Source() override {
    return AtEdge([&] { return stepper_->Source(); });
  }

 private:
  std::unique_ptr<GopStepper> stepper_;
};

}  // namespace

Result<std::unique_ptr<PictureStepper>> PictureStepper::Open(Store& store, StreamId stream,
                                                             WallTime time) {
  return AtEdge([&]() -> Result<std::unique_ptr<PictureStepper>> {
    auto stepper = std::make_unique<GopStepper>(store, stream);
    REEL_RETURN_IF_ERROR(stepper->Begin(time));
    return std::unique_ptr<PictureStepper>(std::make_unique<EdgeStepper>(std::move(stepper)));
  });
}

}  // namespace reel
