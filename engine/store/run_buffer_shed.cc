// What a run sheds at its memory bound, and the gaps that leaves (W4).
#include <algorithm>
#include <utility>

#include "engine/store/run_buffer.h"

namespace reel {

Status RunBuffer::ShedUnit(const UnitView& unit, WallTime wall) {
  if (!shedding_) {
    FinishChunk();
    UpdateDue();
    shedding_ = GapRow{identity_.stream, wall, wall, GapCause::kOverload, 0};
  }
  shedding_->end = std::max(shedding_->end, wall);
  ++shedding_->units_lost;
  units_shed_.fetch_add(1, std::memory_order_relaxed);
  return ResourceExhausted("shed: no buffer space for stream " + ToString(identity_.stream) + " (" +
                           std::to_string(unit.bytes.size()) + " bytes)");
}

void RunBuffer::EndShed(WallTime until) {
  if (!shedding_) return;
  shedding_->end = std::max(shedding_->end, until);
  shed_done_.push_back(*shedding_);
  shedding_.reset();
}

std::vector<GapRow> RunBuffer::TakeShed(bool all) {
  const std::lock_guard lock(mutex_);
  if (all && shedding_) EndShed(shedding_->end);
  return std::exchange(shed_done_, {});
}

}  // namespace reel
