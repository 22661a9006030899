#include "server/ingest/stream_recorder.h"

#include <algorithm>
#include <utility>

namespace reel::server {

StreamRecorder::StreamRecorder(Store& store, GapRecorder& gaps, StreamId stream, GapCause cause,
                               WallTime now)
    : store_(store),
      gaps_(gaps),
      stream_(stream),
      footage_end_(now),
      missing_(cause),
      told_at_(now) {}

void StreamRecorder::Connect(const std::vector<TrackInfo>& tracks) {
  tracks_ = tracks;
  clocks_.clear();
  for (const TrackInfo& track : tracks_) clocks_.emplace_back(track.timescale);
  last_picture_.reset();
}

void StreamRecorder::OnUnit(const ReceivedUnit& unit, MonoTime mono, WallTime wall) {
  if (unit.track_change != nullptr) tracks_[unit.track.value] = *unit.track_change;
  CheckClock(mono, wall);
  ArrivalClock& clock = clocks_[unit.track.value];
  WallTime at = clock.Place(unit.dts, wall);
  lateness_ = clock.lateness();
  if (run_ == nullptr) {
    const std::optional<GapCause> refused = BeginRun(at);
    if (refused) return Leave(*refused, EndCause::kEnded, wall);
    wall_minus_mono_ns_ = wall.ns - mono.ns;
  } else if (unit.track_change != nullptr) {
    if (const Status status = run_->SetTracks(tracks_); !status.ok()) trouble_ = status.message();
  }
  at = std::max(at, run_begin_);
  if (next_.value > 0) at = std::max(at, footage_end_);
  NoteMissing(unit, at);
  Append(unit, at);
}

// A node whose clock is set makes a new run: within one, time goes on.
void StreamRecorder::CheckClock(MonoTime mono, WallTime wall) {
  if (run_ == nullptr) return;
  const Duration step{(wall.ns - mono.ns) - wall_minus_mono_ns_};
  if (step < kClockStep && step > -kClockStep) return;
  (void)run_->End(EndCause::kTimeBreak);
  run_.reset();
  Connect(std::vector<TrackInfo>(tracks_));
  footage_end_ = wall;
}

std::optional<GapCause> StreamRecorder::BeginRun(WallTime wall) {
  RunOptions options;
  options.tracks = tracks_;
  options.wall_uncertainty_us = kUncertaintyUs;
  Result<std::unique_ptr<RunWriter>> run = store_.BeginRun(stream_, options);
  if (!run.ok()) {
    trouble_ = run.status().message();
    const bool unwanted = run.status().code() == Code::kFailedPrecondition;
    return unwanted ? GapCause::kNotRecorded : GapCause::kDiskError;
  }
  run_ = *std::move(run);
  next_ = {0};
  run_begin_ = wall;
  return std::nullopt;
}

void StreamRecorder::NoteMissing(const ReceivedUnit& unit, WallTime at) {
  const bool picture = tracks_[unit.track.value].kind == TrackKind::kVideo;
  if (missing_) last_picture_.reset();  // that gap is told of by its cause
  const bool has_pictures = std::any_of(tracks_.begin(), tracks_.end(), [](const TrackInfo& track) {
    return track.kind == TrackKind::kVideo;
  });
  if (has_pictures && !picture) return;
  if (last_picture_) {
    const Duration distance = at - *last_picture_;
    const bool lost = (unit.flags & kUnitLossBefore) != 0 && distance > kTolerance;
    const bool stalled = distance > kStall && distance > 4 * usual_distance_;
    if (lost || stalled) {
      const GapCause cause = lost ? GapCause::kPacketsLost : GapCause::kSourceStalled;
      gaps_.Record({stream_, *last_picture_, at, cause, 0});
    } else {
      usual_distance_ += (distance - usual_distance_) / 8;
    }
  }
  last_picture_ = at;
}

void StreamRecorder::Append(const ReceivedUnit& unit, WallTime at) {
  UnitView view;
  view.track = unit.track;
  view.flags = unit.flags;
  view.pts = unit.pts;
  view.dts = unit.dts;
  view.wall = at;
  view.bytes = unit.bytes;
  const Status status = run_->Append(next_, view, AppendMode::kLive);
  ++next_.value;
  const bool shed = status.code() == Code::kResourceExhausted;  // the store tells of that gap
  if (!status.ok() && !shed) {
    trouble_ = status.message();
    missing_ = GapCause::kDiskError;
    return;
  }
  trouble_ = shed ? "shed: memory is full" : "";
  if (missing_) {
    TellGap(at);
    missing_.reset();
  }
  footage_end_ = at;
  if ((unit.flags & kUnitClean) != 0) last_clean_ = at;
}

void StreamRecorder::Leave(GapCause cause, EndCause end, WallTime now) {
  if (run_ != nullptr) {
    (void)run_->End(end);  // FailedPrecondition: the store has ended it
    run_.reset();
  }
  lateness_ = Duration{0};
  if (missing_ == cause) return;
  if (missing_) {
    TellGap(now);
    footage_end_ = std::max(footage_end_, now);
  }
  missing_ = cause;
  told_at_ = now;
}

void StreamRecorder::Tick(WallTime now) {
  constexpr Duration kFirst = std::chrono::seconds(5);
  constexpr Duration kThen = std::chrono::minutes(1);
  if (!missing_) return;
  const bool first = told_at_ - footage_end_ < kFirst;
  if (now - told_at_ >= (first ? kFirst : kThen)) TellGap(now);
}

void StreamRecorder::Close(EndCause end, WallTime now) {
  if (run_ != nullptr) {
    (void)run_->End(end);
    run_.reset();
  }
  if (missing_) TellGap(now);
}

void StreamRecorder::TellGap(WallTime end) {
  told_at_ = end;
  if (end - footage_end_ > kTolerance) gaps_.Record({stream_, footage_end_, end, *missing_, 0});
}

std::optional<WallTime> StreamRecorder::recording_since() const {
  return run_ != nullptr ? std::optional(run_begin_) : std::nullopt;
}

}  // namespace reel::server
