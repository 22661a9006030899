// Row k: what a keyframe costs in the index, and what it costs to fill the index again.
#include <atomic>
#include <filesystem>

#include "bench/benchmarks.h"
#include "bench/histogram.h"
#include "bench/pacer.h"
#include "bench/unpaced.h"
#include "bench/usage.h"
#include "bench/verify.h"
#include "engine/testing/fault_disk.h"

namespace reel::bench {
namespace {

constexpr uint32_t kStreams = 200;
constexpr Duration kEnough = std::chrono::minutes(5);

TraceShape SubStream() {
  TraceShape shape;
  shape.bits_per_second = 256e3;
  return shape;
}

class ReindexBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "reindex"; }
  std::string what() const override {
    return "index bytes per keyframe; filling an empty index from the footers";
  }
  std::string rows() const override { return "k"; }
  bool probed() const override { return false; }

  Status SetUp(const Settings& settings) override {
    shape_.root = settings.directory + "/node";
    shape_.segment_bytes = uint64_t{64} << 20;
    shape_.segments = static_cast<uint32_t>(settings.volume_bytes / 2 / shape_.segment_bytes);
    shape_.buffer_bytes = uint64_t{512} << 20;
    REEL_ASSIGN_OR_RETURN(const auto node, BenchNode::Open(shape_));
    const WallTime begin = LongAgo();
    UnpacedCameras cameras(*node, trace_, kStreams, begin);
    REEL_RETURN_IF_ERROR(cameras.Begin());
    // Well below the room there is: an opening that recycled a segment would have fewer to look at.
    const uint64_t bytes = settings.volume_bytes / 4;
    REEL_RETURN_IF_ERROR(cameras.Append(bytes / kStreams / trace_.MeanGopBytes()));
    REEL_RETURN_IF_ERROR(cameras.WaitDurable());
    REEL_RETURN_IF_ERROR(cameras.End());
    REEL_RETURN_IF_ERROR(cameras.VerifyTails(10, 20));
    keyframes_ = cameras.next_unit() / trace_.shape().gop_units * kStreams;
    REEL_RETURN_IF_ERROR(VerifyNode(*node));
    return node->Close();
  }

  Status Run(Round* round) override {
    std::filesystem::remove_all(BenchNode::IndexPath(shape_));
    reads_ = 0;
    NodeShape counted = shape_;
    counted.wrap = [this](std::unique_ptr<Disk> below) -> std::unique_ptr<Disk> {
      auto disk = std::make_unique<FaultDisk>(std::move(below));
      disk->OnCall([this](SeamCall call, FaultDisk::When when) {
        if (call == SeamCall::kRead && when == FaultDisk::When::kBefore) ++reads_;
      });
      return disk;
    };
    const Usage before = Usage::Now();
    const MonoTime begin = MonoNow();
    REEL_ASSIGN_OR_RETURN(const auto node, BenchNode::Open(counted));
    REEL_RETURN_IF_ERROR(node->store().WaitIdle(kEnough));
    const double seconds = Seconds(MonoNow() - begin);
    const double cpu = (Usage::Now() - before).cpu_seconds;
    const auto reads = static_cast<double>(reads_);
    REEL_ASSIGN_OR_RETURN(const uint64_t found, Keyframes(*node));
    if (found < keyframes_) {  // a GOP that stands in two segments is two rows
      return DataLoss("the index knows " + std::to_string(found) + " of " +
                      std::to_string(keyframes_) + " keyframes");
    }
    REEL_RETURN_IF_ERROR(node->index().Compact());
    const auto bytes = static_cast<double>(BenchNode::IndexTableBytes(shape_));
    const auto keyframes = static_cast<double>(keyframes_);
    const double segments = node->store().Volumes().front().segments_in_use;
    round->figures = {{"k.bytes", bytes / keyframes, 0},
                      {"k.cpu", cpu / keyframes * 1e6, 0},
                      {"k.reads", reads / segments, 0}};
    round->details = {{"keyframes", keyframes_},
                      {"segments", segments},
                      {"seconds", seconds},
                      {"index_bytes", bytes}};
    return node->Close();
  }

  Status TearDown() override { return OkStatus(); }

 private:
  static Result<uint64_t> Keyframes(BenchNode& node) {
    uint64_t keyframes = 0;
    for (const StreamInfo& stream : node.store().Streams()) {
      REEL_ASSIGN_OR_RETURN(const auto days,
                            node.index().Coverage(stream.id, {kWallMin, kWallMax}, Bucket::kDay));
      for (const CoverageRow& day : days) keyframes += day.gops;
    }
    return keyframes;
  }

  Trace trace_{SubStream()};
  NodeShape shape_;
  uint64_t keyframes_ = 0;
  std::atomic<uint64_t> reads_ = 0;
};

}  // namespace

std::unique_ptr<Benchmark> NewReindexBenchmark() { return std::make_unique<ReindexBenchmark>(); }

}  // namespace reel::bench
