// Session: one RTSP client session with a camera, from OPTIONS to the units of its tracks. It knows
// no socket, no thread and no clock: bytes in, bytes and units out.
//
//   Session session(options, sink);
//   session.Start(now);
//   connected:     send output() and take it off with Sent(n), whenever there is any
//   bytes came:    read into Room(), then Received(n, now, wall)
//   datagram came: Datagram(track, is_rtcp, bytes, now, wall)
//   at deadline(): OnTimer(now)
//   until ended(); then output() may still hold a TEARDOWN
//
// OPTIONS, DESCRIBE, SETUP of every track that Reel records, PLAY, then a keep-alive at half the
// session's timeout and receiver reports every kReportInterval. A 401 is answered as Login says. A
// camera that answers 403, or 401 to our answer, has refused the login. One that refuses a track is
// recorded without it. What a camera asks of us is answered.
// A request is answered within Options::patience, else the session has ended; behind PLAY only
// media counts, and whether that comes is the owner's to judge.
//
// Thread rule: one thread at a time. The sink is called from within, and must not touch the
// session. Bounds: MessageReader's, kMaxTracks tracks, kMaxOutputBytes of output: a camera that
// asks without reading ends the session.
// Sources: RFC 2326; RFC 2617 and RFC 7616 by Login.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reel/clock.h"
#include "server/rtsp/login.h"
#include "server/rtsp/message.h"
#include "server/rtsp/sdp.h"
#include "server/rtsp/track_receiver.h"
#include "server/rtsp/url.h"

namespace reel::server {

enum class SessionEnd : uint8_t {
  kRedirected,    // redirect_url() says where to
  kLoginRefused,  // another password is needed, not another attempt
  kRefused,       // it has no such stream, or nothing that Reel records
  kBroken,        // it does not speak RTSP, or broke its rules
  kTimedOut,      // no answer
  kGoodbye,       // it ended the session in order
};

class SessionSink : public ReceivedUnitSink {
 public:
  // Before the first unit, once.
  virtual void OnTracks(const std::vector<TrackInfo>& tracks) = 0;
  // UDP: the camera's port for reports on the track.
  virtual void OnReportPort(size_t track, uint16_t port) = 0;
  // UDP: to be sent to that port.
  virtual void OnUdpReport(size_t track, ByteSpan report) = 0;
};

class Session {
 public:
  static constexpr Duration kReportInterval = std::chrono::seconds(5);
  static constexpr size_t kMaxOutputBytes = 64U << 10;

  struct Options {
    Url url;
    std::string user;
    std::string password;
    Random* random = nullptr;  // required, outlives the session
    Duration patience = std::chrono::seconds(10);
    // UDP where it is set: the even port (its odd neighbour is for RTCP) at which datagrams of the
    // track will be received. Asked again for the same track where a camera refused one. Else TCP.
    std::function<Result<uint16_t>(size_t track)> open_udp;
    // Only to know what the camera has: ends with kGoodbye behind DESCRIBE, and description().
    bool describe_only = false;
  };

  // `sink` outlives the session.
  Session(Options options, SessionSink& sink);

  void Start(MonoTime now);
  MutableByteSpan Room() { return reader_.Room(); }
  void Received(size_t bytes, MonoTime now, WallTime wall);
  // REQUIRES: track < tracks().
  void Datagram(size_t track, bool is_rtcp, ByteSpan bytes, MonoTime now, WallTime wall);
  void OnTimer(MonoTime now);
  std::optional<MonoTime> deadline() const;
  // Ends the session from our side: a TEARDOWN in output(), where there is something to tear down.
  void Teardown(MonoTime now);

  std::string_view output() const { return output_; }
  void Sent(size_t bytes) { output_.erase(0, bytes); }

  bool playing() const { return state_ == State::kPlaying; }
  const std::optional<SessionEnd>& ended() const { return ended_; }
  // One line: what the camera did, and what to do. Empty while the session lives.
  const std::string& why() const { return why_; }
  const std::string& redirect_url() const { return redirect_url_; }

  // The SDP, with describe_only, once the camera has sent it.
  const std::string& description() const { return description_; }
  const Login& login() const { return login_; }

  size_t tracks() const { return receivers_.size(); }
  const TrackReceiver& track(size_t i) const { return *receivers_[i]; }

 private:
  enum class State : uint8_t { kIdle, kOptions, kDescribe, kSetup, kPlay, kPlaying };
  struct Pending {
    std::string method;
    std::string url;
    Headers headers;  // without CSeq, Session and Authorization
    uint32_t number = 0;
    bool with_login = false;
    MonoTime sent;
  };
  struct Channel {
    size_t track = 0;
    bool is_rtcp = false;
  };

  void Send(std::string method, std::string url, Headers headers, MonoTime now);
  void Emit(MonoTime now);
  void Put(std::string_view bytes);
  void End(SessionEnd how, std::string why);

  void OnMessage(const Message& message, MonoTime now, WallTime wall);
  void OnRequest(const Request& request);
  void OnResponse(const Response& response, MonoTime now);
  void OnFrame(const InterleavedFrame& frame, MonoTime now, WallTime wall);
  void OnRtcp(size_t track, ByteSpan bytes, MonoTime now, WallTime wall);
  bool OnRefusal(const Response& response, MonoTime now);
  void OnRedirect(const Headers& headers);

  void OnOptions(const Response& response, MonoTime now);
  void OnDescribe(const Response& response, MonoTime now);
  void OnSetup(const Response& response, MonoTime now);
  void OnPlay(MonoTime now);
  void OnPlaying(const Response& response);
  void SetUpNext(MonoTime now);
  bool ReadTransport(std::string_view transport, size_t track);
  void ReadSessionHeader(const Headers& headers);
  void SendReports(MonoTime now);

  Options options_;
  SessionSink& sink_;
  Login login_;
  MessageReader reader_;
  std::string output_;
  State state_ = State::kIdle;
  std::optional<SessionEnd> ended_;
  std::string why_;
  std::string redirect_url_;
  std::string description_;

  std::optional<Pending> pending_;
  uint32_t last_number_ = 0;
  bool has_get_parameter_ = false;
  std::string session_;
  Duration timeout_ = std::chrono::seconds(60);
  std::string base_url_;
  std::string aggregate_url_;

  std::vector<TrackPlan> plans_;  // by DESCRIBE; those refused at SETUP are taken out
  std::vector<std::unique_ptr<TrackReceiver>> receivers_;
  std::string refusal_;                           // of the last track that was refused
  std::vector<std::optional<Channel>> channels_;  // by interleaved channel number
  MonoTime next_keep_alive_;
  MonoTime next_report_;
};

}  // namespace reel::server
