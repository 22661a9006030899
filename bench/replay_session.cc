#include "bench/replay_session.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "server/rtsp/sdp.h"
#include "server/rtsp/text.h"

namespace reel::bench {
namespace {

constexpr int kOk = 200;
constexpr int kBadRequest = 400;
constexpr int kNotFound = 404;
constexpr int kWrongState = 455;
constexpr int kOtherTransport = 461;
constexpr int kNotImplemented = 501;

std::string Base64(ByteSpan bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (k < count ? std::to_integer<uint32_t>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) text += k <= count ? kDigits[bits >> (18 - 6 * k) & 0x3F] : '=';
  }
  return text;
}

std::string ReasonOf(int code) {
  switch (code) {
    case kOk:
      return "OK";
    case kNotFound:
      return "Not Found";
    case kWrongState:
      return "Method Not Valid in This State";
    case kOtherTransport:
      return "Unsupported Transport";
    case kNotImplemented:
      return "Not Implemented";
    default:
      return "Bad Request";
  }
}

}  // namespace

std::string ReplaySession::Answer(const server::Request& request) {
  server::Response response;
  if (const auto number = request.headers.Find("CSeq"))
    response.headers.Add("CSeq", std::string(*number));
  response.code = Do(request, &response);
  response.reason = ReasonOf(response.code);
  if (set_up_) response.headers.Add("Session", std::to_string(camera_) + ";timeout=60");
  return WriteMessage(response);
}

int ReplaySession::Do(const server::Request& request, server::Response* response) {
  if (request.method == "OPTIONS") {
    response->headers.Add("Public", "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN");
    return kOk;
  }
  if (request.method == "DESCRIBE") return Describe(request, response);
  if (request.method == "SETUP") return SetUp(request, response);
  if (request.method == "PLAY") return Play(request, response);
  if (request.method == "GET_PARAMETER") return kOk;
  if (request.method == "TEARDOWN") {
    ended_ = true;
    return kOk;
  }
  return kNotImplemented;
}

int ReplaySession::Describe(const server::Request& request, server::Response* response) {
  if (!CameraOf(request.url)) return kNotFound;
  response->headers.Add("Content-Base", request.url + "/");
  response->headers.Add("Content-Type", "application/sdp");
  response->body = Sdp();
  return kOk;
}

int ReplaySession::SetUp(const server::Request& request, server::Response* response) {
  const std::optional<uint32_t> camera = CameraOf(request.url);
  if (!camera) return kNotFound;
  if (playing_) return kWrongState;
  const std::string_view transport = request.headers.Find("Transport").value_or("");
  if (transport.find("RTP/AVP/TCP") == std::string_view::npos) return kOtherTransport;
  constexpr uint8_t kHighest = 254;
  const auto channel =
      server::ParseLeadingNumber<uint8_t>(server::FindParameter(transport, "interleaved"))
          .value_or(0);
  if (channel > kHighest) return kBadRequest;
  camera_ = *camera;
  channel_ = channel;
  set_up_ = true;
  response->headers.Add("Transport", "RTP/AVP/TCP;unicast;interleaved=" + std::to_string(channel) +
                                         "-" + std::to_string(channel + 1));
  return kOk;
}

int ReplaySession::Play(const server::Request& request, server::Response* response) {
  if (!set_up_ || playing_) return kWrongState;
  playing_ = true;
  const ReplayNumbers numbers(camera_);
  response->headers.Add("Range", "npt=0.000-");
  response->headers.Add("RTP-Info", "url=" + request.url +
                                        ";seq=" + std::to_string(numbers.first_sequence) +
                                        ";rtptime=" + std::to_string(numbers.first_timestamp));
  return kOk;
}

// rtsp://host:port/camera-7, and whatever stands behind a further slash.
std::optional<uint32_t> ReplaySession::CameraOf(std::string_view url) const {
  constexpr std::string_view kPath = "/camera-";
  const size_t at = url.find(kPath);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view behind = url.substr(at + kPath.size());
  const auto camera = server::ParseNumber<uint32_t>(behind.substr(0, behind.find('/')));
  return camera && *camera < cameras_ ? camera : std::nullopt;
}

std::string ReplaySession::Sdp() const {
  std::string profile = "640000";
  std::string sets;
  for (const Bytes& set : footage_.parameter_sets()) {
    if (sets.empty())
      profile =
          HexOf(std::span(reinterpret_cast<const uint8_t*>(set.data()), set.size()).subspan(1, 3));
    sets += (sets.empty() ? "" : ",") + Base64(set);
  }
  return "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=replay\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
         "a=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
         "a=fmtp:96 packetization-mode=1;profile-level-id=" +
         profile + ";sprop-parameter-sets=" + sets + "\r\na=control:pictures\r\n";
}

}  // namespace reel::bench
