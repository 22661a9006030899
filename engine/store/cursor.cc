#include "engine/store/cursor.h"

#include <algorithm>

#include "engine/store/cursor_base.h"

namespace reel {

Result<std::unique_ptr<Cursor>> OpenCursor(Footage& footage, StreamId stream,
                                           const CursorOptions& options) {
  if (options.follow && options.mode != CursorMode::kForward) {
    return InvalidArgument("only a forward cursor can follow");
  }
  if (options.min_interval < Duration{0}) return InvalidArgument("a negative interval");
  switch (options.mode) {
    case CursorMode::kForward:
      return NewForwardCursor(footage, stream, options);
    case CursorMode::kCleanPoints:
      return NewCleanPointCursor(footage, stream, options);
    case CursorMode::kReverse:
      return NewReverseCursor(footage, stream, options);
  }
  return InvalidArgument("an unknown mode of reading");
}

Result<Item> CursorBase::Next(Duration wait) {
  const MonoTime begin = footage_.clock().MonoNow();
  for (;;) {
    if (!narrator_.empty()) return narrator_.Take();
    if (reader_.is_open()) {
      REEL_RETURN_IF_ERROR(Step());
      continue;
    }
    // Who follows what is recorded is no faster than that.
    const auto turn = began_ && !options_.follow ? footage_.WaitForTurn() : ReaderGate::Turn();
    REEL_ASSIGN_OR_RETURN(const bool opened, OpenNext());
    began_ |= opened;
    // The first unit is what reads a GOP.
    if (opened && narrator_.empty()) REEL_RETURN_IF_ERROR(Step());
    if (opened || !narrator_.empty()) continue;
    if (!options_.follow || ended_) return Item{};
    const Duration left = std::max(wait - (footage_.clock().MonoNow() - begin), Duration{0});
    const uint64_t seen = footage_.WaitForMore(stream_, seen_, left);
    if (seen == seen_) return Item{};
    seen_ = seen;
  }
}

Status CursorBase::Step() {
  const RunId run = reader_.stretch().run;
  StretchReader::Step step = reader_.Next();
  Note(step);
  if (step.kind == StretchReader::Step::Kind::kUnit && !Wants(step.unit)) return OkStatus();
  return narrator_.Tell(run, std::move(step));
}

}  // namespace reel
