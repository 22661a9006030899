// Rows rpc.ingest, rpc.memory and rpc.ffmpeg: cameras over RTSP, from the wire until durable.
#include <algorithm>
#include <filesystem>

#include "bench/benchmarks.h"
#include "bench/histogram.h"
#include "bench/pacer.h"
#include "bench/peers.h"
#include "bench/replay_process.h"
#include "bench/replay_verify.h"
#include "bench/unpaced.h"
#include "bench/usage.h"
#include "bench/verify.h"
#include "server/ingest/cameras.h"

namespace reel::bench {
namespace {

constexpr Duration kStartMax = std::chrono::minutes(2);
constexpr Duration kLookAgain = std::chrono::milliseconds(100);
constexpr Duration kIdleMax = std::chrono::minutes(2);
constexpr uint32_t kReplayLoops = 2;
constexpr uint32_t kFfmpegs = 40;
constexpr double kGoalCameras = 1000;
constexpr double kMiB = 1 << 20;
// Of what falls due: less means that the cameras were not kept up with.
constexpr double kLeastShare = 0.95;

class RpcIngestBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "rpc-ingest"; }
  std::string what() const override {
    return "1000 cameras of 4 Mbit/s over RTSP, wire to durable; ffmpeg processes from the same";
  }
  std::string rows() const override { return "rpc.ingest rpc.memory rpc.ffmpeg"; }

  Status SetUp(const Settings& settings) override {
    directory_ = settings.directory;
    count_ = settings.streams != 0 ? settings.streams : static_cast<uint32_t>(kGoalCameras);
    length_ = Duration{static_cast<int64_t>(settings.paced_seconds * 1e9)};
    NodeShape shape;
    shape.root = settings.directory + "/node";
    shape.segments = static_cast<uint32_t>(settings.volume_bytes / shape.segment_bytes);
    shape.buffer_bytes = count_ * (uint64_t{5} << 19);  // 2.5 MiB
    REEL_RETURN_IF_ERROR(FillNode(shape));
    REEL_ASSIGN_OR_RETURN(replay_, ReplayProcess::Start(count_, kReplayLoops));
    ResetPeakResident();
    resident_before_ = ResidentBytes();
    REEL_ASSIGN_OR_RETURN(node_, BenchNode::Open(shape));
    REEL_ASSIGN_OR_RETURN(streams_, node_->Cameras(count_));
    server::IngestOptions options;
    options.store = &node_->store();
    REEL_ASSIGN_OR_RETURN(cameras_, server::Cameras::Start(options));
    return OkStatus();
  }

  Status Run(Round* round) override {
    const WallTime begin_wall = SystemClock().WallNow();
    REEL_RETURN_IF_ERROR(Connect());
    pacer_.WaitUntil(MonoNow() + kPacedWarmUp);
    REEL_RETURN_IF_ERROR(Measure(round));
    const std::vector<server::SourceStatus> sources = cameras_->Sources();
    REEL_RETURN_IF_ERROR(cameras_->Apply({}));
    REEL_RETURN_IF_ERROR(node_->store().WaitIdle(kIdleMax));
    REEL_RETURN_IF_ERROR(PutFfmpeg(round));
    for (const server::SourceStatus& source : sources) {
      if (source.packets_lost != 0 || source.reconnects != 0)
        return DataLoss(source.stream + " lost packets or its connection: " + source.trouble);
    }
    for (uint32_t i = 0; i < count_; i += count_ / 20 + 1) {
      REEL_RETURN_IF_ERROR(
          VerifyReplay(node_->store(), streams_[i], trace_, i, begin_wall, kVerified));
    }
    return OkStatus();
  }

  Status TearDown() override {
    if (cameras_) cameras_->Stop();
    cameras_.reset();
    replay_.reset();
    if (!node_) return OkStatus();
    Status status = VerifyNode(*node_);
    const Status closed = node_->Close();
    node_.reset();
    return status.ok() ? closed : status;
  }

 private:
  static constexpr uint64_t kVerified = 50;

