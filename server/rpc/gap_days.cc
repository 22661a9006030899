#include "server/rpc/gap_days.h"

namespace reel::server {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

// What nobody asked for, or nobody has any more, is no loss.
bool IsLoss(GapCause cause) {
  return cause != GapCause::kNotRecorded && cause != GapCause::kOffSchedule &&
         cause != GapCause::kExpired;
}

}  // namespace

GapDays::Day GapDays::Of(StreamId stream) {
  const MonoTime mono = clock_.MonoNow();
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(stream);
    if (at != entries_.end() && mono - at->second.asked < kFresh) return at->second.day;
  }
  const WallTime now = clock_.WallNow();
  Day day;
  const Result<Timeline> timeline = store_.GetTimeline(stream, {now - kDay, now}, Bucket::kDay);
  if (!timeline.ok()) return day;
  for (const GapRow& gap : timeline->gaps) {
    if (!IsLoss(gap.cause)) continue;
    ++day.gaps;
    day.length += gap.end - gap.begin;
  }
  const std::lock_guard lock(mutex_);
  entries_[stream] = {mono, day};
  return day;
}

}  // namespace reel::server
