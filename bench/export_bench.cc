// Row m: an export beside a plain sequential read of as many bytes.
#include <algorithm>

#include "bench/benchmarks.h"
#include "bench/histogram.h"
#include "bench/pacer.h"
#include "bench/unpaced.h"
#include "bench/usage.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr uint32_t kStreams = 8;
constexpr size_t kReadBytes = size_t{1} << 20;

class ExportBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "export"; }
  std::string what() const override { return "an MP4 of one of 8 streams, read as it is made"; }
  std::string rows() const override { return "m"; }

  Status SetUp(const Settings& settings) override {
    NodeShape shape;
    shape.root = settings.directory + "/node";
    shape.segments = static_cast<uint32_t>(settings.volume_bytes / shape.segment_bytes);
    REEL_ASSIGN_OR_RETURN(node_, BenchNode::Open(shape));
    REEL_ASSIGN_OR_RETURN(raw_, RawProbe::Create(settings.directory + "/raw", uint64_t{1} << 30));
    const WallTime begin = LongAgo();
    cameras_ = std::make_unique<UnpacedCameras>(*node_, trace_, kStreams, begin);
    REEL_RETURN_IF_ERROR(cameras_->Begin());
    REEL_RETURN_IF_ERROR(
        cameras_->Append(settings.volume_bytes / 2 / kStreams / trace_.MeanGopBytes()));
    REEL_RETURN_IF_ERROR(cameras_->WaitDurable());
    return cameras_->End();
  }

  Status Run(Round* round) override {
    const auto camera = static_cast<uint32_t>(round->number) % kStreams;
    REEL_ASSIGN_OR_RETURN(const RawFigures raw_before, raw_->Read());
    const Usage before = Usage::Now();
    const MonoTime begin = MonoNow();
    ExportOptions options;
    options.range = {cameras_->TimeOf(0), cameras_->TimeOf(cameras_->next_unit())};
    REEL_ASSIGN_OR_RETURN(const auto files,
                          node_->store().OpenExport(cameras_->cameras()[camera], options));
    const double open_seconds = Seconds(MonoNow() - begin);
    REEL_ASSIGN_OR_RETURN(const uint64_t bytes, ReadAll(*files.front()));
    const double seconds = Seconds(MonoNow() - begin);
    const Usage used = Usage::Now() - before;
    REEL_ASSIGN_OR_RETURN(const RawFigures raw_after, raw_->Read());
    const double gb = static_cast<double>(bytes) / 1e9;
    const double raw = (raw_before.bytes_per_second + raw_after.bytes_per_second) / 2e9;
    round->figures = {{"m.export", gb / seconds, raw}};
    round->details = {
        {"gb", gb}, {"open_seconds", open_seconds}, {"cpu_s_per_gb", used.cpu_seconds / gb}};
    return CheckFrames(*files.front(), camera);
  }

  Status TearDown() override {
    if (!node_) return OkStatus();
    cameras_.reset();
    Status status = VerifyNode(*node_);
    const Status closed = node_->Close();
    node_.reset();
    raw_.reset();
    return status.ok() ? closed : status;
  }

 private:
  static Result<uint64_t> ReadAll(VirtualMp4& file) {
    Bytes buffer(kReadBytes);
    uint64_t at = 0;
    while (at < file.size_bytes()) {
      REEL_ASSIGN_OR_RETURN(const size_t count, file.Read(at, buffer));
      if (count == 0) return DataLoss("the export ends early");
      at += count;
    }
    return at;
  }

  // Sizes and times of every frame; reading has verified the bytes.
  Status CheckFrames(const VirtualMp4& file, uint32_t camera) const {
    if (file.frame_count() != cameras_->next_unit()) return DataLoss("frames are missing");
    for (size_t i = 0; i < file.frame_count(); ++i) {
      const ExportFrame frame = file.frame(i);
      const UnitView unit = trace_.Unit(camera, frame.unit.value, cameras_->begin());
      if (frame.size_bytes != unit.bytes.size() || frame.time != unit.wall)
        return DataLoss("frame " + std::to_string(i) + " is not what was written");
    }
    return OkStatus();
  }

  Trace trace_{TraceShape{}};
  std::unique_ptr<BenchNode> node_;
  std::unique_ptr<RawProbe> raw_;
  std::unique_ptr<UnpacedCameras> cameras_;
};

}  // namespace

std::unique_ptr<Benchmark> NewExportBenchmark() { return std::make_unique<ExportBenchmark>(); }

}  // namespace reel::bench
