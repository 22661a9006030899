#include "server/ingest/feed_link.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace reel::server {

FeedLink::FeedLink(EventLoop& loop, ChildReaper& reaper, const std::vector<std::string>& command,
                   const CameraConfig& camera, size_t budget_bytes, LinkSink& sink)
    : Link(budget_bytes),
      loop_(loop),
      reaper_(reaper),
      command_(command),
      camera_(camera),
      sink_(sink) {}

void FeedLink::Begin() {
  began_ = loop_.clock().MonoNow();
  auto child = ChildProcess::Start(command_, camera_.sources.front().stream, reaper_);
  if (!child.ok()) return Fail(child.status().message());
  child_ = *std::move(child);
  if (const Status sent = SendRequest(); !sent.ok()) return Fail(sent.message());
  const Status watched = loop_.Watch(child_->socket(), EPOLLIN, this);
  if (!watched.ok()) return Fail(watched.message());
  watched_ = EPOLLIN;
}

// A new socket has room for it.
Status FeedLink::SendRequest() const {
  FeedRequest request;
  request.url = camera_.sources.front().url.substr(kFeedPrefix.size());
  request.user = camera_.user;
  request.password = camera_.password.Reveal();
  request.ca_file = camera_.ca_file;
  const Bytes frame = EncodeRequest(request);
  const ssize_t sent = send(child_->socket(), frame.data(), frame.size(), MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(frame.size())) return OkStatus();
  return Unavailable("the process that reads it takes no request");
}

void FeedLink::OnTimer() {
  if (ended()) return;
  if (!playing_ && loop_.clock().MonoNow() - began_ >= kOpenTimeout) {
    return Fail("nothing to record within 15 s");
  }
  WatchAsBudgeted();
}

void FeedLink::OnReady(uint32_t /*events*/) {
  ReadSome();
  if (!ended()) WatchAsBudgeted();
  sink_.OnTurn();
}

void FeedLink::ReadSome() {
  const MutableByteSpan room = reader_.Room();
  const ssize_t got = recv(child_->socket(), room.data(), room.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return Fail("the process that reads it has ended");
  Spend(static_cast<size_t>(got));
  reader_.Filled(static_cast<size_t>(got));
  TakeFrames();
}

void FeedLink::TakeFrames() {
  while (!ended()) {
    const Result<std::optional<FeedFrame>> frame = reader_.Next();
    if (!frame.ok()) return Fail(frame.status().message());
    if (!*frame) return;
    std::visit([this](const auto& kind) { Take(kind); }, **frame);
  }
}

void FeedLink::Take(const FeedTracks& tracks) {
  playing_ = true;
  sink_.OnTracks(tracks.tracks);
}

void FeedLink::Take(const FeedUnit& unit) {
  sink_.OnUnit({unit.track, unit.flags, unit.pts, unit.dts, unit.bytes, unit.track_change});
}

void FeedLink::Take(const FeedEnd& end) {
  Fail(end.why,
       end.code == Code::kPermissionDenied ? GapCause::kLoginRefused : GapCause::kSourceLost);
}

void FeedLink::WatchAsBudgeted() {
  const uint32_t wanted = budget_bytes() > 0 ? EPOLLIN : 0U;
  if (wanted == watched_) return;
  watched_ = wanted;
  loop_.Change(child_->socket(), watched_);
}

void FeedLink::Drop() {
  if (child_ == nullptr) return;
  loop_.Unwatch(child_->socket());
  child_.reset();
  playing_ = false;
}

void FeedLink::Fail(std::string why, GapCause cause) {
  Drop();
  SetEnded(std::move(why), cause);
}

}  // namespace reel::server
