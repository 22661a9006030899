// Rows rpc.seek50 and rpc.seek99: a moment of somewhere in the history, cold, asked for over a Unix
// socket while cameras record.
#include <thread>

#include "bench/benchmarks.h"
#include "bench/paced.h"
#include "bench/rpc_front.h"
#include "bench/seek_history.h"

namespace reel::bench {
namespace {

class RpcSeekBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "rpc-seek"; }
  std::string what() const override {
    return "cold Seek calls over a Unix socket while 500 streams are written";
  }
  std::string rows() const override { return "rpc.seek50 rpc.seek99"; }

  Status SetUp(const Settings& settings) override {
    live_count_ = settings.streams != 0 ? settings.streams : 500;
    length_ = Duration{static_cast<int64_t>(settings.paced_seconds * 1e9)};
    REEL_RETURN_IF_ERROR(history_.PrepareRaw(settings));
    REEL_RETURN_IF_ERROR(history_.SetUp(settings, live_count_));
    REEL_ASSIGN_OR_RETURN(front_, RpcFront::Start(history_.node(), settings.directory));
    viewer_ = RpcViewer::Connect(front_->address());
    return OkStatus();
  }

  Status Run(Round* round) override {
    REEL_RETURN_IF_ERROR(history_.Renew());
    PacedCameras live(history_.node(), history_.live_cameras(), history_.trace());
    REEL_RETURN_IF_ERROR(live.Begin());
    Status live_status;
    std::thread writer([&] { live_status = live.Run(length_, {Duration{0}, length_}); });
    Histogram seeks;
    Histogram gops;
    Histogram raw;
    const Status status = Alternate(&seeks, &gops, &raw);
    writer.join();
    REEL_RETURN_IF_ERROR(status);
    REEL_RETURN_IF_ERROR(live_status);
    REEL_RETURN_IF_ERROR(live.Finish());
    const auto us = [](const Histogram& histogram, double percent) {
      return Microseconds(histogram.Percentile(percent));
    };
    round->figures = {{"rpc.seek50", us(seeks, 50), us(raw, 50)},
                      {"rpc.seek99", us(seeks, 99), us(raw, 99)}};
    round->details = {{"key", JsonOf(seeks)},
                      {"gop", JsonOf(gops)},
                      {"raw_key", JsonOf(raw)},
                      {"ack", JsonOf(live.ack())},
                      {"keyframes", history_.keyframes()},
                      {"streams", live_count_}};
    return live.Verify(live_count_ / 10 + 1, 50);
  }

  Status TearDown() override {
    viewer_.reset();
    front_.reset();
    return history_.TearDown();
  }

 private:
  // One seek, every unit of its GOP compared with the trace.
  Status SeekOnce(const SeekHistory::Target& target, Histogram* key, Histogram* gop) {
    const MonoTime begin = MonoNow();
    uint64_t units = 0;
    const Status sought = viewer_->Seek(
        history_.camera(target.camera), target.time, [&](UnitNumber number, ByteSpan bytes) {
          if (units++ == 0) key->Record(MonoNow() - begin);
          return history_.IsUnit(target.camera, number, bytes) ? OkStatus()
                                                               : DataLoss("not what was written");
        });
    REEL_RETURN_IF_ERROR(sought);
    gop->Record(MonoNow() - begin);
    const uint32_t gop_units = history_.trace().shape().gop_units;
    return units == gop_units ? OkStatus() : DataLoss("a GOP of another length");
  }

  Status Alternate(Histogram* key, Histogram* gop, Histogram* raw) {
    Rng rng(29);
    const MonoTime until = MonoNow() + length_;
    for (uint64_t n = 0; MonoNow() < until; ++n) {
      const auto camera = static_cast<uint32_t>(n % SeekHistory::kStreams);
      if (camera == 0) history_.DropIndexCache();
      REEL_RETURN_IF_ERROR(SeekOnce(history_.Pick(camera, &rng), key, gop));
      REEL_RETURN_IF_ERROR(history_.ReadRaw(&rng, false, raw));
    }
    return OkStatus();
  }

  uint32_t live_count_ = 0;
  Duration length_{0};
  SeekHistory history_;
  std::unique_ptr<RpcFront> front_;
  std::unique_ptr<RpcViewer> viewer_;
};

}  // namespace

std::unique_ptr<Benchmark> NewRpcSeekBenchmark() { return std::make_unique<RpcSeekBenchmark>(); }

}  // namespace reel::bench
