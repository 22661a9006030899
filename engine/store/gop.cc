#include "engine/store/gop.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace reel {
namespace {

// Collects the units of one GOP from the items of a cursor.
class GopLoader {
 public:
  explicit GopLoader(const SeekPoint& point) { gop_.point = point; }

  // True once the GOP is whole or has ended early.
  Result<bool> Take(Item item) {
    switch (item.kind) {
      case ItemKind::kTracks:
        tracks_ = std::move(item.tracks);
        return false;
      case ItemKind::kDamage:
        if (!begun_) return item.status;
        if (gop_.damage.ok()) gop_.damage = item.status;
        return NoteHole();
      case ItemKind::kUnit:
        return TakeUnit(std::move(item));
      case ItemKind::kEnd:
        return true;
      default:
        return false;
    }
  }

  Result<Gop> Finish() {
    if (!begun_) return NotFound("the clean point has gone meanwhile; seek again");
    gop_.clean_flags = gop_.units[0].flags;
    for (size_t i = 0; i < gop_.units.size(); ++i) {
      if ((gop_.units[i].flags & kUnitNoPicture) == 0) gop_.presentation.push_back(i);
    }
    const std::vector<Unit>& units = gop_.units;
    std::stable_sort(gop_.presentation.begin(), gop_.presentation.end(),
                     [&](size_t a, size_t b) { return units[a].pts < units[b].pts; });
    const int64_t clean_wait = units[0].pts - units[0].dts;
    WallTime last = kWallMin;
    for (const size_t i : gop_.presentation) {
      last = std::max(last, units[i].wall + Wait(units[i].pts - units[i].dts - clean_wait));
      gop_.shown.push_back(last);
    }
    return std::move(gop_);
  }

 private:
  Result<bool> TakeUnit(Item item) {
    const bool same_run = item.run == gop_.point.run;
    if (!begun_ && (!same_run || item.unit.number < gop_.point.unit)) return false;
    if (!begun_) {
      if (item.unit.number != gop_.point.unit) return true;
      REEL_RETURN_IF_ERROR(Begin(item.unit));
    } else if (item.gop_begin) {
      gop_.next = SeekPoint{.stream = gop_.point.stream,
                            .run = item.run,
                            .begin = item.unit.wall,
                            .unit = item.unit.number,
                            .durable = item.durable};
      if (same_run && item.unit.number != gop_.end_unit) NoteHole();
      return true;
    }
    if (!same_run || hole_) return false;
    if (item.unit.number != gop_.end_unit) return NoteHole();
    gop_.end_unit = {item.unit.number.value + 1};
    if (item.unit.track != gop_.track.id) return false;
    bytes_ += item.unit.bytes.size();
    if (bytes_ > PictureStepper::kMaxGopBytes) {
      return ResourceExhausted("the GOP at " + FormatWall(gop_.point.begin) + " is over " +
                               std::to_string(PictureStepper::kMaxGopBytes >> 20) +
                               " MiB, too much to decode a picture from");
    }
    gop_.units.push_back(std::move(item.unit));
    return false;
  }

  Status Begin(const Unit& first) {
    const auto track = std::find_if(tracks_.begin(), tracks_.end(),
                                    [&](const TrackInfo& t) { return t.id == first.track; });
    if (track == tracks_.end() || track->kind != TrackKind::kVideo || track->timescale == 0) {
      return FailedPrecondition("the stream has no video at " + FormatWall(first.wall));
    }
    gop_.track = *track;
    gop_.end_unit = first.number;
    begun_ = true;
    return OkStatus();
  }

  // What stands behind a missing unit cannot be decoded; looks on for the next clean point.
  bool NoteHole() {
    hole_ = true;
    return false;
  }

  // Time stamps come from cameras: an absurd one moves a picture nowhere.
  Duration Wait(int64_t ticks) const {
    constexpr int64_t kNsPerSecond = 1'000'000'000;
    constexpr int64_t kSecondsMax = 60;
    const auto timescale = static_cast<int64_t>(gop_.track.timescale);
    if (std::abs(ticks / timescale) > kSecondsMax) return Duration{0};
    return Duration{ticks / timescale * kNsPerSecond +
                    ticks % timescale * kNsPerSecond / timescale};
  }

  Gop gop_;
  std::vector<TrackInfo> tracks_;
  size_t bytes_ = 0;
  bool begun_ = false;
  bool hole_ = false;
};

}  // namespace

Picture Gop::PictureAt(size_t position) const {
  const Unit& unit = units[presentation[position]];
  return {point.run, unit.number, shown[position], presentation[position] == 0};
}

size_t Gop::PositionAt(WallTime time) const {
  const auto after = std::upper_bound(shown.begin(), shown.end(), time);
  return after == shown.begin() ? 0 : static_cast<size_t>(after - shown.begin()) - 1;
}

bool Gop::IsLeading(size_t position) const {
  return units[presentation[position]].pts < units[0].pts;
}

Result<Gop> LoadGop(Store& store, const SeekPoint& point) {
  CursorOptions options;
  options.range = {point.begin, kWallMax};
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Cursor> cursor, store.Read(point.stream, options));
  GopLoader loader(point);
  for (;;) {
    REEL_ASSIGN_OR_RETURN(Item item, cursor->Next());
    REEL_ASSIGN_OR_RETURN(const bool done, loader.Take(std::move(item)));
    if (done) return loader.Finish();
  }
}

}  // namespace reel
