// ReplayProcess: reel_replay, which lies beside this program, as a child.
// Thread rule: one thread.
#pragma once

#include "bench/child.h"
#include "bench/replay_server.h"

namespace reel::bench {

class ReplayProcess {
 public:
  // Synthetic footage of TraceShape{}; answers on return.
  static Result<std::unique_ptr<ReplayProcess>> Start(uint32_t cameras, uint32_t loops);

  std::string UrlOf(uint32_t camera) const { return ReplayServer::UrlOf(port_, camera); }
  double CpuSeconds() const { return child_->CpuSeconds(); }

 private:
  ReplayProcess(std::unique_ptr<Child> child, uint16_t port)
      : child_(std::move(child)), port_(port) {}

  std::unique_ptr<Child> child_;
  uint16_t port_;
};

}  // namespace reel::bench
