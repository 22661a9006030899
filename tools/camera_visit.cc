#include "tools/camera_visit.h"

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

#include "server/ingest/connection.h"
#include "server/ingest/event_loop.h"
#include "server/ingest/resolver.h"
#include "server/ingest/udp_receiver.h"
#include "server/rtsp/session.h"

namespace reel {
namespace {

using server::Address;
using server::Connection;
using server::Contact;
using server::EventLoop;
using server::Session;
using server::SessionEnd;
using server::UdpReceiver;

constexpr Duration kConnectTimeout = std::chrono::seconds(10);
constexpr Duration kLookEvery = std::chrono::milliseconds(100);

// The session on an event loop. Everything but Begin, Finish and Wait is called on the loop.
class Guest final : private EventLoop::Handler,
                    private server::SessionSink,
                    private UdpReceiver::Taker {
 public:
  Guest(EventLoop& loop, const VisitOptions& options, server::Url url, VisitSink* sink)
      : loop_(loop), options_(options), url_(url), sink_(sink), timer_(loop, [this] {
          OnTimer();
        }) {}

  void Begin(const Contact& contact) {
    loop_.Run([&] { Connect(contact); });
  }
  // Takes leave of the camera, if it has not ended yet.
  void Finish() {
    loop_.Run([this] {
      if (session_ != nullptr && connected_ && !session_->ended()) {
        session_->Teardown(loop_.clock().MonoNow());
        Flush();
      }
      if (connection_ != nullptr) loop_.Unwatch(connection_->fd());
      timer_.Clear();
      udp_.reset();
    });
  }
  // True when it has ended.
  bool Wait(Duration wait) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, wait, [this] { return ended_; });
  }
  bool playing() {
    const std::lock_guard lock(mutex_);
    return playing_;
  }

  // Behind Finish.
  const Session* session() const { return session_.get(); }
  const Status& failure() const { return failure_; }

 private:
  void Connect(const Contact& contact) {
    began_ = loop_.clock().MonoNow();
    Result<std::unique_ptr<Connection>> connection =
        url_.tls ? Connection::OpenTls(contact.address, url_.host, *contact.trust)
                 : Connection::Open(contact.address);
    if (!connection.ok()) return Fail(connection.status());
    connection_ = *std::move(connection);
    watched_ = EPOLLOUT;
    if (const Status watched = loop_.Watch(connection_->fd(), watched_, this); !watched.ok()) {
      return Fail(watched);
    }
    timer_.Set(began_ + kConnectTimeout);
  }

  void OnTimer() {
    if (!connected_) return Fail(Unavailable("no connection within 10 s"));
    session_->OnTimer(loop_.clock().MonoNow());
    AfterSession();
  }

  void OnReady(uint32_t /*events*/) override {
    if (over_) return;
    if (!connected_) return Advance();
    size_t moved = 0;
    switch (connection_->Read(session_->Room(), &moved)) {
      case Connection::Step::kDone:
        session_->Received(moved, loop_.clock().MonoNow(), loop_.clock().WallNow());
        break;
      case Connection::Step::kClosed:
        return Fail(Unavailable("the camera closed the connection"));
      case Connection::Step::kFailed:
        return Fail(connection_->status());
      case Connection::Step::kWantsRead:
      case Connection::Step::kWantsWrite:
        break;
    }
    AfterSession();
  }

  void Advance() {
    switch (connection_->Advance()) {
      case Connection::Step::kDone:
        connected_ = true;
        return BeginSession();
      case Connection::Step::kWantsRead:
        return Watch(EPOLLIN);
      case Connection::Step::kWantsWrite:
        return Watch(EPOLLOUT);
      case Connection::Step::kClosed:
        return Fail(Unavailable("the camera closed the connection"));
      case Connection::Step::kFailed:
        return Fail(connection_->status());
    }
  }

  void BeginSession() {
    Session::Options options;
    options.url = url_;
    options.user = options_.user;
    options.password = options_.password.Reveal();
    options.random = &SystemRandom();
    options.describe_only = options_.describe_only;
    if (options_.transport == server::Transport::kUdp && !options_.describe_only) {
      const Result<Address> ours = server::OursOf(connection_->fd());
      const Result<Address> camera = server::PeerOf(connection_->fd());
      if (!ours.ok() || !camera.ok()) return Fail(ours.ok() ? camera.status() : ours.status());
      UdpReceiver::Taker& taker = *this;
      udp_ = std::make_unique<UdpReceiver>(loop_, *ours, *camera, taker);
      options.open_udp = [this](size_t track) { return udp_->Open(track); };
    }
    server::SessionSink& sink = *this;
    session_ = std::make_unique<Session>(std::move(options), sink);
    session_->Start(loop_.clock().MonoNow());
    AfterSession();
  }

  void Flush() {
    while (!session_->output().empty()) {
      size_t moved = 0;
      if (connection_->Write(session_->output(), &moved) != Connection::Step::kDone) return;
      session_->Sent(moved);
    }
  }

