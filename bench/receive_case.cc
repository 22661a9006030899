#include "bench/receive_case.h"

#include <algorithm>

#include "bench/replay_stream.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace reel::bench {
namespace {

TraceShape SmallShape() {
  TraceShape shape;
  shape.gops_in_arena = 4;
  return shape;
}

server::Session::Options OptionsOf(Random* random) {
  server::Session::Options options;
  options.url = server::ParseUrl(std::string("rtsp://127.0.0.1/camera-0")).value();
  options.random = random;
  return options;
}

}  // namespace

ReceiveCase::ReceiveCase(uint64_t pictures) : trace_(SmallShape()), footage_(trace_) {
  server::SessionSink& sink = *this;
  session_ = std::make_unique<server::Session>(OptionsOf(&random_), sink);
  ReplaySession camera(footage_, 1);
  server::MessageReader requests;
  session_->Start({});
  while (!session_->playing()) {
    requests.Feed(AsBytes(session_->output()));
    session_->Sent(session_->output().size());
    const auto request = requests.Next();
    REEL_CHECK(request.ok() && *request, "each answer is followed by a request");
    const std::string answer = camera.Answer(std::get<server::Request>(**request));
    std::copy_n(AsBytes(answer).begin(), answer.size(), session_->Room().begin());
    session_->Received(answer.size(), {}, {});
  }
  ReplayStream stream(footage_, 0, camera.channel(), {});
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): what Gather gives, it has made
  ReplayStream::Scratch scratch;
  while (stream.next_picture() < pictures) {
    const size_t before = wire_.size();
    for (const iovec& piece : stream.Gather(&scratch)) {
      const auto* const begin = static_cast<const std::byte*>(piece.iov_base);
      wire_.insert(wire_.end(), begin, begin + piece.iov_len);
    }
    stream.Sent(wire_.size() - before);
  }
}

bool ReceiveCase::Read() {
  const MutableByteSpan room = session_->Room();
  piece_bytes_ = std::min(room.size(), wire_.size() - given_bytes_);
  std::copy_n(wire_.begin() + static_cast<ptrdiff_t>(given_bytes_), piece_bytes_, room.begin());
  given_bytes_ += piece_bytes_;
  return piece_bytes_ > 0;
}

uint64_t ReceiveCase::Receive() {
  session_->Received(piece_bytes_, {}, {});
  return unit_bytes_;
}

}  // namespace reel::bench
