#include "server/rtsp/session.h"

#include <algorithm>
#include <utility>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "server/rtsp/text.h"

namespace reel::server {
namespace {

constexpr Duration kKeepAliveLeast = std::chrono::seconds(5);
constexpr uint32_t kTimeoutMaxSeconds = 3600;

std::string Told(const Response& response) {
  constexpr size_t kMaxReason = 80;
  return std::to_string(response.code) + " " + response.reason.substr(0, kMaxReason);
}

}  // namespace

Session::Session(Options options, SessionSink& sink)
    : options_(std::move(options)),
      sink_(sink),
      login_(options_.user, options_.password, *options_.random),
      channels_(256) {}

void Session::Start(MonoTime now) {
  REEL_CHECK(state_ == State::kIdle, "a session is started once");
  state_ = State::kOptions;
  base_url_ = options_.url.ToString();
  Send("OPTIONS", base_url_, {}, now);
}

void Session::Received(size_t bytes, MonoTime now, WallTime wall) {
  reader_.Filled(bytes);
  while (!ended_) {
    const Result<std::optional<Message>> message = reader_.Next();
    if (!message.ok()) return End(SessionEnd::kBroken, message.status().message());
    if (!*message) return;
    OnMessage(**message, now, wall);
  }
}

void Session::Datagram(size_t track, bool is_rtcp, ByteSpan bytes, MonoTime now, WallTime wall) {
  REEL_CHECK(track < receivers_.size(), "a track that was set up");
  if (ended_) return;
  if (is_rtcp) return OnRtcp(track, bytes, now, wall);
  receivers_[track]->OnRtp(bytes, now);
}

void Session::OnTimer(MonoTime now) {
  if (ended_ || state_ == State::kIdle) return;
  if (pending_ && now - pending_->sent >= options_.patience) {
    if (!playing()) return End(SessionEnd::kTimedOut, "no answer to " + pending_->method);
    pending_.reset();  // some never answer a keep-alive
  }
  for (const auto& receiver : receivers_) receiver->OnTimer(now);
  if (!playing()) return;
  if (now >= next_keep_alive_ && !pending_) {
    next_keep_alive_ = now + std::max(timeout_ / 2, kKeepAliveLeast);
    Send(has_get_parameter_ ? "GET_PARAMETER" : "OPTIONS", aggregate_url_, {}, now);
  }
  if (now >= next_report_) SendReports(now);
}

std::optional<MonoTime> Session::deadline() const {
  if (ended_ || state_ == State::kIdle) return std::nullopt;
  std::optional<MonoTime> first;
  const auto consider = [&first](MonoTime time) { first = first ? std::min(*first, time) : time; };
  if (pending_) consider(pending_->sent + options_.patience);
  for (const auto& receiver : receivers_) {
    if (const std::optional<MonoTime> time = receiver->deadline()) consider(*time);
  }
  if (playing()) {
    if (!pending_) consider(next_keep_alive_);
    consider(next_report_);
  }
  return first;
}

void Session::Teardown(MonoTime now) {
  if (ended_) return;
  for (const auto& receiver : receivers_) receiver->Finish();
  if (!session_.empty())
    Send("TEARDOWN", aggregate_url_.empty() ? base_url_ : aggregate_url_, {}, now);
  End(SessionEnd::kGoodbye, "ended by us");
}

void Session::Send(std::string method, std::string url, Headers headers, MonoTime now) {
  pending_ = Pending{std::move(method), std::move(url), std::move(headers), 0, false, now};
  Emit(now);
}

// Sends what is pending, for the first time or again with a login.
void Session::Emit(MonoTime now) {
  pending_->number = ++last_number_;
  pending_->sent = now;
  Request request{pending_->method, pending_->url, {}, {}};
  request.headers.Add("CSeq", std::to_string(pending_->number));
  request.headers.Add("User-Agent", "Reel");
  for (const Header& header : pending_->headers.list())
    request.headers.Add(header.name, header.value);
  if (!session_.empty()) request.headers.Add("Session", session_);
  const std::string login = login_.HeaderFor(request.method, request.url);
  pending_->with_login = !login.empty();
  if (!login.empty()) request.headers.Add("Authorization", login);
  Put(WriteMessage(request));
}

void Session::Put(std::string_view bytes) {
  if (output_.size() + bytes.size() > kMaxOutputBytes) {
    return End(SessionEnd::kBroken, "the camera does not read what it asked for");
  }
  output_ += bytes;
}

void Session::End(SessionEnd how, std::string why) {
  if (ended_) return;
  ended_ = how;
  why_ = std::move(why);
}

void Session::OnMessage(const Message& message, MonoTime now, WallTime wall) {
  if (const auto* frame = std::get_if<InterleavedFrame>(&message))
    return OnFrame(*frame, now, wall);
  if (const auto* request = std::get_if<Request>(&message)) return OnRequest(*request);
  OnResponse(std::get<Response>(message), now);
}

void Session::OnFrame(const InterleavedFrame& frame, MonoTime now, WallTime wall) {
  const std::optional<Channel>& channel = channels_[frame.channel];
  if (!channel) return;  // of nothing we asked for
  if (channel->is_rtcp) return OnRtcp(channel->track, frame.bytes, now, wall);
  receivers_[channel->track]->OnRtp(frame.bytes, now);
}

void Session::OnRtcp(size_t track, ByteSpan bytes, MonoTime now, WallTime wall) {
  if (!receivers_[track]->OnRtcp(bytes, now, wall)) return;
  for (const auto& receiver : receivers_) receiver->Finish();
  End(SessionEnd::kGoodbye, "the camera said goodbye");
}

void Session::OnRequest(const Request& request) {
  Response response;
  const bool known = request.method == "OPTIONS" || request.method == "GET_PARAMETER" ||
                     request.method == "SET_PARAMETER" || request.method == "ANNOUNCE" ||
                     request.method == "REDIRECT" || request.method == "TEARDOWN";
  response.code = known ? 200 : 501;
  response.reason = known ? "OK" : "Not Implemented";
  if (const auto number = request.headers.Find("CSeq")) {
    response.headers.Add("CSeq", std::string(*number));
  }
  Put(WriteMessage(response));
  if (request.method == "REDIRECT") return OnRedirect(request.headers);
  if (request.method == "TEARDOWN") End(SessionEnd::kGoodbye, "the camera ended the session");
}

void Session::OnRedirect(const Headers& headers) {
  const std::optional<std::string_view> location = headers.Find("Location");
  if (!location) return End(SessionEnd::kBroken, "a redirection to nowhere");
  redirect_url_ = std::string(*location);
  End(SessionEnd::kRedirected, "the camera points elsewhere");
}

void Session::OnResponse(const Response& response, MonoTime now) {
  const std::optional<std::string_view> number = response.headers.Find("CSeq");
  const bool ours = pending_ && (!number || ParseNumber<uint32_t>(*number) == pending_->number);
  if (!ours) return;  // to a request given up
  if (OnRefusal(response, now)) return;
  login_.Accepted();
  const bool good = response.code == 200;
  const std::string method = std::exchange(pending_, std::nullopt)->method;
  if (good) ReadSessionHeader(response.headers);
  switch (state_) {
    case State::kOptions:
      return OnOptions(response, now);
    case State::kDescribe:
      if (!good) return End(SessionEnd::kRefused, "DESCRIBE: " + Told(response));
      return OnDescribe(response, now);
    case State::kSetup:
      return OnSetup(response, now);
    case State::kPlay:
      if (!good) return End(SessionEnd::kRefused, "PLAY: " + Told(response));
      return OnPlay(now);
    case State::kPlaying:
      return OnPlaying(response);
    case State::kIdle:
      break;
  }
}

// True if the response is a refusal that has been dealt with.
bool Session::OnRefusal(const Response& response, MonoTime now) {
  constexpr int kUnauthorized = 401;
  constexpr int kForbidden = 403;
  const int code = response.code;
  if (code == kUnauthorized) {
    if (!login_.Answer(response.headers)) {
      const bool tried = pending_->with_login;
      End(SessionEnd::kLoginRefused,
          tried ? "login refused: check user and password" : "the camera asks for a login");
      return true;
    }
    Emit(now);
    return true;
  }
  if (code == kForbidden && !playing()) {
    End(SessionEnd::kLoginRefused, "login refused: " + Told(response));
    return true;
  }
  const bool redirects = code >= 300 && code < 400 && code != 304;
  if (redirects) OnRedirect(response.headers);
  return redirects;
}

void Session::OnOptions(const Response& response, MonoTime now) {
  // Whatever it says: a camera that does not know OPTIONS may well know the rest.
  const std::string_view methods = response.headers.Find("Public").value_or("");
  has_get_parameter_ = methods.find("GET_PARAMETER") != std::string_view::npos;
  state_ = State::kDescribe;
  Headers headers;
  headers.Add("Accept", "application/sdp");
  Send("DESCRIBE", base_url_, std::move(headers), now);
}

void Session::OnDescribe(const Response& response, MonoTime now) {
  const Result<Sdp> sdp = ParseSdp(response.body);
  if (!sdp.ok()) return End(SessionEnd::kBroken, sdp.status().message());
  if (options_.describe_only) {
    description_ = response.body;
    return End(SessionEnd::kGoodbye, "described");
  }
  for (const char* name : {"Content-Location", "Content-Base"}) {
    const std::optional<std::string_view> base = response.headers.Find(name);
    if (base && ParseUrl(*base).ok()) base_url_ = std::string(*base);
  }
  aggregate_url_ = ResolveControl(base_url_, sdp->control);
  std::string left_out;
  for (const SdpMedia& media : sdp->media) {
    Result<TrackPlan> plan = PlanTrack(media);
    if (plan.ok() && plans_.size() < kMaxTracks) {
      plans_.push_back(*std::move(plan));
    } else if (!plan.ok()) {
      left_out += (left_out.empty() ? "" : ", ") + plan.status().message();
    }
  }
  if (plans_.empty()) {
    return End(SessionEnd::kRefused, "nothing that Reel records: " + left_out);
  }
  state_ = State::kSetup;
  SetUpNext(now);
}

void Session::SetUpNext(MonoTime now) {
  const size_t track = receivers_.size();
  if (track == plans_.size()) {
    if (plans_.empty()) return End(SessionEnd::kRefused, "SETUP: " + refusal_);
    std::vector<TrackInfo> tracks;
    for (const auto& receiver : receivers_) tracks.push_back(receiver->info());
    sink_.OnTracks(tracks);
    state_ = State::kPlay;
    Headers headers;
    headers.Add("Range", "npt=0.000-");
    return Send("PLAY", aggregate_url_, std::move(headers), now);
  }
  Headers headers;
  if (options_.open_udp) {
    const Result<uint16_t> port = options_.open_udp(track);
    if (!port.ok()) return End(SessionEnd::kRefused, port.status().message());
    headers.Add("Transport", "RTP/AVP;unicast;client_port=" + std::to_string(*port) + "-" +
                                 std::to_string(*port + 1));
  } else {
    headers.Add("Transport", "RTP/AVP/TCP;unicast;interleaved=" + std::to_string(2 * track) + "-" +
                                 std::to_string(2 * track + 1));
  }
  Send("SETUP", ResolveControl(base_url_, plans_[track].control), std::move(headers), now);
}

void Session::OnSetup(const Response& response, MonoTime now) {
  const size_t track = receivers_.size();
  const std::string_view transport = response.headers.Find("Transport").value_or("");
  const bool good = response.code == 200 && ReadTransport(transport, track);
  if (!good) {
    refusal_ = response.code == 200 ? "another transport than asked for" : Told(response);
    plans_.erase(plans_.begin() + static_cast<ptrdiff_t>(track));
    return SetUpNext(now);
  }
  plans_[track].info.id = TrackId{static_cast<uint8_t>(track)};
  std::array<uint8_t, 4> chance{};
  options_.random->Fill(chance);
  const auto ssrc = LoadLe<uint32_t>(reinterpret_cast<const std::byte*>(chance.data()));
  constexpr size_t kUdpDepth = 64;
  ReorderBuffer::Options order;
  if (options_.open_udp) order.depth = kUdpDepth;
  receivers_.push_back(std::make_unique<TrackReceiver>(plans_[track], order, ssrc, sink_));
  SetUpNext(now);
}

// What the camera made of our Transport header; false if it chose another kind.
bool Session::ReadTransport(std::string_view transport, size_t track) {
  const bool is_tcp = transport.find("TCP") != std::string_view::npos ||
                      transport.find("interleaved") != std::string_view::npos;
  if (is_tcp == static_cast<bool>(options_.open_udp))
    return transport.empty() && !options_.open_udp;
  const auto pair_of = [&](std::string_view name) -> std::optional<std::pair<uint16_t, uint16_t>> {
    std::string_view second = FindParameter(transport, name);
    if (second.empty()) return std::nullopt;
    const std::optional<uint16_t> first = ParseNumber<uint16_t>(Trim(TakeUntil(&second, '-')));
    if (!first) return std::nullopt;
    const auto next = static_cast<uint16_t>(*first + 1);
    return std::pair(*first, ParseNumber<uint16_t>(Trim(second)).value_or(next));
  };
  if (options_.open_udp) {
    const auto ports = pair_of("server_port");
    if (ports) sink_.OnReportPort(track, ports->second);
    return true;
  }
  const auto asked = static_cast<uint16_t>(2 * track);
  const auto [rtp, rtcp] =
      pair_of("interleaved").value_or(std::pair(asked, static_cast<uint16_t>(asked + 1)));
  if (rtp >= channels_.size() || rtcp >= channels_.size()) return false;
  channels_[rtp] = Channel{track, false};
  channels_[rtcp] = Channel{track, true};
  return true;
}

void Session::ReadSessionHeader(const Headers& headers) {
  std::string_view value = headers.Find("Session").value_or("");
  const std::string_view id = Trim(value.substr(0, value.find(';')));
  if (id.empty()) return;
  session_ = std::string(id);
  const std::optional<uint32_t> seconds =
      ParseLeadingNumber<uint32_t>(FindParameter(value, "timeout"));
  if (seconds && *seconds > 0)
    timeout_ = std::chrono::seconds(std::min(*seconds, kTimeoutMaxSeconds));
}

void Session::OnPlay(MonoTime now) {
  state_ = State::kPlaying;
  next_keep_alive_ = now + std::max(timeout_ / 2, kKeepAliveLeast);
  next_report_ = now + kReportInterval;
}

void Session::OnPlaying(const Response& response) {
  constexpr int kSessionNotFound = 454;
  if (response.code == kSessionNotFound) {
    return End(SessionEnd::kGoodbye, "the camera has forgotten the session");
  }
  if (response.code != 200) has_get_parameter_ = false;  // the next one by OPTIONS
}

void Session::SendReports(MonoTime now) {
  next_report_ = now + kReportInterval;
  for (size_t i = 0; i < receivers_.size(); ++i) {
    const Bytes report = receivers_[i]->Report(now);
    if (report.empty()) continue;
    if (options_.open_udp) {
      sink_.OnUdpReport(i, report);
      continue;
    }
    for (size_t channel = 0; channel < channels_.size(); ++channel) {
      const std::optional<Channel>& to = channels_[channel];
      if (!to || to->track != i || !to->is_rtcp) continue;
      Bytes frame;
      AppendInterleaved(static_cast<uint8_t>(channel), report, &frame);
      Put(AsText(frame));
      break;
    }
  }
}

}  // namespace reel::server
