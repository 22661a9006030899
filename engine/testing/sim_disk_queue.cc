// The IoQueue of SimDisk.
#include <algorithm>
#include <atomic>

#include "engine/base/check.h"
#include "engine/testing/sim_disk_core.h"

namespace reel {
namespace {

constexpr Duration kPollCost = std::chrono::microseconds(1);

class SimQueue : public IoQueue {
 public:
  SimQueue(SimDiskCore* core, uint32_t depth) : core_(core), depth_(depth) {}

  uint32_t depth() const override { return depth_; }
  uint32_t in_flight() const override { return static_cast<uint32_t>(transfers_.size()); }

  bool Submit(const IoRequest& request) override {
    if (transfers_.size() >= depth_) return false;
    const auto* file = dynamic_cast<const SimFile*>(request.file);
    REEL_CHECK(file != nullptr, "a request names a file of the disk that made the queue");
    transfers_.push_back(core_->BeginTransfer(file->handle(), request));
    return true;
  }

  size_t Reap(std::span<IoCompletion> out, Duration wait) override {
    if (core_->options.clock == nullptr) core_->clock.Advance(kPollCost);
    const bool woken = wake_.exchange(false);
    size_t count = TakeReady(out);
    if (count == 0 && wait > Duration::zero() && !woken && !out.empty()) {
      PassTime(wait);
      count = TakeReady(out);
    }
    return count;
  }

  void Wake() override { wake_ = true; }
  Status RegisterBuffers(MutableByteSpan /*region*/) override { return {}; }

 private:
  // Until the next completion, at most by `wait`.
  void PassTime(Duration wait) {
    Duration step = wait;
    for (const SimTransfer& transfer : transfers_) {
      const bool held = transfer.held && transfer.number >= core_->released_before;
      if (!held) step = std::min(step, transfer.ready - core_->clock.MonoNow());
    }
    core_->clock.Advance(std::max(step, Duration::zero()));
  }

  size_t TakeReady(std::span<IoCompletion> out) {
    size_t count = 0;
    while (count < out.size()) {
      const auto next = Next();
      if (next == transfers_.end()) break;
      const SimTransfer transfer = *next;
      transfers_.erase(next);
      out[count++] = {transfer.request.tag, static_cast<int32_t>(core_->EndTransfer(transfer))};
    }
    return count;
  }

  // The transfer that became ready first.
  std::vector<SimTransfer>::iterator Next() {
    auto next = transfers_.end();
    for (auto it = transfers_.begin(); it != transfers_.end(); ++it) {
      if (!core_->MayEnd(*it)) continue;
      if (next == transfers_.end() || it->ready < next->ready) next = it;
    }
    return next;
  }

  SimDiskCore* core_;
  uint32_t depth_;
  std::vector<SimTransfer> transfers_;  // in order of submission
  std::atomic<bool> wake_ = false;
};

}  // namespace

std::unique_ptr<IoQueue> NewSimQueue(SimDiskCore* core, uint32_t depth) {
  return std::make_unique<SimQueue>(core, depth);
}

}  // namespace reel