  Status Connect() {
    std::vector<server::CameraConfig> configs;
    for (uint32_t i = 0; i < count_; ++i) {
      server::CameraConfig& camera = configs.emplace_back();
      camera.name = "camera-" + std::to_string(i);
      camera.sources.push_back({camera.name, replay_->UrlOf(i)});
    }
    REEL_RETURN_IF_ERROR(cameras_->Apply(configs));
    for (const MonoTime until = MonoNow() + kStartMax; MonoNow() < until;) {
      const std::vector<server::SourceStatus> sources = cameras_->Sources();
      if (std::all_of(sources.begin(), sources.end(), [](const auto& source) {
            return source.state == server::SourceState::kRecording;
          })) {
        return OkStatus();
      }
      pacer_.WaitUntil(MonoNow() + kLookAgain);
    }
    return Unavailable("not every camera is recorded after two minutes");
  }

  Status Measure(Round* round) {
    const StoreCounters counters_before = node_->store().counters();
    const double replay_before = replay_->CpuSeconds();
    const Usage before = Usage::Now();
    const MonoTime begin = MonoNow();
    pacer_.WaitUntil(begin + length_);
    const double seconds = Seconds(MonoNow() - begin);
    const Usage used = Usage::Now() - before;
    const double replay_seconds = replay_->CpuSeconds() - replay_before;
    const StoreCounters counters = node_->store().counters();
    const auto units = static_cast<double>(counters.units_durable - counters_before.units_durable);
    const double due = seconds * trace_.shape().units_per_second * count_;
    cores_of_camera_ = used.cpu_seconds / seconds / count_;
    const double memory =
        static_cast<double>(PeakResidentBytes() - resident_before_) / kMiB / count_;
    const double gb =
        static_cast<double>(counters.bytes_accepted - counters_before.bytes_accepted) / 1e9;
    // Per 1000 cameras, however many there were.
    round->figures.push_back({"rpc.ingest", cores_of_camera_ * kGoalCameras});
    round->figures.push_back({"rpc.memory", memory});
    round->details = {{"streams", count_},
                      {"seconds", seconds},
                      {"gb", gb},
                      {"cores", used.cpu_seconds / seconds},
                      {"ms_per_s_of_camera", cores_of_camera_ * 1e3},
                      {"cpu_s_per_gb", used.cpu_seconds / gb},
                      {"durable_of_due", units / due},
                      {"replay_cores", replay_seconds / seconds}};
    for (const auto& [thread, cpu] : used.thread_seconds)
      round->details["core_percent_of"][thread] = cpu / seconds * 100;
    if (units >= kLeastShare * due) return OkStatus();
    return Unavailable("only " + std::to_string(units / due * 100) +
                       " % of the pictures became durable in time");
  }

  Status PutFfmpeg(Round* round) {
    std::vector<std::string> urls;
    for (uint32_t i = 0; i < std::min(count_, kFfmpegs); ++i) urls.push_back(replay_->UrlOf(i));
    const std::string directory = directory_ + "/ffmpeg";
    const Result<double> ffmpeg = FfmpegCpuPerCamera(directory, urls, length_);
    std::filesystem::remove_all(directory);
    if (ffmpeg.status().code() == Code::kNotFound) return OkStatus();  // no peer, no figure
    if (!ffmpeg.ok()) return ffmpeg.status();
    round->figures.push_back({"rpc.ffmpeg", cores_of_camera_ * 1e3, *ffmpeg * 1e3});
    return OkStatus();
  }

  const Trace trace_{TraceShape{}};
  std::string directory_;
  uint32_t count_ = 0;
  Duration length_{0};
  uint64_t resident_before_ = 0;
  double cores_of_camera_ = 0;
  Pacer pacer_;
  std::unique_ptr<ReplayProcess> replay_;
  std::unique_ptr<BenchNode> node_;
  std::vector<StreamId> streams_;
  std::unique_ptr<server::Cameras> cameras_;  // the last member: it uses the others
};

}  // namespace

std::unique_ptr<Benchmark> NewRpcIngestBenchmark() {
  return std::make_unique<RpcIngestBenchmark>();
}

}  // namespace reel::bench
