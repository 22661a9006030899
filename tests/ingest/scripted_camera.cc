#include "tests/ingest/scripted_camera.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "engine/base/bytes.h"
#include "engine/media/nal.h"

namespace reel::server {
namespace {

constexpr int kPatienceMs = 20'000;

bool Readable(int fd, int wait_ms) {
  pollfd wait{fd, POLLIN, 0};
  return poll(&wait, 1, wait_ms) == 1;
}

}  // namespace

Request Visitor::Next() {
  for (;;) {
    Result<std::optional<Message>> message = reader_.Next();
    EXPECT_TRUE(message.ok()) << message.status().ToString();
    if (!message.ok()) return {};
    if (*message) {
      if (!std::holds_alternative<Request>(**message)) continue;  // a receiver report
      request_ = std::get<Request>(**message);
      return request_;
    }
    const MutableByteSpan room = reader_.Room();
    const ssize_t got = Readable(fd(), kPatienceMs) ? recv(fd(), room.data(), room.size(), 0) : -1;
    EXPECT_GT(got, 0) << "a request is expected";
    if (got <= 0) return {};
    reader_.Filled(static_cast<size_t>(got));
  }
}

bool Visitor::Left() const {
  std::array<std::byte, 4096> dump{};
  while (Readable(fd(), kPatienceMs)) {
    const ssize_t got = recv(fd(), dump.data(), dump.size(), 0);
    if (got <= 0) return true;
  }
  return false;
}

void Visitor::Send(ByteSpan bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the other side has had enough
    bytes = bytes.subspan(static_cast<size_t>(sent));
  }
}
void Visitor::Send(std::string_view bytes) const { Send(AsBytes(bytes)); }

void Visitor::Frame(uint8_t channel, ByteSpan bytes) {
  Bytes frame;
  AppendInterleaved(channel, bytes, &frame);
  Send(frame);
}

void Visitor::Answer(int code, const std::string& headers, const std::string& body) {
  std::string text = "RTSP/1.0 " + std::to_string(code) +
                     " Told\r\nCSeq: " + std::string(request_.headers.Find("CSeq").value_or("")) +
                     "\r\n" + headers;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  Send(text + "\r\n" + body);
}

void Visitor::Play(const std::string& sdp) {
  for (int channel = 0;;) {
    const Request request = Next();
    if (request.method == "DESCRIBE") {
      Answer(200, "", sdp);
    } else if (request.method == "SETUP") {
      const std::string channels = std::to_string(channel) + "-" + std::to_string(channel + 1);
      Answer(200, "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=" + channels + "\r\n");
      channel += 2;
    } else {
      Answer(200);
    }
    if (request.method == "PLAY" || request.method.empty()) return;
  }
}

ScriptedCamera::ScriptedCamera() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_.get(), any, size), 0);
  EXPECT_EQ(listen(listener_.get(), 64), 0);
  EXPECT_EQ(getsockname(listener_.get(), any, &size), 0);
  port_ = ntohs(address.sin_port);
}

std::optional<Visitor> ScriptedCamera::Accept(int wait_ms) {
  if (!Readable(listener_.get(), wait_ms)) return std::nullopt;
  return Visitor(UniqueFd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
}

Bytes PictureMaker::Next(int step_ms) {
  const bool idr = count_ % gop_ == 0;
  nal_.clear();
  for (const int byte :
       {idr ? 0x65 : 0x41, idr ? 0x88 : 0x9A, count_ >> 8 & 0x7F, count_ & 0x7F, 0x55}) {
    nal_.push_back(static_cast<std::byte>(byte));
  }
  ++count_;
  Bytes packet = sender_.Packet(nal_, timestamp_, true);
  timestamp_ += static_cast<uint32_t>(step_ms) * 90;
  return packet;
}

Bytes PictureMaker::last_unit() const {
  Bytes unit;
  AppendLengthPrefixed(nal_, &unit);
  return unit;
}

}  // namespace reel::server
