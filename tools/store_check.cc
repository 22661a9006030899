#include "tools/store_check.h"

#include <algorithm>

#include "reel/clock.h"
#include "tools/progress.h"
#include "tools/stream_names.h"

namespace reel {
namespace {

// Segments count as full: how much each holds is known only when it is read.
class Tally {
 public:
  Tally(Store& store, const CheckPlan& plan) : progress_({plan.what, 0, 0, true, ""}) {
    for (const VolumeInfo& volume : store.Volumes()) {
      segment_bytes_[volume.number] = volume.segment_bytes;
      total_ += volume.segment_bytes * volume.segments_in_use;
    }
  }

  void AddBytes(uint64_t bytes) {
    within_ += bytes;
    progress_.Update(done_ + within_, std::max(total_, done_ + within_));
  }
  void EndSegment(VolumeNo volume) {
    done_ += segment_bytes_[volume];
    within_ = 0;
  }

 private:
  Progress progress_;
  std::map<VolumeNo, uint64_t> segment_bytes_;
  uint64_t total_ = 0;
  uint64_t done_ = 0;
  uint64_t within_ = 0;  // of the segment in hand
};

}  // namespace

Result<CheckResult> CheckStore(Store& store, const CheckPlan& plan, const Interrupt& interrupt) {
  CheckResult result;
  result.checked = plan.checked;
  const std::vector<StreamInfo> streams = store.Streams();
  Tally tally(store, plan);
  Store::VerifyReport so_far;
  const MonoTime began = SystemClock().MonoNow();
  Store::VerifyOptions options;
  options.checked = plan.checked;
  options.problem = [&](const std::string& problem) {
    ++so_far.problems;
    result.problems.push_back(WithNames(problem, streams));
  };
  options.pace = [&](uint64_t bytes) {
    so_far.bytes += bytes;
    tally.AddBytes(bytes);
    const Duration elapsed = SystemClock().MonoNow() - began;
    if (plan.length && elapsed >= *plan.length) return false;
    if (plan.bytes_per_second == 0) return !interrupt.requested();
    const std::chrono::duration<double> due(static_cast<double>(so_far.bytes) /
                                            static_cast<double>(plan.bytes_per_second));
    const Duration early = std::chrono::duration_cast<Duration>(due) - elapsed;
    return early > Duration{0} ? !interrupt.WaitFor(early) : !interrupt.requested();
  };
  options.segment_done = [&](VolumeNo volume, SegmentSerial serial) {
    tally.EndSegment(volume);
    ++so_far.segments;
    result.checked[volume] = serial;
    if (plan.on_segment) plan.on_segment(result.checked, so_far);
  };
  REEL_ASSIGN_OR_RETURN(result.report, store.Verify(options));
  result.interrupted = interrupt.requested();
  return result;
}

}  // namespace reel