  void AfterSession() {
    Flush();
    if (session_->ended()) return SetEnded();
    Watch(session_->output().empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
    if (const std::optional<MonoTime> deadline = session_->deadline()) timer_.Set(*deadline);
    if (!session_->playing()) return;
    const std::lock_guard lock(mutex_);
    playing_ = true;
  }

  void Watch(uint32_t events) {
    if (std::exchange(watched_, events) != events) loop_.Change(connection_->fd(), events);
  }

  void Fail(Status status) {
    failure_ = std::move(status);
    SetEnded();
  }

  void SetEnded() {
    over_ = true;
    timer_.Clear();
    if (connection_ != nullptr) loop_.Unwatch(connection_->fd());
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  void OnTracks(const std::vector<TrackInfo>& tracks) override {
    if (sink_ != nullptr) sink_->OnTracks(tracks);
  }
  void OnUnit(const server::ReceivedUnit& unit) override {
    if (sink_ != nullptr) sink_->OnUnit(unit, loop_.clock().MonoNow(), loop_.clock().WallNow());
  }
  void OnReportPort(size_t track, uint16_t port) override { udp_->SetReportPort(track, port); }
  void OnUdpReport(size_t track, ByteSpan report) override { udp_->SendReport(track, report); }
  void OnDatagrams(size_t track, bool is_rtcp, const std::vector<ByteSpan>& datagrams) override {
    if (over_) return;
    for (const ByteSpan datagram : datagrams) {
      if (track >= session_->tracks()) break;
      session_->Datagram(track, is_rtcp, datagram, loop_.clock().MonoNow(),
                         loop_.clock().WallNow());
    }
    AfterSession();
  }

  EventLoop& loop_;
  const VisitOptions& options_;
  const server::Url url_;
  VisitSink* const sink_;
  EventLoop::Timer timer_;
  MonoTime began_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<UdpReceiver> udp_;
  std::unique_ptr<Session> session_;
  bool connected_ = false;
  bool over_ = false;
  uint32_t watched_ = 0;
  Status failure_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  bool playing_ = false;
};

Result<Contact> Resolve(const server::Url& url, const std::string& ca_file) {
  std::promise<Result<Contact>> answer;
  server::Resolver resolver;
  resolver.Ask(url.host, url.port, url.tls ? std::optional(ca_file) : std::nullopt,
               [&answer](Result<Contact> contact) { answer.set_value(std::move(contact)); });
  return answer.get_future().get();
}

// What the user may do about it.
Status EndStatus(const Session& session) {
  const std::string& why = session.why();
  switch (*session.ended()) {
    case SessionEnd::kLoginRefused:
      return PermissionDenied(why + "; give --user, and its password by --password-file");
    case SessionEnd::kRefused:
      // 453 Not Enough Bandwidth, 503 Service Unavailable (RFC 2326 11).
      if (why.find(": 453") != std::string::npos || why.find(": 503") != std::string::npos) {
        return Unavailable(why + "; many cameras allow few sessions at once: end another one");
      }
      return NotFound(why + "; look up the camera's own address for its streams");
    case SessionEnd::kBroken:
      return FailedPrecondition("this is no RTSP: " + why + "; look at port and address");
    case SessionEnd::kTimedOut:
      return Unavailable(why + "; is it the port of RTSP?");
    case SessionEnd::kGoodbye:
    case SessionEnd::kRedirected:
      break;
  }
  return OkStatus();
}

void Report(const Session& session, CameraVisit* visit) {
  visit->description = session.description();
  visit->login = session.login().scheme();
  for (size_t i = 0; i < session.tracks(); ++i) {
    const server::TrackCounters counters = session.track(i).counters();
    visit->packets.packets += counters.packets;
    visit->packets.lost += counters.lost;
    visit->packets.malformed += counters.malformed;
    const server::CameraClock& clock = session.track(i).camera_clock();
    if (!visit->clock_offset) visit->clock_offset = clock.offset();
    if (!visit->clock_drift_ppm) visit->clock_drift_ppm = clock.drift_ppm();
  }
}

void WaitFor(Guest& guest, const VisitOptions& options, CameraVisit* visit) {
  Clock& clock = SystemClock();
  const MonoTime began = clock.MonoNow();
  std::optional<MonoTime> until;
  while (!guest.Wait(kLookEvery)) {
    if (!until && guest.playing()) {
      visit->connected = clock.MonoNow() - began;
      until = clock.MonoNow() + options.length;
    }
    if (until && clock.MonoNow() >= *until) return;
    if (options.stop && options.stop()) return;
  }
}

}  // namespace

Result<CameraVisit> VisitCamera(const VisitOptions& options, VisitSink* sink) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<EventLoop> loop, EventLoop::Start(SystemClock()));
  CameraVisit visit;
  visit.url = options.url;
  for (int i = 0;; ++i) {
    const std::string where = visit.url.ToString() + ": ";
    const Result<Contact> contact = Resolve(visit.url, options.ca_file);
    if (!contact.ok()) return Unavailable(where + contact.status().message());
    Guest guest(*loop, options, visit.url, sink);
    guest.Begin(*contact);
    WaitFor(guest, options, &visit);
    const bool early = guest.Wait(Duration{0}) && !options.describe_only;
    guest.Finish();
    if (!guest.failure().ok() && (guest.session() == nullptr || !guest.session()->playing())) {
      return Unavailable(where + guest.failure().message() +
                         "; is it on, and is this its address and port?");
    }
    if (guest.session() == nullptr) return Status(Code::kCancelled, "stopped");
    const Session& session = *guest.session();
    Report(session, &visit);
    if (!guest.failure().ok()) visit.ended_early = guest.failure().message();
    if (early && session.ended() == SessionEnd::kGoodbye) visit.ended_early = session.why();
    if (!session.ended()) return visit;
    if (*session.ended() != SessionEnd::kRedirected) {
      const Status status = EndStatus(session);
      if (!status.ok()) return Status(status.code(), where + status.message());
      return visit;
    }
    const Result<server::Url> next = server::ParseUrl(session.redirect_url());
    const bool downgrades = next.ok() && visit.url.tls && !next->tls;
    if (!next.ok() || downgrades || i == CameraVisit::kMaxRedirects) {
      return FailedPrecondition(where + "the camera points to where we do not follow");
    }
    visit.url = *next;
  }
}

}  // namespace reel
