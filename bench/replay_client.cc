#include "bench/replay_client.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "engine/base/bytes.h"

namespace reel::bench {
namespace {

// The next instant at which a camera's key pictures fall due: cameras are spread over `spread`.
MonoTime NextKeyPicture(uint32_t camera, uint32_t cameras, Duration spread, MonoTime now) {
  const int64_t phase_ns = spread.count() * camera / cameras;
  const int64_t since_ns = (now.ns - phase_ns) % spread.count();
  return now + (spread - Duration{since_ns});
}

}  // namespace

ReplayClient::ReplayClient(const Shared& shared, server::EventLoop& loop, UniqueFd fd,
                           std::function<void(ReplayClient*)> gone)
    : shared_(shared),
      loop_(loop),
      fd_(std::move(fd)),
      gone_(std::move(gone)),
      timer_(loop, [this] { (void)Send(); }),
      session_(shared.footage, shared.cameras) {}

ReplayClient::~ReplayClient() { loop_.Unwatch(fd_.get()); }

void ReplayClient::Begin() {
  if (!loop_.Watch(fd_.get(), EPOLLIN, this).ok()) End();
}

void ReplayClient::OnReady(uint32_t /*events*/) {
  if (ended_ || !Receive()) return;
  (void)Send();
}

// One piece; the loop comes again while there is more.
bool ReplayClient::Receive() {
  const MutableByteSpan room = reader_.Room();
  const ssize_t got = recv(fd_.get(), room.data(), room.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) {
    End();
    return false;
  }
  reader_.Filled(static_cast<size_t>(got));
  for (;;) {
    const Result<std::optional<server::Message>> message = reader_.Next();
    if (message.ok() && !*message) break;
    // What else comes are receiver reports.
    const auto* request = message.ok() ? std::get_if<server::Request>(&**message) : nullptr;
    if (request != nullptr) answers_ += session_.Answer(*request);
    if (!message.ok() || session_.ended() || answers_.size() > kMaxAnswerBytes) {
      End();
      return false;
    }
  }
  if (session_.playing() && !stream_) BeginPlaying();
  return true;
}

void ReplayClient::BeginPlaying() {
  const ReplayFootage& footage = shared_.footage;
  const Duration spread = footage.picture_time() * footage.spread_pictures();
  const MonoTime now = loop_.clock().MonoNow();
  stream_.emplace(footage, session_.camera(), session_.channel(),
                  NextKeyPicture(session_.camera(), shared_.cameras, spread, now));
  next_report_ = stream_->due();
}

bool ReplayClient::Send() {
  bool full = false;
  while (!full) {
    const bool between = !stream_ || stream_->between_pictures();
    const MonoTime now = loop_.clock().MonoNow();
    if (stream_ && between && now >= next_report_) Report();
    const bool answers = between && !answers_.empty();
    if (!answers && (!stream_ || stream_->due() > now)) break;
    ssize_t sent = 0;
    full = !SendOnce(&sent);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      End();
      return false;
    }
  }
  if (std::exchange(waits_for_room_, full) != full)
    loop_.Change(fd_.get(), full ? EPOLLIN | EPOLLOUT : EPOLLIN);
  if (full) {
    timer_.Clear();
  } else if (stream_) {
    timer_.Set(stream_->due());
  }
  return true;
}

// Of the answers or of the picture under way. False: the socket did not take all of it.
bool ReplayClient::SendOnce(ssize_t* sent) {
  if ((!stream_ || stream_->between_pictures()) && !answers_.empty()) {
    *sent = send(fd_.get(), answers_.data(), answers_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (*sent > 0) answers_.erase(0, static_cast<size_t>(*sent));
    return answers_.empty();
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): what Gather gives, it has made
  ReplayStream::Scratch scratch;
  const std::span<iovec> pieces = stream_->Gather(&scratch);
  size_t size = 0;
  for (const iovec& piece : pieces) size += piece.iov_len;
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  *sent = sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (*sent > 0) stream_->Sent(static_cast<size_t>(*sent));
  return *sent == static_cast<ssize_t>(size);
}

void ReplayClient::Report() {
  Clock& clock = loop_.clock();
  const MonoTime now = clock.MonoNow();
  next_report_ = now + kReportInterval;
  answers_ += AsText(stream_->SenderReport(now, clock.WallNow()));
}

void ReplayClient::End() {
  if (std::exchange(ended_, true)) return;
  loop_.Unwatch(fd_.get());
  timer_.Clear();
  gone_(this);
}

}  // namespace reel::bench
