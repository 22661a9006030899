// Rows a and b: 1000 streams appended as fast as the engine takes them, into recycled segments.
#include <algorithm>

#include "bench/benchmarks.h"
#include "bench/histogram.h"
#include "bench/pacer.h"
#include "bench/unpaced.h"
#include "bench/usage.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr Duration kEnough = std::chrono::minutes(5);

class AppendBenchmark final : public Benchmark {
 public:
  explicit AppendBenchmark(std::string placement)
      : placement_(std::move(placement)), trace_(TraceShape{}) {}

  std::string name() const override { return "append-" + placement_; }
  std::string what() const override {
    return "1000 streams of 4 Mbit/s unpaced, recycled segments, placement " + placement_;
  }
  std::string rows() const override { return "a b"; }

  Status SetUp(const Settings& settings) override {
    NodeShape shape;
    shape.root = settings.directory + "/node";
    shape.placement = placement_;
    shape.segments = static_cast<uint32_t>(settings.volume_bytes / shape.segment_bytes);
    if (settings.streams != 0) streams_ = settings.streams;
    shape.buffer_bytes = streams_ * (uint64_t{5} << 19);  // 2.5 MiB a stream
    gops_ = std::max<uint64_t>(3, settings.volume_bytes / streams_ / trace_.MeanGopBytes());
    REEL_ASSIGN_OR_RETURN(node_, BenchNode::Open(shape));
    const WallTime begin = LongAgo();
    cameras_ = std::make_unique<UnpacedCameras>(*node_, trace_, streams_, begin);
    REEL_RETURN_IF_ERROR(cameras_->Begin());
    // Until segments are recycled: from then on no file grows and no block is touched first.
    while (node_->store().counters().segments_recycled < 2)
      REEL_RETURN_IF_ERROR(cameras_->Append(2));
    return cameras_->WaitDurable();
  }

  Status Run(Round* round) override {
    REEL_RETURN_IF_ERROR(node_->store().WaitIdle(kEnough));
    const Usage before = Usage::Now();
    const uint64_t payload_before = node_->store().counters().bytes_accepted;
    const MonoTime begin = MonoNow();
    REEL_RETURN_IF_ERROR(cameras_->Append(gops_));
    REEL_RETURN_IF_ERROR(cameras_->WaitDurable());
    const double seconds = Seconds(MonoNow() - begin);
    // What is left to hash, seal and index belongs to this round's price.
    REEL_RETURN_IF_ERROR(node_->store().WaitIdle(kEnough));
    const double idle_seconds = Seconds(MonoNow() - begin);
    const Usage used = Usage::Now() - before;
    const double gb =
        static_cast<double>(node_->store().counters().bytes_accepted - payload_before) / 1e9;
    round->figures.push_back({"a." + placement_, gb / seconds});
    round->beside_probe.push_back("a." + placement_);
    round->figures.push_back({"b." + placement_, used.cpu_seconds / gb});
    round->details = {
        {"streams", streams_},
        {"gb", gb},
        {"seconds", seconds},
        {"seconds_to_idle", idle_seconds},
        {"device_over_payload", static_cast<double>(used.device_bytes_written) / 1e9 / gb}};
    for (const auto& [thread, cpu] : used.thread_seconds)
      round->details["cpu_s_per_gb"][thread] = cpu / gb;
    // TearDown looks at every checksum.
    return cameras_->VerifyTails(2, 50);
  }

  Status TearDown() override {
    if (!node_) return OkStatus();
    cameras_.reset();
    Status status = VerifyNode(*node_);
    const Status closed = node_->Close();
    node_.reset();
    return status.ok() ? closed : status;
  }

 private:
  std::string placement_;
  Trace trace_;
  uint32_t streams_ = 1000;
  uint64_t gops_ = 0;
  std::unique_ptr<BenchNode> node_;
  std::unique_ptr<UnpacedCameras> cameras_;
};

}  // namespace

std::unique_ptr<Benchmark> NewAppendBenchmark(const std::string& placement) {
  return std::make_unique<AppendBenchmark>(placement);
}

}  // namespace reel::bench
