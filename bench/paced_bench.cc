// Rows d, e, f, g and n: cameras in real time, alone and beside greedy readers.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "bench/benchmarks.h"
#include "bench/paced.h"
#include "bench/peers.h"
#include "bench/unpaced.h"
#include "bench/usage.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr Duration kCoolDown = std::chrono::seconds(2);  // above four flush intervals
constexpr int kFfmpegs = 40;
constexpr double kMiB = 1 << 20;
constexpr uint64_t kVerifiedUnits = 100;  // the volume may have recycled what is older

// Readers that take what they can: whole streams from the first unit on, again and again.
class GreedyReaders {
 public:
  GreedyReaders(Store& store, const std::vector<StreamId>& cameras, size_t count) {
    for (size_t i = 0; i < count; ++i)
      threads_.emplace_back([&store, this, cameras, i] { Read(store, cameras, i); });
  }
  ~GreedyReaders() { Stop(); }

  uint64_t Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    return bytes_;
  }
  Status status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  void Read(Store& store, const std::vector<StreamId>& cameras, size_t first) {
    for (size_t at = first; !stop_; at += 7) {
      const Status status = ReadOne(store, cameras[at % cameras.size()]);
      const std::lock_guard lock(mutex_);
      if (status_.ok()) status_ = status;
    }
  }

  Status ReadOne(Store& store, StreamId camera) {
    REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Cursor> cursor, store.Read(camera, {}));
    while (!stop_) {
      REEL_ASSIGN_OR_RETURN(const Item item, cursor->Next());
      if (item.kind == ItemKind::kDamage) return item.status;
      if (item.kind == ItemKind::kEnd) break;
      bytes_ += item.unit.bytes.size();
    }
    return OkStatus();
  }

  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> bytes_ = 0;
  std::mutex mutex_;
  Status status_;
  std::vector<std::thread> threads_;
};

struct PacedCase {
  std::string name;
  std::string what;
  std::string rows;
  TraceShape shape;
  uint32_t streams = 1000;
  size_t readers = 0;
  bool probed = true;
};

class PacedBenchmark final : public Benchmark {
 public:
  explicit PacedBenchmark(PacedCase paced) : case_(std::move(paced)), trace_(case_.shape) {}

  std::string name() const override { return case_.name; }
  std::string what() const override { return case_.what; }
  std::string rows() const override { return case_.rows; }
  bool probed() const override { return case_.probed; }

  Status SetUp(const Settings& settings) override {
    directory_ = settings.directory;
    if (settings.streams != 0) case_.streams = settings.streams;
    if (settings.readers != 0 && case_.readers != 0) case_.readers = settings.readers;
    length_ = Duration{static_cast<int64_t>(settings.paced_seconds * 1e9)} + kPacedWarmUp;
    NodeShape shape;
    shape.root = settings.directory + "/node";
    shape.segments = static_cast<uint32_t>(settings.volume_bytes / shape.segment_bytes);
    shape.buffer_bytes = static_cast<uint64_t>(case_.streams) * (uint64_t{3} << 19);  // 1.5 MiB
    // Before the node is opened: what it writes would hold up others on the same disk.
    if (Measures("d")) REEL_RETURN_IF_ERROR(MeasureFfmpeg());
    if (case_.probed) REEL_RETURN_IF_ERROR(FillNode(shape));
    ResetPeakResident();
    resident_before_ = ResidentBytes();
    REEL_ASSIGN_OR_RETURN(node_, BenchNode::Open(shape));
    REEL_ASSIGN_OR_RETURN(cameras_, node_->Cameras(case_.streams));
    return OkStatus();
  }

  Status Run(Round* round) override {
    PacedCameras cameras(*node_, cameras_, trace_);
    REEL_RETURN_IF_ERROR(cameras.Begin());
    std::unique_ptr<GreedyReaders> readers;
    const auto start_readers = [&] {
      if (case_.readers != 0)
        readers = std::make_unique<GreedyReaders>(node_->store(), cameras_, case_.readers);
    };
    REEL_RETURN_IF_ERROR(cameras.Run(kPacedWarmUp, {}));
    start_readers();
    const Usage before = Usage::Now();
    const uint64_t payload_before = cameras.payload_bytes();
    const uint64_t chunks_before = node_->store().counters().chunks_written;
    const MonoTime begin = MonoNow();
    REEL_RETURN_IF_ERROR(
        cameras.Run(length_ - kPacedWarmUp, {Duration{0}, length_ - kPacedWarmUp - kCoolDown}));
    const double seconds = Seconds(MonoNow() - begin);
    const Usage used = Usage::Now() - before;
    const uint64_t chunks = node_->store().counters().chunks_written - chunks_before;
    const uint64_t read_bytes = readers ? readers->Stop() : 0;
    if (readers) REEL_RETURN_IF_ERROR(readers->status());
    REEL_RETURN_IF_ERROR(cameras.Finish());
    const double gb = static_cast<double>(cameras.payload_bytes() - payload_before) / 1e9;
    Put(cameras, used, gb, seconds, round);
    if (ffmpeg_) round->figures.push_back({"d.ffmpeg", used.cpu_seconds / gb, *ffmpeg_});
    round->details["chunks_per_second"] = static_cast<double>(chunks) / seconds;
    round->details["read_gb_s"] = static_cast<double>(read_bytes) / 1e9 / seconds;
    return cameras.Verify(case_.streams / 20, kVerifiedUnits);
  }

