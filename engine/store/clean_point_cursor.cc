// The cursor that gives clean points alone: fast search, thumbnails.
#include <algorithm>
#include <deque>

#include "engine/store/cursor_base.h"

namespace reel {
namespace {

class CleanPointCursor : public CursorBase {
 public:
  CleanPointCursor(Footage& footage, StreamId stream, const CursorOptions& options)
      : CursorBase(footage, stream, options), not_before_(options.range.begin) {}

 private:
  Result<bool> OpenNext() override {
    for (;;) {
      while (!pending_.empty()) {
        const Stretch stretch = std::move(pending_.front());
        pending_.pop_front();
        if (stretch.begin < not_before_ || IsLast(stretch)) continue;
        if (stretch.begin >= options_.range.end) {
          pending_.clear();
          ended_ = true;
          return false;
        }
        REEL_RETURN_IF_ERROR(Open(stretch));
        return true;
      }
      if (ended_) return false;
      REEL_RETURN_IF_ERROR(Refill());
    }
  }

  // The same one, in memory and on disk.
  bool IsLast(const Stretch& stretch) const {
    return last_ && last_->run == stretch.run && last_->first_unit == stretch.first_unit;
  }

  Status Open(const Stretch& stretch) {
    REEL_RETURN_IF_ERROR(
        reader_.Open(stretch, stretch.first_unit, kWallMax, StretchReader::Extent::kLead));
    if (last_ && last_->run != stretch.run) REEL_RETURN_IF_ERROR(FindEndOfLastRun());
    last_ = stretch;
    not_before_ = stretch.begin + options_.min_interval;
    return OkStatus();
  }

  // The clean point given last is not where its run ended.
  Status FindEndOfLastRun() {
    REEL_ASSIGN_OR_RETURN(
        const std::vector<RunRow> runs,
        footage_.index().Runs(stream_, {last_->begin, last_->begin + Duration{1}}, kRows));
    for (const RunRow& run : runs) {
      if (run.run == last_->run) narrator_.set_last(run.end);
    }
    return OkStatus();
  }

  Status Refill() {
    const std::vector<Stretch> live = LiveStretches(footage_, stream_);
    const WallTime from = std::max(not_before_, fetched_to_);
    REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> rows,
                          footage_.index().Gops(stream_, from, Direction::kForward, kRows));
    const auto add = [this](Stretch stretch) {
      if (stretch.clean) pending_.push_back(std::move(stretch));
    };
    for (const GopRow& row : rows) add(StretchOf(row));
    if (rows.size() == kRows) {
      fetched_to_ = rows.back().begin + Duration{1};
      return OkStatus();
    }
    for (const Stretch& stretch : live) add(stretch);
    std::sort(pending_.begin(), pending_.end());
    ended_ = true;
    return OkStatus();
  }

  WallTime not_before_;
  WallTime fetched_to_ = kWallMin;
  std::deque<Stretch> pending_;
  std::optional<Stretch> last_;
};

}  // namespace

std::unique_ptr<Cursor> NewCleanPointCursor(Footage& footage, StreamId stream,
                                            const CursorOptions& options) {
  return std::make_unique<CleanPointCursor>(footage, stream, options);
}

}  // namespace reel
