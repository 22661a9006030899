#include "server/ingest/rtsp_link.h"

#include <cmath>
#include <utility>

namespace reel::server {

RtspLink::RtspLink(EventLoop& loop, Resolver& resolver, Random& random, const CameraConfig& camera,
                   size_t budget_bytes, LinkSink& sink)
    : Link(budget_bytes),
      loop_(loop),
      resolver_(resolver),
      random_(random),
      camera_(camera),
      sink_(sink),
      url_(ParseUrl(camera.sources.front().url).value()) {}

void RtspLink::Begin() {
  Now();
  Resolve();
}

void RtspLink::Now() {
  mono_ = loop_.clock().MonoNow();
  wall_ = loop_.clock().WallNow();
}

void RtspLink::OnTimer() {
  Now();
  const bool connecting = connection_ != nullptr && !connected_;
  if (connecting && mono_ - connect_began_ >= kConnectTimeout) {
    return Fail("no connection within 10 s");
  }
  if (session_ == nullptr) return;
  session_->OnTimer(mono_);
  AfterSession();
}

std::optional<MonoTime> RtspLink::deadline() const {
  return session_ != nullptr ? session_->deadline() : std::nullopt;
}

void RtspLink::Close() {
  Now();
  if (session_ != nullptr) {
    session_->Teardown(mono_);
    Flush();  // as far as the socket takes it at once
  }
  Fail("closed");
}

// ---- Connecting ----

void RtspLink::Resolve() {
  const std::optional<Address> address = ParseAddress(url_.host, url_.port);
  if (address && !url_.tls) return Connect({*address, nullptr});
  const auto ca_file = url_.tls ? std::optional(camera_.ca_file) : std::nullopt;
  resolver_.Ask(url_.host, url_.port, ca_file,
                [weak = weak_from_this(), &loop = loop_](const Result<Contact>& contact) {
                  loop.Post([weak, contact] {
                    const std::shared_ptr<RtspLink> link = weak.lock();
                    if (link == nullptr || link->ended()) return;
                    link->Now();
                    if (contact.ok()) {
                      link->Connect(*contact);
                    } else {
                      link->Fail(contact.status().message());
                    }
                    link->sink_.OnTurn();
                  });
                });
}

void RtspLink::Connect(const Contact& contact) {
  Result<std::unique_ptr<Connection>> connection =
      url_.tls ? Connection::OpenTls(contact.address, url_.host, *contact.trust)
               : Connection::Open(contact.address);
  if (!connection.ok()) return Fail(connection.status().message());
  connection_ = *std::move(connection);
  connect_began_ = mono_;
  watched_ = EPOLLOUT;
  const Status watched = loop_.Watch(connection_->fd(), watched_, this);
  if (!watched.ok()) Fail(watched.message());
}

void RtspLink::Advance() {
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
      return Fail("the camera closed the connection");
    case Connection::Step::kFailed:
      return Fail(connection_->status().message());
  }
}

void RtspLink::BeginSession() {
  Session::Options options;
  options.url = url_;
  options.user = camera_.user;
  options.password = camera_.password.Reveal();
  options.random = &random_;
  if (camera_.transport == Transport::kUdp) {
    const Status opened = OpenUdp(&options);
    if (!opened.ok()) return Fail(opened.message());
  }
  SessionSink& sink = *this;
  session_ = std::make_unique<Session>(std::move(options), sink);
  session_->Start(mono_);
  AfterSession();
}

Status RtspLink::OpenUdp(Session::Options* options) {
  REEL_ASSIGN_OR_RETURN(const Address ours, OursOf(connection_->fd()));
  REEL_ASSIGN_OR_RETURN(const Address camera, PeerOf(connection_->fd()));
  UdpReceiver::Taker& taker = *this;
  udp_ = std::make_unique<UdpReceiver>(loop_, ours, camera, taker);
  options->open_udp = [this](size_t track) { return udp_->Open(track); };
  return OkStatus();
}

// ---- The session ----