  Status TearDown() override {
    if (!node_) return OkStatus();
    Status status = VerifyNode(*node_);
    const Status closed = node_->Close();
    node_.reset();
    return status.ok() ? closed : status;
  }

 private:
  bool Measures(const std::string& row) const { return case_.rows.find(row) != std::string::npos; }

  Status MeasureFfmpeg() {
    const auto seconds = static_cast<int>(Seconds(length_));
    const Result<double> ffmpeg = FfmpegCpuPerGb(directory_ + "/ffmpeg", kFfmpegs, seconds);
    sync();
    if (ffmpeg.status().code() == Code::kNotFound) return OkStatus();  // no peer, no figure
    REEL_RETURN_IF_ERROR(ffmpeg.status());
    ffmpeg_ = *ffmpeg;
    return OkStatus();
  }

  void Put(const PacedCameras& cameras, const Usage& used, double gb, double seconds,
           Round* round) const {
    const Histogram& ack = cameras.ack();
    const double written = static_cast<double>(used.device_bytes_written) / 1e9;
    const double memory =
        static_cast<double>(PeakResidentBytes() - resident_before_) / kMiB / case_.streams;
    if (Measures("d")) round->figures.push_back({"d.core", used.cpu_seconds / seconds * 100});
    if (Measures("e")) {
      round->figures.push_back({"e.p99", Milliseconds(ack.Percentile(99))});
      round->figures.push_back({"e.p999", Milliseconds(ack.Percentile(99.9))});
    }
    if (Measures("f")) round->figures.push_back({"f.p99", Milliseconds(ack.Percentile(99))});
    if (Measures("g-main")) round->figures.push_back({"g.main", written / gb});
    if (Measures("g-sub")) round->figures.push_back({"g.sub", written / gb});
    if (Measures("n")) {
      round->figures.push_back({case_.streams > 1000 ? "n.3000" : "n.1000", memory});
    }
    round->details = {{"streams", case_.streams},
                      {"readers", case_.readers},
                      {"gb", gb},
                      {"seconds", seconds},
                      {"core_percent", used.cpu_seconds / seconds * 100},
                      {"cpu_s_per_gb", used.cpu_seconds / gb},
                      {"memory_mib_per_stream", memory},
                      {"device_over_payload", written / gb},
                      {"ack_ms",
                       {{"p50", Milliseconds(ack.Percentile(50))},
                        {"p99", Milliseconds(ack.Percentile(99))},
                        {"p999", Milliseconds(ack.Percentile(99.9))},
                        {"max", Milliseconds(ack.max())}}},
                      {"late_ms_p99", Milliseconds(cameras.lateness().Percentile(99))}};
    for (const auto& [thread, cpu] : used.thread_seconds)
      round->details["core_percent_of"][thread] = cpu / seconds * 100;
  }

  PacedCase case_;
  Trace trace_;
  std::string directory_;
  Duration length_{0};
  uint64_t resident_before_ = 0;
  std::optional<double> ffmpeg_;  // CPU seconds a GB
  std::unique_ptr<BenchNode> node_;
  std::vector<StreamId> cameras_;
};

}  // namespace

std::vector<std::unique_ptr<Benchmark>> NewPacedBenchmarks() {
  TraceShape sub;
  sub.bits_per_second = 256e3;
  TraceShape low;
  low.bits_per_second = 0.5e6;
  const std::vector<PacedCase> cases = {
      {"paced", "1000 streams of 4 Mbit/s in real time, T = 250 ms", "d e g-main n", {}, 1000, 0},
      {"paced-readers", "the same beside 16 greedy readers", "f", {}, 1000, 16},
      {"paced-sub", "1000 sub streams of 256 kbit/s in real time", "g-sub", sub, 1000, 0, false},
      {"paced-3000", "3000 streams of 0.5 Mbit/s in real time", "n", low, 3000, 0, false},
  };
  std::vector<std::unique_ptr<Benchmark>> all;
  all.reserve(cases.size());
  for (const PacedCase& one : cases) all.push_back(std::make_unique<PacedBenchmark>(one));
  return all;
}

}  // namespace reel::bench
