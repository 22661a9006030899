// Row rpc.readers: what viewers that play recordings over RPC, faster than real time, cost those
// who record.
#include <atomic>
#include <thread>

#include "bench/benchmarks.h"
#include "bench/paced.h"
#include "bench/rpc_front.h"
#include "bench/seek_history.h"

namespace reel::bench {
namespace {

constexpr Duration kCoolDown = std::chrono::seconds(2);  // above four flush intervals
constexpr int kSpeed = 4;
// A viewer that is not given its pictures in time is none at that speed.
constexpr double kLeastShare = 0.9;

class RpcReadersBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "rpc-readers"; }
  std::string what() const override {
    return "500 streams recorded while 64 viewers play others at 4x over a Unix socket";
  }
  std::string rows() const override { return "rpc.readers"; }

  Status SetUp(const Settings& settings) override {
    live_count_ = settings.streams != 0 ? settings.streams : 500;
    viewers_ = settings.readers != 0 ? settings.readers : 64;
    length_ =
        Duration{static_cast<int64_t>(settings.paced_seconds * 1e9)} + kPacedWarmUp + kCoolDown;
    // They read on from where they stand: how long the history is makes no difference.
    Settings short_history = settings;
    if (settings.keyframes == 0) short_history.keyframes = 1'000'000;
    REEL_RETURN_IF_ERROR(history_.SetUp(short_history, live_count_));
    REEL_ASSIGN_OR_RETURN(front_, RpcFront::Start(history_.node(), settings.directory));
    return OkStatus();
  }

  Status Run(Round* round) override {
    REEL_RETURN_IF_ERROR(history_.Renew());
    PacedCameras live(history_.node(), history_.live_cameras(), history_.trace());
    REEL_RETURN_IF_ERROR(live.Begin());
    played_ = 0;
    stop_ = false;
    std::vector<std::thread> threads;
    std::vector<Status> statuses(viewers_);
    for (uint32_t viewer = 0; viewer < viewers_; ++viewer)
      threads.emplace_back([this, viewer, &statuses] { statuses[viewer] = Play(viewer); });
    const MonoTime begin = MonoNow();
    const Status recorded = live.Run(length_, {kPacedWarmUp, length_ - kCoolDown});
    const double seconds = Seconds(MonoNow() - begin);
    const uint64_t played = played_;
    stop_ = true;
    for (std::thread& thread : threads) thread.join();
    for (const Status& status : statuses) REEL_RETURN_IF_ERROR(status);
    REEL_RETURN_IF_ERROR(recorded);
    REEL_RETURN_IF_ERROR(live.Finish());
    const double due = seconds * kSpeed * history_.trace().shape().units_per_second * viewers_;
    round->figures = {{"rpc.readers", Milliseconds(live.ack().Percentile(99))}};
    round->details = {{"ack", JsonOf(live.ack())},
                      {"streams", live_count_},
                      {"viewers", viewers_},
                      {"played_of_due", static_cast<double>(played) / due}};
    if (static_cast<double>(played) < kLeastShare * due)
      return Unavailable("viewers got only " + std::to_string(played) + " of " +
                         std::to_string(due) + " pictures in time");
    return live.Verify(live_count_ / 10 + 1, 50);
  }

  Status TearDown() override {
    front_.reset();
    return history_.TearDown();
  }

 private:
  // Streams of the history one after the other, each picture when it is due and not before.
  Status Play(uint32_t viewer) {
    const auto connection = RpcViewer::Connect(front_->address());
    const Duration picture = history_.trace().UnitTime() / kSpeed;
    Pacer pacer;
    MonoTime due = MonoNow();
    for (uint32_t camera = viewer; !stop_; camera += viewers_) {
      const uint32_t stream = camera % SeekHistory::kStreams;
      Status read =
          connection->Read(history_.camera(stream), {history_.latest_begin(), history_.end()},
                           [&](UnitNumber number, ByteSpan bytes) {
                             if (stop_) return Unavailable("that is enough");
                             if (!history_.IsUnit(stream, number, bytes))
                               return DataLoss("not what was written");
                             pacer.WaitUntil(due);
                             due = due + picture;
                             ++played_;
                             return OkStatus();
                           });
      const bool ended = stop_ && read.code() != Code::kDataLoss;
      if (!read.ok() && !ended) return read;
    }
    return OkStatus();
  }

  uint32_t live_count_ = 0;
  uint32_t viewers_ = 0;
  Duration length_{0};
  SeekHistory history_;
  std::unique_ptr<RpcFront> front_;
  std::atomic<uint64_t> played_ = 0;  // units of all viewers
  std::atomic<bool> stop_ = false;
};

}  // namespace

std::unique_ptr<Benchmark> NewRpcReadersBenchmark() {
  return std::make_unique<RpcReadersBenchmark>();
}

}  // namespace reel::bench