void RtspLink::OnReady(uint32_t events) {
  Now();
  if (!connected_) {
    Advance();
  } else {
    const bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0;
    if (readable) ReadSome();
    AfterSession();
  }
  sink_.OnTurn();
}

void RtspLink::OnDatagrams(size_t track, bool is_rtcp, const std::vector<ByteSpan>& datagrams) {
  Now();
  // Before its SETUP is answered a track takes nothing.
  for (const ByteSpan datagram : datagrams) {
    if (track < session_->tracks()) session_->Datagram(track, is_rtcp, datagram, mono_, wall_);
  }
  AfterSession();
  sink_.OnTurn();
}

void RtspLink::ReadSome() {
  size_t moved = 0;
  switch (connection_->Read(session_->Room(), &moved)) {
    case Connection::Step::kDone:
      Spend(moved);
      return session_->Received(moved, mono_, wall_);
    case Connection::Step::kClosed:
      return Fail("the camera closed the connection");
    case Connection::Step::kFailed:
      return Fail(connection_->status().message());
    case Connection::Step::kWantsRead:
    case Connection::Step::kWantsWrite:
      return;
  }
}

void RtspLink::Flush() {
  while (!session_->output().empty()) {
    size_t moved = 0;
    const Connection::Step step = connection_->Write(session_->output(), &moved);
    if (step != Connection::Step::kDone) return;  // a failure shows when it is read
    session_->Sent(moved);
  }
}

// Behind whatever the session did.
void RtspLink::AfterSession() {
  if (session_ == nullptr) return;
  Flush();
  if (session_->ended()) return OnSessionEnd();
  uint32_t wanted = budget_bytes() > 0 ? EPOLLIN : 0U;
  if (!session_->output().empty()) wanted |= EPOLLOUT;
  if (wanted == watched_) return;
  watched_ = wanted;
  loop_.Change(connection_->fd(), watched_);
}

void RtspLink::OnSessionEnd() {
  const std::string why = session_->why();
  switch (*session_->ended()) {
    case SessionEnd::kRedirected:
      return Redirect();
    case SessionEnd::kLoginRefused:
      return Fail(why, GapCause::kLoginRefused);
    case SessionEnd::kRefused:
    case SessionEnd::kBroken:
    case SessionEnd::kTimedOut:
    case SessionEnd::kGoodbye:
      return Fail(why);
  }
}

void RtspLink::Redirect() {
  const Result<Url> url = ParseUrl(session_->redirect_url());
  const bool downgrades = url.ok() && url_.tls && !url->tls;
  if (!url.ok() || downgrades || ++redirects_ > kMaxRedirects) {
    return Fail("the camera points to where we do not follow");
  }
  Disconnect();
  url_ = *url;
  Resolve();
}

void RtspLink::Disconnect() {
  if (connection_ != nullptr) loop_.Unwatch(connection_->fd());
  lost_before_ = packets_lost();
  session_.reset();
  udp_.reset();
  connection_.reset();
  connected_ = false;
}

void RtspLink::Fail(std::string why, GapCause cause) {
  Disconnect();
  SetEnded(std::move(why), cause);
}

// ---- What is known of it ----

bool RtspLink::playing() const { return session_ != nullptr && session_->playing(); }

uint64_t RtspLink::packets_lost() const {
  uint64_t lost = lost_before_;
  for (size_t i = 0; session_ != nullptr && i < session_->tracks(); ++i) {
    lost += session_->track(i).counters().lost;
  }
  return lost;
}

std::optional<Duration> RtspLink::clock_offset() const {
  for (size_t i = 0; session_ != nullptr && i < session_->tracks(); ++i) {
    if (const auto offset = session_->track(i).camera_clock().offset()) return offset;
  }
  return std::nullopt;
}

std::optional<double> RtspLink::clock_drift_ppm() const {
  std::optional<double> most;
  for (size_t i = 0; session_ != nullptr && i < session_->tracks(); ++i) {
    const std::optional<double> drift = session_->track(i).camera_clock().drift_ppm();
    if (drift && std::abs(*drift) > std::abs(most.value_or(0))) most = drift;
  }
  return most;
}

}  // namespace reel::server
