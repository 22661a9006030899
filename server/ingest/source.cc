#include "server/ingest/source.h"

#include <algorithm>
#include <utility>

#include "server/ingest/feed_link.h"
#include "server/ingest/rtsp_link.h"
#include "server/ingest/schedule.h"

namespace reel::server {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(500);
constexpr Duration kStable = std::chrono::seconds(30);

GapCause CauseOfOff(RecordMode mode) {
  return mode == RecordMode::kOff ? GapCause::kNotRecorded : GapCause::kOffSchedule;
}

}  // namespace

Source::Source(Shared& shared, EventLoop& loop, SourceSpec spec)
    : shared_(shared),
      loop_(loop),
      spec_(std::move(spec)),
      recorder_(shared.store, shared.gaps, spec_.stream, GapCause::kSourceLost,
                shared.clock.WallNow()),
      pre_buffer_(spec_.camera.pre_buffer),
      backoff_(shared.random),
      timer_(loop, [this] { OnTimer(); }) {
  status_.camera = spec_.camera.name;
  status_.stream = spec_.source().stream;
}

void Source::Begin() {
  Now();
  rates_at_ = next_tick_ = mono_;
  state_ = SourceState::kOff;
  if (!Wanted()) recorder_.Leave(CauseOfOff(spec_.source().mode), EndCause::kEnded, wall_);
  OnTimer();
}

void Source::End(EndCause cause) {
  if (std::exchange(ended_, true)) return;
  Now();
  DropLink();
  timer_.Clear();
  recorder_.Close(cause, wall_);
  state_ = SourceState::kOff;
  Publish();
}

void Source::Now() {
  mono_ = shared_.clock.MonoNow();
  wall_ = shared_.clock.WallNow();
}

bool Source::Wanted() const {
  switch (spec_.source().mode) {
    case RecordMode::kContinuous:
    case RecordMode::kEvent:
      return true;
    case RecordMode::kSchedule:
      return InSchedule(spec_.camera.schedule, wall_);
    case RecordMode::kOff:
      break;
  }
  return false;
}

// ---- Time ----

void Source::OnTimer() {
  Now();
  if (mono_ >= next_tick_) {
    next_tick_ = mono_ + kTick;
    floods_ = link_ != nullptr && link_->Refill(shared_.max_bytes_per_second / 2);
    FollowSchedule();
    CheckSilence();
    if (BetweenEvents() && recorder_.recording_since()) {
      recorder_.Leave(GapCause::kOffSchedule, EndCause::kEnded, wall_);
    }
    // What is in the pre-buffer may yet be recorded, and is not missing.
    const bool may_come = spec_.source().mode == RecordMode::kEvent;
    recorder_.Tick(may_come ? wall_ - 2 * spec_.camera.pre_buffer : wall_);
    Publish();
  }
  if (state_ == SourceState::kWaiting && mono_ >= retry_at_) Attempt();
  if (link_ != nullptr) {
    link_->OnTimer();
    FollowLink();
  }
  SetTimer();
}

void Source::SetTimer() {
  if (ended_) return;
  MonoTime next = next_tick_;
  if (state_ == SourceState::kWaiting) next = std::min(next, retry_at_);
  if (link_ != nullptr && link_->deadline()) next = std::min(next, *link_->deadline());
  timer_.Set(next);
}

void Source::FollowSchedule() {
  const bool wanted = Wanted();
  if (wanted && state_ == SourceState::kOff) {
    recorder_.Leave(GapCause::kSourceLost, EndCause::kEnded, wall_);
    Attempt();
  }
  if (!wanted && state_ != SourceState::kOff) {
    DropLink();
    recorder_.Leave(CauseOfOff(spec_.source().mode), EndCause::kEnded, wall_);
    state_ = SourceState::kOff;
    why_.clear();
  }
}

Duration Source::SilenceNamed() const {
  constexpr Duration kLatest = std::chrono::seconds(9);
  return std::clamp(3 * usual_distance_, kSilentNamed, kLatest);
}

void Source::CheckSilence() {
  if (link_ == nullptr || !link_->playing()) return;
  constexpr Duration kLatest = std::chrono::minutes(1);
  const Duration patience = std::clamp(5 * usual_distance_, kSilentEnded, kLatest);
  const MonoTime since = last_data_.value_or(step_began_);
  if (mono_ - since < patience) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(mono_ - since);
  Fail("silent for " + std::to_string(seconds.count()) + " s", GapCause::kSourceStalled);
}

