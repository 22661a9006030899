// What a camera sends in an RTSP connection: the same messages must come out however the bytes
// arrive, and a session must stand whatever they are.
#include <algorithm>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/testing/sim_clock.h"
#include "server/rtsp/message.h"
#include "server/rtsp/session.h"

namespace {

using reel::AsText;
using reel::ByteSpan;
using namespace reel::server;  // NOLINT(google-build-using-namespace): all of it is under test

template <class Take>
void InPieces(ByteSpan bytes, size_t piece_bytes, const Take& take) {
  while (!bytes.empty()) {
    const ByteSpan piece = bytes.first(std::min(piece_bytes, bytes.size()));
    bytes = bytes.subspan(piece.size());
    if (!take(piece)) return;
  }
}

std::string Told(ByteSpan bytes, size_t piece_bytes) {
  MessageReader reader;
  std::string told;
  InPieces(bytes, piece_bytes, [&](ByteSpan piece) {
    reader.Feed(piece);
    for (;;) {
      const auto message = reader.Next();
      if (!message.ok()) {
        told += message.status().message();
        return false;
      }
      if (!*message) return true;
      if (const auto* frame = std::get_if<InterleavedFrame>(&**message)) {
        told += "$" + std::to_string(frame->channel) + std::string(AsText(frame->bytes));
      } else if (const auto* request = std::get_if<Request>(&**message)) {
        told += WriteMessage(*request);
      } else {
        told += WriteMessage(std::get<Response>(**message));
      }
    }
  });
  return told;
}

class Sink final : public SessionSink {
 public:
  void OnTracks(const std::vector<reel::TrackInfo>& tracks) override {
    REEL_CHECK(!tracks.empty() && tracks.size() <= reel::kMaxTracks, "1..kMaxTracks tracks");
  }
  void OnUnit(const ReceivedUnit& unit) override {
    REEL_CHECK(!unit.bytes.empty() && unit.bytes.size() <= reel::kMaxUnitBytes, "a unit's size");
  }
  void OnReportPort(size_t /*track*/, uint16_t /*port*/) override {}
  void OnUdpReport(size_t /*track*/, ByteSpan /*report*/) override {}
};

// Answers to what the session asks need no CSeq, so the input can be all of a conversation.
void Converse(ByteSpan bytes, size_t piece_bytes) {
  reel::SeededRandom random(1);
  Sink sink;
  Session::Options options;
  options.url.host = "camera";
  options.user = "u";
  options.password = "p";
  options.random = &random;
  Session session(options, sink);
  reel::MonoTime now{1};
  session.Start(now);
  InPieces(bytes, piece_bytes, [&](ByteSpan piece) {
    const reel::MutableByteSpan room = session.Room();
    std::copy(piece.begin(), piece.end(), room.begin());
    session.Received(piece.size(), now, reel::WallTime{1});
    session.Sent(session.output().size());
    if (session.deadline()) now = std::max(now, *session.deadline());
    session.OnTimer(now);
    return !session.ended();
  });
  session.Teardown(now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const size_t piece_bytes = size_t{1} + data[0];
  const ByteSpan bytes = std::as_bytes(std::span(data + 1, size - 1));
  REEL_CHECK(Told(bytes, MessageReader::kMinRoomBytes) == Told(bytes, piece_bytes),
             "pieces do not change the messages");
  Converse(bytes, size_t{64} * piece_bytes);
  return 0;
}
