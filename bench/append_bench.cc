// Rows a and b: 1000 streams appended as fast as the engine takes them, into recycled segments.
#include <algorithm>

#include "bench/benchmarks.h"
#include "bench/histogram.h"
#include "bench/pacer.h"
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
    begin_ = WallTime{SystemClock().WallNow().ns -
                      std::chrono::nanoseconds(std::chrono::hours(48)).count()};
    REEL_ASSIGN_OR_RETURN(node_, BenchNode::Open(shape));
    REEL_ASSIGN_OR_RETURN(cameras_, node_->Cameras(streams_));
    RunOptions options;
    options.tracks = Trace::Tracks();
    for (const StreamId camera : cameras_) {
      REEL_ASSIGN_OR_RETURN(auto writer, node_->store().BeginRun(camera, options));
      writers_.push_back(std::move(writer));
    }
    // Until segments are recycled: from then on no file grows and no block is touched first.
    while (node_->store().counters().segments_recycled < 2) REEL_RETURN_IF_ERROR(Append(2));
    return WaitDurable();
  }

  Status Run(Round* round) override {
    REEL_RETURN_IF_ERROR(node_->store().WaitIdle(kEnough));
    const Usage before = Usage::Now();
    const uint64_t payload_before = node_->store().counters().bytes_accepted;
    const MonoTime begin = MonoNow();
    REEL_RETURN_IF_ERROR(Append(gops_));
    REEL_RETURN_IF_ERROR(WaitDurable());
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
        {"gb", gb},
        {"seconds", seconds},
        {"seconds_to_idle", idle_seconds},
        {"device_over_payload", static_cast<double>(used.device_bytes_written) / 1e9 / gb}};
    for (const auto& [thread, cpu] : used.thread_seconds)
      round->details["cpu_s_per_gb"][thread] = cpu / gb;
    return VerifyTails();
  }

  Status TearDown() override {
    if (!node_) return OkStatus();
    writers_.clear();
    Status status = VerifyNode(*node_);
    const Status closed = node_->Close();
    return status.ok() ? closed : status;
  }

 private:
  // Unit by unit over all streams in turn, as they would come.
  Status Append(uint64_t gops) {
    const uint64_t end = next_ + gops * trace_.shape().gop_units;
    for (; next_ < end; ++next_) {
      for (uint32_t stream = 0; stream < streams_; ++stream) {
        REEL_RETURN_IF_ERROR(writers_[stream]->Append(
            UnitNumber{next_}, trace_.Unit(stream, next_, begin_), AppendMode::kBulk));
      }
    }
    return OkStatus();
  }

  Status WaitDurable() {
    for (const auto& writer : writers_) writer->Flush();
    for (const auto& writer : writers_)
      REEL_RETURN_IF_ERROR(writer->WaitDurable(UnitNumber{next_}, kEnough));
    return OkStatus();
  }

  // The last two GOPs of some streams, byte for byte; TearDown looks at every checksum.
  Status VerifyTails() {
    const uint64_t units = uint64_t{2} * trace_.shape().gop_units;
    const WallTime from = begin_ + trace_.UnitTime() * static_cast<int64_t>(next_ - units);
    for (uint32_t stream = 0; stream < streams_; stream += 50) {
      REEL_RETURN_IF_ERROR(VerifyStream(node_->store(), cameras_[stream], trace_, stream, begin_,
                                        {from, kWallMax}, units));
    }
    return OkStatus();
  }

  std::string placement_;
  Trace trace_;
  uint32_t streams_ = 1000;
  uint64_t gops_ = 0;
  WallTime begin_;
  std::unique_ptr<BenchNode> node_;
  std::vector<StreamId> cameras_;
  std::vector<std::unique_ptr<RunWriter>> writers_;
  uint64_t next_ = 0;  // number of the unit that comes next, in every stream
};

}  // namespace

std::unique_ptr<Benchmark> NewAppendBenchmark(const std::string& placement) {
  return std::make_unique<AppendBenchmark>(placement);
}

}  // namespace reel::bench
