// Row j.cpu: what a stream costs among few and among many.
#include "bench/benchmarks.h"
#include "bench/paced.h"
#include "bench/unpaced.h"
#include "bench/usage.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr uint32_t kFew = 10;
constexpr uint64_t kVerifiedUnits = 50;

TraceShape LowRate() {
  TraceShape shape;
  shape.bits_per_second = 0.5e6;
  return shape;
}

class FlatStreamsBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "flat-streams"; }
  std::string what() const override {
    return "CPU of a stream of 0.5 Mbit/s among 10 and among 3000, in real time";
  }
  std::string rows() const override { return "j.cpu"; }
  bool probed() const override { return false; }

  Status SetUp(const Settings& settings) override {
    many_ = settings.streams != 0 ? settings.streams : 3000;
    length_ = Duration{static_cast<int64_t>(settings.paced_seconds / 2 * 1e9)};
    NodeShape shape;
    shape.root = settings.directory + "/node";
    shape.segments = static_cast<uint32_t>(settings.volume_bytes / shape.segment_bytes);
    shape.buffer_bytes = many_ * (uint64_t{5} << 19);
    REEL_RETURN_IF_ERROR(FillNode(shape));
    REEL_ASSIGN_OR_RETURN(node_, BenchNode::Open(shape));
    REEL_ASSIGN_OR_RETURN(cameras_, node_->Cameras(many_));
    return OkStatus();
  }

  Status Run(Round* round) override {
    REEL_ASSIGN_OR_RETURN(const double few, CpuPerStream(kFew, round));
    REEL_ASSIGN_OR_RETURN(const double many, CpuPerStream(many_, round));
    round->figures = {{"j.cpu", many * 1e6, few * 1e6}};
    return OkStatus();
  }

  Status TearDown() override {
    if (!node_) return OkStatus();
    Status status = VerifyNode(*node_);
    const Status closed = node_->Close();
    node_.reset();
    return status.ok() ? closed : status;
  }

 private:
  // CPU seconds a second of each of the first `count` cameras, whoever spends them.
  Result<double> CpuPerStream(uint32_t count, Round* round) {
    PacedCameras cameras(*node_, {cameras_.begin(), cameras_.begin() + count}, trace_);
    REEL_RETURN_IF_ERROR(cameras.Begin());
    REEL_RETURN_IF_ERROR(cameras.Run(kPacedWarmUp, {}));
    const Usage before = Usage::Now();
    const MonoTime begin = MonoNow();
    REEL_RETURN_IF_ERROR(cameras.Run(length_, {}));
    const double seconds = Seconds(MonoNow() - begin);
    const Usage used = Usage::Now() - before;
    REEL_RETURN_IF_ERROR(cameras.Finish());
    REEL_RETURN_IF_ERROR(cameras.Verify(count / 20 + 1, kVerifiedUnits));
    nlohmann::json& details = round->details[std::to_string(count)];
    details["core_percent"] = used.cpu_seconds / seconds * 100;
    for (const auto& [thread, cpu] : used.thread_seconds)
      details["core_percent_of"][thread] = cpu / seconds * 100;
    return used.cpu_seconds / seconds / count;
  }

  Trace trace_{LowRate()};
  uint32_t many_ = 0;
  Duration length_{0};
  std::unique_ptr<BenchNode> node_;
  std::vector<StreamId> cameras_;
};

}  // namespace

std::unique_ptr<Benchmark> NewFlatStreamsBenchmark() {
  return std::make_unique<FlatStreamsBenchmark>();
}

}  // namespace reel::bench
