// Row l: how long after kill -9 everything is as it was.
#include <map>
#include <set>

#include "bench/ack_table.h"
#include "bench/benchmarks.h"
#include "bench/child.h"
#include "bench/histogram.h"
#include "bench/large_catalog.h"
#include "bench/pacer.h"
#include "bench/recorder.h"
#include "bench/unpaced.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr double kLifeSecondsMax = 10;

class RecoveryBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "recovery"; }
  std::string what() const override {
    return "kill -9 of a process that records 1000 streams; a catalog of many segments, simulated";
  }
  std::string rows() const override { return "l"; }
  bool probed() const override { return false; }
  bool one_round_is_enough() const override { return true; }

  Status SetUp(const Settings& settings) override {
    recorder_.root = settings.directory + "/node";
    recorder_.streams = settings.streams != 0 ? settings.streams : 1000;
    acks_path_ = settings.directory + "/acks-";
    seconds_ = std::min(settings.paced_seconds / 2, kLifeSecondsMax);
    catalog_segments_ = settings.full ? 100'000 : 20'000;
    shape_ = RecorderShape(recorder_);
    // In less room what was acknowledged would be recycled before it has been looked for.
    const uint64_t bytes = std::max(settings.volume_bytes, kVolumeBytes);
    shape_.segments = static_cast<uint32_t>(bytes / shape_.segment_bytes);
    return FillNode(shape_);
  }

  Status Run(Round* round) override {
    REEL_RETURN_IF_ERROR(LiveAndDie());
    REEL_RETURN_IF_ERROR(LiveAgain(round));
    uint64_t units = 0;
    REEL_RETURN_IF_ERROR(VerifyLives(&units, &round->details["complaints"]));
    round->details["streams"] = recorder_.streams;
    round->details["volume_gib"] = shape_.segments * shape_.segment_bytes >> 30;
    round->details["recorded_seconds"] = seconds_;
    round->details["units_acknowledged"] = units;
    REEL_ASSIGN_OR_RETURN(round->details["catalog"], ReopenLargeCatalog(catalog_segments_));
    round->note = Note(round->details["catalog"]);
    return OkStatus();
  }

  Status TearDown() override { return OkStatus(); }

 private:
  static constexpr uint64_t kVolumeBytes = uint64_t{24} << 30;

  std::string Note(const nlohmann::json& catalog) const {
    const auto seconds = [&](const char* key) {
      return std::to_string(static_cast<int64_t>(catalog[key].get<double>() * 1e3)) + " ms";
    };
    return std::to_string(recorder_.streams) + " streams, " +
           std::to_string(shape_.segments * shape_.segment_bytes >> 30) + " GiB. Simulated, with " +
           std::to_string(catalog_segments_) +
           " segments on a disk that takes 80 us a read, one after the other: recording after " +
           seconds("recording_s") + ", read after " + seconds("read_s") + "; opening takes " +
           seconds("cpu_open_s") + " of CPU.";
  }

  RecorderOptions Life(int number) const {
    RecorderOptions options = recorder_;
    options.acks_path = acks_path_ + std::to_string(number);
    if (number > 1) options.look_for_path = acks_path_ + std::to_string(number - 1);
    return options;
  }

  Status LiveAndDie() const {
    REEL_ASSIGN_OR_RETURN(const auto child, Child::Start(RecorderCommand(Life(1))));
    for (const char* expected : {"ready", "open", "begun", "recording"})
      REEL_RETURN_IF_ERROR(Expect(child->ReadLine(), {expected}));
    Pacer().WaitUntil(MonoNow() + Duration{static_cast<int64_t>(seconds_ * 1e9)});
    child->Kill();
    (void)child->Wait();
    return OkStatus();
  }

  static Status Expect(const std::string& line, const std::set<std::string>& expected) {
    return expected.contains(line) ? OkStatus() : Internal("a recorder said '" + line + "'");
  }

  // From when the new process has what it will record: making that is no part of a recorder.
  Status LiveAgain(Round* round) const {
    REEL_ASSIGN_OR_RETURN(const auto child, Child::Start(RecorderCommand(Life(2))));
    REEL_RETURN_IF_ERROR(Expect(child->ReadLine(), {"ready"}));
    const MonoTime begin = MonoNow();
    std::map<std::string, double> seconds;
    while (seconds.size() < 4) {
      const std::string line = child->ReadLine();
      REEL_RETURN_IF_ERROR(Expect(line, {"open", "begun", "recording", "complete"}));
      seconds[line] = Seconds(MonoNow() - begin);
    }
    child->CloseInput();
    REEL_RETURN_IF_ERROR(child->Wait().status());
    round->figures = {{"l.record", seconds["recording"]}, {"l.read", seconds["complete"]}};
    round->details["seconds"] = seconds;
    return OkStatus();
  }

  // Every unit that was acknowledged in either life, byte for byte, and every chunk there is. That
  // a full volume waits for a segment when it is opened is no loss: what it says is a detail.
  Status VerifyLives(uint64_t* units, nlohmann::json* complaints) const {
    const Trace trace(RecorderTrace());
    REEL_ASSIGN_OR_RETURN(const auto node, BenchNode::Open(shape_));
    REEL_ASSIGN_OR_RETURN(const auto cameras, node->Cameras(recorder_.streams));
    for (const int life : {1, 2}) {
      REEL_ASSIGN_OR_RETURN(const auto acks, AckTable::Open(Life(life).acks_path));
      for (uint32_t camera = 0; camera < cameras.size(); ++camera) {
        const uint64_t end = (*acks)[camera].durable_end;
        const WallTime begin{(*acks)[camera].begin_ns};
        const WallRange range{begin, begin + trace.UnitTime() * static_cast<int64_t>(end)};
        if (end == 0) continue;
        REEL_RETURN_IF_ERROR(
            VerifyStream(node->store(), cameras[camera], trace, camera, begin, range, end));
        *units += end;
      }
    }
    REEL_RETURN_IF_ERROR(VerifyChunks(*node));
    *complaints = node->complaints();
    return node->Close();
  }

  RecorderOptions recorder_;
  std::string acks_path_;
  double seconds_ = 0;
  uint32_t catalog_segments_ = 0;
  NodeShape shape_;
};

}  // namespace

std::unique_ptr<Benchmark> NewRecoveryBenchmark() { return std::make_unique<RecoveryBenchmark>(); }

}  // namespace reel::bench
