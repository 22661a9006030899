// How far a run has come, and what it holds.
#include <algorithm>
#include <limits>

#include "engine/base/check.h"
#include "engine/store/run_buffer.h"

namespace reel {

Watermarks RunBuffer::watermarks() const {
  const std::lock_guard lock(mutex_);
  const Watermarks marks{
      {accepted_.EndOfPrefix(0)}, {written_.EndOfPrefix(0)}, {durable_.EndOfPrefix(0)}};
  REEL_CHECK(marks.accepted.value >= marks.written.value, "W1: what is written was accepted");
  REEL_CHECK(marks.written.value >= marks.durable.value, "W1: what is durable was written");
  return marks;
}

void RunBuffer::MarkWritten(const StreamChunk& chunk) {
  const std::lock_guard lock(mutex_);
  const uint64_t first = chunk.row.first_unit.value;
  written_.Insert(first, first + chunk.row.unit_count, std::numeric_limits<size_t>::max());
}

bool RunBuffer::filling() const {
  const std::lock_guard lock(mutex_);
  return 2 * held_bytes_ >= limits_.bytes;
}

bool RunBuffer::IsDurable(UnitNumber end) const {
  const std::lock_guard lock(mutex_);
  // Every accepted unit below `end`: intervals of accepted_ up to there are inside durable_.
  for (uint64_t n = 0; n < end.value;) {
    const uint64_t accepted_end = std::min(accepted_.EndOfPrefix(n), end.value);
    if (accepted_end == n) {
      n = accepted_.NextAfter(n);
      continue;
    }
    if (durable_.EndOfPrefix(n) < accepted_end) return false;
    n = accepted_end;
  }
  return true;
}

uint64_t RunBuffer::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return held_bytes_ + (builder_ ? builder_->buffer_bytes() : 0);
}

std::optional<MonoTime> RunBuffer::oldest_not_durable() const {
  const std::lock_guard lock(mutex_);
  for (const StreamChunkPtr& held : held_) {
    if (!held->durable) return held->accepted;
  }
  if (!builder_ || builder_->unit_count() == 0) return std::nullopt;
  return builder_->spec().mono_begin;
}

bool RunBuffer::idle() const {
  const std::lock_guard lock(mutex_);
  return held_.empty() && !builder_;
}

}  // namespace reel