// ---- The link ----

void Source::Attempt() {
  state_ = SourceState::kConnecting;
  step_began_ = mono_;
  last_data_.reset();
  link_ = MakeLink();
  link_->Begin();
  FollowLink();
}

std::shared_ptr<Link> Source::MakeLink() {
  LinkSink& sink = *this;
  if (spec_.source().url.starts_with(kFeedPrefix)) {
    return std::make_shared<FeedLink>(loop_, shared_.reaper, shared_.feed_command, spec_.camera,
                                      shared_.max_bytes_per_second / 2, sink);
  }
  return std::make_shared<RtspLink>(loop_, shared_.resolver, shared_.random, spec_.camera,
                                    shared_.max_bytes_per_second / 2, sink);
}

void Source::OnTurn() {
  Now();
  FollowLink();
  SetTimer();
}

void Source::FollowLink() {
  if (!link_->ended()) return;
  const Link::End end = *link_->ended();
  Fail(end.why, end.cause);
}

void Source::DropLink() {
  if (link_ == nullptr) return;
  if (!link_->ended()) link_->Close();
  lost_before_ += link_->packets_lost();
  link_.reset();
}

void Source::OnTracks(const std::vector<TrackInfo>& tracks) {
  Now();
  step_began_ = mono_;
  kinds_.clear();
  for (const TrackInfo& track : tracks) kinds_.push_back(track.kind);
  has_pictures_ = std::find(kinds_.begin(), kinds_.end(), TrackKind::kVideo) != kinds_.end();
  recorder_.Connect(tracks);
  pre_buffer_.Connect(tracks);
  if (BetweenEvents()) recorder_.Leave(GapCause::kOffSchedule, EndCause::kEnded, wall_);
}

void Source::OnUnit(const ReceivedUnit& unit) {
  Now();
  if (state_ == SourceState::kConnecting) {
    state_ = SourceState::kRecording;
    step_began_ = mono_;
    why_.clear();
    Log(LogLevel::kInfo, "recording");
  }
  const bool picture = kinds_[unit.track.value] == TrackKind::kVideo;
  ++received_.units;
  received_.pictures += picture ? 1 : 0;
  received_.bytes += unit.bytes.size();
  last_unit_ = wall_;
  if (!has_pictures_ || picture) {
    if (last_data_) usual_distance_ += (mono_ - *last_data_ - usual_distance_) / 8;
    last_data_ = mono_;
  }
  if (BetweenEvents()) return pre_buffer_.Add(unit, mono_, wall_);
  recorder_.OnUnit(unit, mono_, wall_);
}

void Source::Event(WallTime when) {
  Now();
  if (ended_ || spec_.source().mode != RecordMode::kEvent) return;
  const bool begins = BetweenEvents();
  // One that claims to be of the future lasts no longer for it.
  event_until_ = std::max(event_until_, std::min(when, wall_) + spec_.camera.post_buffer);
  if (!begins || BetweenEvents() || link_ == nullptr || !link_->playing()) return;
  recorder_.Connect(pre_buffer_.tracks());
  pre_buffer_.Drain([this](const ReceivedUnit& unit, MonoTime mono, WallTime wall) {
    recorder_.OnUnit(unit, mono, wall);
  });
}

void Source::Fail(std::string why, GapCause cause) {
  if (state_ == SourceState::kRecording) {
    ++reconnects_;
    recent_losses_.push_back(mono_);
    if (mono_ - step_began_ >= kStable) backoff_.Reset();
  }
  DropLink();
  if (why != why_) Log(LogLevel::kWarning, why);
  why_ = std::move(why);
  state_ = SourceState::kWaiting;
  const bool refused = cause == GapCause::kLoginRefused;
  retry_at_ = mono_ + (refused ? backoff_.AfterRefusedLogin() : backoff_.AfterLoss());
  recorder_.Leave(cause, EndCause::kSourceLost, wall_);
  Publish();
}

void Source::Log(LogLevel level, const std::string& text) const {
  if (shared_.log) shared_.log(level, spec_.source().stream + ": " + text);
}

}  // namespace reel::server
