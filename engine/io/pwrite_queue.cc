#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "engine/base/edge.h"
#include "engine/io/fd_file.h"
#include "engine/io/io_queues.h"

namespace reel {
namespace {

constexpr uint32_t kMaxWorkers = 4;

class PwriteQueue : public IoQueue {
 public:
  explicit PwriteQueue(uint32_t depth) : depth_(depth) {}
  // Apart from making it, so that the workers there are end where the system gives no more.
  void Start() {
    const uint32_t count = std::min(depth_, kMaxWorkers);
    workers_.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
      workers_.emplace_back([this] { AtEdgeOrDie("PwriteQueue", [this] { Work(); }); });
    }
  }
  ~PwriteQueue() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  uint32_t depth() const override { return depth_; }
  uint32_t in_flight() const override { return in_flight_; }

  bool Submit(const IoRequest& request) override {
    if (in_flight_ == depth_) return false;
    ++in_flight_;
    {
      std::lock_guard lock(mutex_);
      waiting_.push_back(request);
    }
    work_.notify_one();
    return true;
  }

  size_t Reap(std::span<IoCompletion> out, Duration wait) override {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !done_.empty() || woken_; };
    // The bound keeps the deadline within the clock's range.
    if (wait > Duration::zero()) ready_.wait_for(lock, std::min<Duration>(wait, kMaxWait), ready);
    woken_ = false;
    const size_t count = std::min(out.size(), done_.size());
    const auto end = done_.begin() + static_cast<ptrdiff_t>(count);
    std::copy(done_.begin(), end, out.begin());
    done_.erase(done_.begin(), end);
    in_flight_ -= static_cast<uint32_t>(count);
    return count;
  }

  void Wake() override {
    {
      std::lock_guard lock(mutex_);
      woken_ = true;
    }
    ready_.notify_all();
  }

  Status RegisterBuffers(MutableByteSpan /*region*/) override { return {}; }

 private:
  static constexpr Duration kMaxWait = std::chrono::hours(1);

  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      const IoRequest request = waiting_.front();
      waiting_.pop_front();
      lock.unlock();
      const int32_t result = FdFileOf(request).Execute(request);
      lock.lock();
      done_.push_back({request.tag, result});
      ready_.notify_all();
    }
  }

  const uint32_t depth_;
  uint32_t in_flight_ = 0;  // the owner's alone
  std::mutex mutex_;        // guards what follows
  std::condition_variable work_;
  std::condition_variable ready_;
  std::deque<IoRequest> waiting_;  // with done_ at most depth_
  std::deque<IoCompletion> done_;
  bool woken_ = false;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace

std::unique_ptr<IoQueue> NewPwriteQueue(uint32_t depth) {
  auto queue = std::make_unique<PwriteQueue>(depth);
  queue->Start();
  return queue;
}

}  // namespace reel
