#include "server/ingest/source.h"

#include <algorithm>
#include <utility>

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
  if (session_ != nullptr) {
    session_->Teardown(mono_);
    if (connected_) Flush();  // as far as the socket takes it at once
  }
  Disconnect();
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
    floods_ = budget_bytes_ == 0 && connected_;
    budget_bytes_ = kMaxBytesPerSecond / 2;
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
  if (state_ == SourceState::kWaiting && mono_ >= retry_at_) Resolve();
  const bool connecting = connection_ != nullptr && !connected_;
  if (connecting && mono_ - step_began_ >= kConnectTimeout) {
    Fail("no connection within 10 s", GapCause::kSourceLost, backoff_.AfterLoss());
  }
  if (session_ != nullptr && connected_) {
    session_->OnTimer(mono_);
    AfterSession();
  }
  SetTimer();
}

void Source::SetTimer() {
  if (ended_) return;
  MonoTime next = next_tick_;
  if (state_ == SourceState::kWaiting) next = std::min(next, retry_at_);
  if (session_ != nullptr && session_->deadline()) next = std::min(next, *session_->deadline());
  timer_.Set(next);
}

void Source::FollowSchedule() {
  const bool wanted = Wanted();
  if (wanted && state_ == SourceState::kOff) {
    url_ = ParseUrl(spec_.source().url).value();  // Cameras::Apply has read it
    recorder_.Leave(GapCause::kSourceLost, EndCause::kEnded, wall_);
    Resolve();
  }
  if (!wanted && state_ != SourceState::kOff) {
    if (session_ != nullptr) session_->Teardown(mono_);
    if (session_ != nullptr && connected_) Flush();
    Disconnect();
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
  if (!connected_ || session_ == nullptr || !session_->playing()) return;
  constexpr Duration kLatest = std::chrono::minutes(1);
  const Duration patience = std::clamp(5 * usual_distance_, kSilentEnded, kLatest);
  const MonoTime since = last_data_.value_or(step_began_);
  if (mono_ - since < patience) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(mono_ - since);
  Fail("silent for " + std::to_string(seconds.count()) + " s", GapCause::kSourceStalled,
       backoff_.AfterLoss());
}

// ---- Connecting ----

void Source::Resolve() {
  ++attempt_;
  state_ = SourceState::kConnecting;
  step_began_ = mono_;
  if (const std::optional<Address> address = ParseAddress(url_.host, url_.port)) {
    return Connect(*address);
  }
  shared_.resolver.Ask(
      url_.host, url_.port,
      [weak = weak_from_this(), &loop = loop_, attempt = attempt_](const Result<Address>& address) {
        loop.Post([weak, attempt, address] {
          const std::shared_ptr<Source> source = weak.lock();
          if (source == nullptr || source->ended_ || source->attempt_ != attempt) return;
          source->Now();
          if (address.ok()) return source->Connect(*address);
          source->Fail(address.status().message(), GapCause::kSourceLost,
                       source->backoff_.AfterLoss());
        });
      });
}

void Source::Connect(const Address& address) {
  Result<std::unique_ptr<Connection>> connection =
      url_.tls ? Connection::OpenTls(address, url_.host, spec_.camera.ca_file)
               : Connection::Open(address);
  if (!connection.ok()) {
    return Fail(connection.status().message(), GapCause::kSourceLost, backoff_.AfterLoss());
  }
  connection_ = *std::move(connection);
  step_began_ = mono_;
  watched_ = EPOLLOUT;
  const Status watched = loop_.Watch(connection_->fd(), watched_, this);
  if (!watched.ok()) Fail(watched.message(), GapCause::kSourceLost, backoff_.AfterLoss());
  SetTimer();
}

void Source::Advance() {
  switch (connection_->Advance()) {
    case Connection::Step::kDone:
      connected_ = true;
      return BeginSession();
    case Connection::Step::kWantsRead:
      watched_ = EPOLLIN;
      return loop_.Change(connection_->fd(), watched_);
    case Connection::Step::kWantsWrite:
      watched_ = EPOLLOUT;
      return loop_.Change(connection_->fd(), watched_);
    case Connection::Step::kClosed:
      return Fail("the camera closed the connection", GapCause::kSourceLost, backoff_.AfterLoss());
    case Connection::Step::kFailed:
      return Fail(connection_->status().message(), GapCause::kSourceLost, backoff_.AfterLoss());
  }
}

void Source::BeginSession() {
  Session::Options options;
  options.url = url_;
  options.user = spec_.camera.user;
  options.password = spec_.camera.password.Reveal();
  options.random = &shared_.random;
  if (spec_.camera.transport == Transport::kUdp) {
    const Status opened = OpenUdp(&options);
    if (!opened.ok()) return Fail(opened.message(), GapCause::kSourceLost, backoff_.AfterLoss());
  }
  SessionSink& sink = *this;
  session_ = std::make_unique<Session>(std::move(options), sink);
  last_data_.reset();
  step_began_ = mono_;
  session_->Start(mono_);
  AfterSession();
}

Status Source::OpenUdp(Session::Options* options) {
  REEL_ASSIGN_OR_RETURN(const Address ours, OursOf(connection_->fd()));
  REEL_ASSIGN_OR_RETURN(const Address camera, PeerOf(connection_->fd()));
  UdpReceiver::Taker& taker = *this;
  udp_ = std::make_unique<UdpReceiver>(loop_, ours, camera, taker);
  options->open_udp = [this](size_t track) { return udp_->Open(track); };
  return OkStatus();
}

// ---- The session ----

void Source::OnReady(uint32_t events) {
  Now();
  if (!connected_) {
    Advance();
  } else {
    const bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0;
    if (readable) ReadSome();
    AfterSession();
  }
  SetTimer();
}

void Source::ReadSome() {
  size_t moved = 0;
  switch (connection_->Read(session_->Room(), &moved)) {
    case Connection::Step::kDone:
      budget_bytes_ -= std::min(budget_bytes_, moved);
      return session_->Received(moved, mono_, wall_);
    case Connection::Step::kClosed:
      return Fail("the camera closed the connection", GapCause::kSourceLost, backoff_.AfterLoss());
    case Connection::Step::kFailed:
      return Fail(connection_->status().message(), GapCause::kSourceLost, backoff_.AfterLoss());
    case Connection::Step::kWantsRead:
    case Connection::Step::kWantsWrite:
      return;
  }
}

void Source::Flush() {
  while (!session_->output().empty()) {
    size_t moved = 0;
    const Connection::Step step = connection_->Write(session_->output(), &moved);
    if (step != Connection::Step::kDone) return;  // a failure shows when it is read
    session_->Sent(moved);
  }
}

// Behind whatever the session did.
void Source::AfterSession() {
  if (session_ == nullptr) return;
  Flush();
  if (session_->ended()) return OnSessionEnd();
  uint32_t wanted = budget_bytes_ > 0 ? EPOLLIN : 0U;
  if (!session_->output().empty()) wanted |= EPOLLOUT;
  if (wanted == watched_) return;
  watched_ = wanted;
  loop_.Change(connection_->fd(), watched_);
}

void Source::OnSessionEnd() {
  const std::string why = session_->why();
  switch (*session_->ended()) {
    case SessionEnd::kRedirected:
      return Redirect();
    case SessionEnd::kLoginRefused:
      return Fail(why, GapCause::kLoginRefused, backoff_.AfterRefusedLogin());
    case SessionEnd::kRefused:
    case SessionEnd::kBroken:
    case SessionEnd::kTimedOut:
    case SessionEnd::kGoodbye:
      return Fail(why, GapCause::kSourceLost, backoff_.AfterLoss());
  }
}

void Source::Redirect() {
  const Result<Url> url = ParseUrl(session_->redirect_url());
  const bool downgrades = url.ok() && url_.tls && !url->tls;
  if (!url.ok() || downgrades || ++redirects_ > kMaxRedirects) {
    return Fail("the camera points to where we do not follow", GapCause::kSourceLost,
                backoff_.AfterLoss());
  }
  Disconnect();
  url_ = *url;
  Resolve();
}

void Source::OnTracks(const std::vector<TrackInfo>& tracks) {
  kinds_.clear();
  for (const TrackInfo& track : tracks) kinds_.push_back(track.kind);
  has_pictures_ = std::find(kinds_.begin(), kinds_.end(), TrackKind::kVideo) != kinds_.end();
  recorder_.Connect(tracks);
  pre_buffer_.Connect(tracks);
  if (BetweenEvents()) recorder_.Leave(GapCause::kOffSchedule, EndCause::kEnded, wall_);
}

void Source::OnUnit(const ReceivedUnit& unit) {
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
  if (!begins || BetweenEvents() || session_ == nullptr) return;
  recorder_.Connect(pre_buffer_.tracks());
  pre_buffer_.Drain([this](const ReceivedUnit& unit, MonoTime mono, WallTime wall) {
    recorder_.OnUnit(unit, mono, wall);
  });
}

void Source::OnDatagrams(size_t track, bool is_rtcp, const std::vector<ByteSpan>& datagrams) {
  Now();
  // Before its SETUP is answered a track takes nothing.
  for (const ByteSpan datagram : datagrams) {
    if (track < session_->tracks()) session_->Datagram(track, is_rtcp, datagram, mono_, wall_);
  }
  AfterSession();
  SetTimer();
}

void Source::OnReportPort(size_t track, uint16_t port) { udp_->SetReportPort(track, port); }
void Source::OnUdpReport(size_t track, ByteSpan report) { udp_->SendReport(track, report); }

void Source::Disconnect() {
  if (connection_ != nullptr) loop_.Unwatch(connection_->fd());
  if (session_ != nullptr) {
    for (size_t i = 0; i < session_->tracks(); ++i) {
      lost_before_ += session_->track(i).counters().lost;
    }
  }
  session_.reset();
  udp_.reset();
  connection_.reset();
  connected_ = false;
  ++attempt_;  // an address that still comes is of no use
}

void Source::Fail(std::string why, GapCause cause, Duration wait) {
  if (state_ == SourceState::kRecording) {
    ++reconnects_;
    recent_losses_.push_back(mono_);
    if (mono_ - step_began_ >= kStable) backoff_.Reset();
  }
  Disconnect();
  if (why != why_) Log(LogLevel::kWarning, why);
  why_ = std::move(why);
  state_ = SourceState::kWaiting;
  retry_at_ = mono_ + wait;
  redirects_ = 0;
  url_ = ParseUrl(spec_.source().url).value();
  recorder_.Leave(cause, EndCause::kSourceLost, wall_);
  Publish();
}

void Source::Log(LogLevel level, const std::string& text) const {
  if (shared_.log) shared_.log(level, spec_.source().stream + ": " + text);
}

}  // namespace reel::server
