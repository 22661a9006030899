// ReplayClient: one client of a replay server on its event loop: answers what it asks, and sends
// each picture when it falls due; what its socket does not take at once, when it does.
//
// A picture is never left out: a client that is slow gets everything later.
// Thread rule: the loop's alone. Owns its socket. Bounds: MessageReader's; kMaxAnswerBytes that
// wait.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bench/replay_session.h"
#include "bench/replay_stream.h"
#include "engine/io/unique_fd.h"
#include "server/ingest/event_loop.h"

namespace reel::bench {

class ReplayClient final : private server::EventLoop::Handler {
 public:
  static constexpr size_t kMaxAnswerBytes = size_t{64} << 10;
  static constexpr Duration kReportInterval = std::chrono::seconds(5);

  // What all clients share; outlives them.
  struct Shared {
    const ReplayFootage& footage;
    uint32_t cameras;
  };

  // `gone` is called once when the connection has ended, and must not destroy the client at once.
  ReplayClient(const Shared& shared, server::EventLoop& loop, UniqueFd fd,
               std::function<void(ReplayClient*)> gone);
  ~ReplayClient() override;
  ReplayClient(const ReplayClient&) = delete;
  ReplayClient& operator=(const ReplayClient&) = delete;

  void Begin();

 private:
  void OnReady(uint32_t events) override;
  bool Receive();
  void BeginPlaying();
  // False: the connection has ended.
  bool Send();
  bool SendOnce(ssize_t* sent);
  void Report();
  void End();

  const Shared& shared_;
  server::EventLoop& loop_;
  const UniqueFd fd_;
  const std::function<void(ReplayClient*)> gone_;
  server::EventLoop::Timer timer_;
  server::MessageReader reader_;
  ReplaySession session_;
  std::optional<ReplayStream> stream_;
  std::string answers_;  // and reports; go out between pictures
  MonoTime next_report_;
  bool waits_for_room_ = false;
  bool ended_ = false;
};

}  // namespace reel::bench
