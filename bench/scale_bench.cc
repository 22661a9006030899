// Scale by simulation: 3000 streams, 12 disks, 90 days (ScaleNode says what is real and what is
// scaled); how large the index stays at the world's density; a crash at the end.
#include <algorithm>

#include "bench/benchmarks.h"
#include "bench/scale_index.h"
#include "bench/scale_node.h"
#include "bench/spindles.h"
#include "bench/usage.h"

namespace reel::bench {
namespace {

constexpr int kDays = 90;
constexpr int kTenDays = 10;

double Days(Duration d) { return Seconds(d) / 86'400; }

class ScaleBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "scale"; }
  std::string what() const override {
    return "3000 streams on 12 disks for 90 days of simulated time: pools, recycling, index, "
           "opening after a crash";
  }
  std::string rows() const override { return "scale"; }
  bool probed() const override { return false; }
  bool simulated() const override { return true; }
  bool only_in_full() const override { return true; }
  Status SetUp(const Settings& settings) override {
    directory_ = settings.directory;
    return OkStatus();
  }
  Status TearDown() override { return OkStatus(); }

  // Simulated and a function of nothing but the code: one round says it all.
  Status Run(Round* round) override {
    if (round->number == 1) {
      REEL_RETURN_IF_ERROR(Grow());
      REEL_RETURN_IF_ERROR(Live());
    }
    round->figures = figures_;
    round->details = details_;
    return OkStatus();
  }

 private:
  Status Grow() {
    IndexGrowthShape shape;
    shape.directory = directory_ + "/growth";
    REEL_ASSIGN_OR_RETURN(const IndexGrowth growth, GrowIndex(shape));
    const auto per = [&](uint64_t bytes) {
      return static_cast<double>(bytes) / static_cast<double>(growth.keyframes_live);
    };
    figures_.push_back(
        {"scale.index", per(growth.bytes_packed[2]) / per(growth.bytes_packed[0]), 0});
    nlohmann::json as_it_is = nlohmann::json::array();
    nlohmann::json packed = nlohmann::json::array();
    for (const uint64_t bytes : growth.bytes_as_it_is) as_it_is.push_back(per(bytes));
    for (const uint64_t bytes : growth.bytes_packed) packed.push_back(per(bytes));
    const double cpu_us = growth.cpu_seconds * 1e6 / static_cast<double>(growth.keyframes_written);
    details_["index"] = {{"keyframes_live", growth.keyframes_live},
                         {"keyframes_written", growth.keyframes_written},
                         {"bytes_per_live_keyframe", as_it_is},
                         {"bytes_per_live_keyframe_packed", packed},
                         {"cpu_us_per_keyframe", cpu_us}};
    return OkStatus();
  }

  Status Live() {
    ScaleShape shape;
    shape.directory = directory_ + "/index";
    REEL_ASSIGN_OR_RETURN(const auto node, ScaleNode::Open(shape));
    const auto per_day = static_cast<int>(std::chrono::hours(24) / shape.step);
    const Usage before = Usage::Now();
    nlohmann::json history = nlohmann::json::array();
    for (int day = 1; day <= kDays; ++day) {
      for (int i = 0; i < per_day; ++i) {
        const Status recorded = node->Record();
        if (!recorded.ok()) return recorded.WithContext(node->complaint());
      }
      REEL_ASSIGN_OR_RETURN(const ScaleNode::Pools pools, node->CheckPools());
      if (day % kTenDays != 0) continue;
      REEL_ASSIGN_OR_RETURN(const ScaleNode::Ages ages, node->CheckFootage());
      history.push_back({{"day", day},
                         {"oldest_least_days", Days(ages.least)},
                         {"oldest_most_days", Days(ages.most)},
                         {"gops", ages.gops},
                         {"live_segments_least", pools.least},
                         {"live_segments_most", pools.most},
                         {"ledger_segments", pools.ledger},
                         {"recycled", node->counters().segments_recycled},
                         {"index_bytes", node->IndexBytes()},
                         {"disk_bytes_held", node->disk_bytes_held()},
                         {"resident_bytes", ResidentBytes()}});
      figures_.resize(1);
      figures_.push_back({"scale.age", Days(ages.most) / Days(ages.least), 0});
    }
    details_["days"] = history;
    details_["cpu_seconds"] = (Usage::Now() - before).cpu_seconds;
    details_["units_shed"] = node->counters().units_shed;
    details_["buffer_bytes_max"] = node->buffer_bytes_max();
    details_["turns_without_room"] = node->turns_without_room();
    REEL_RETURN_IF_ERROR(node->Verify());
    REEL_ASSIGN_OR_RETURN(const ScaleNode::Recovery recovery, node->Crash(SpindleLatency()));
    REEL_RETURN_IF_ERROR(node->CheckFootage().status());
    figures_.push_back({"scale.open",
                        static_cast<double>(recovery.reads) /
                            static_cast<double>(std::max<uint64_t>(1, recovery.segments)),
                        0});
    details_["crash"] = {{"segments", recovery.segments},
                         {"reads", recovery.reads},
                         {"opened_s", Seconds(recovery.opened)},
                         {"slowest_volume_s", Seconds(recovery.slowest_volume)},
                         {"all_done_s", Seconds(recovery.idle)},
                         {"open_cpu_s", recovery.open_cpu_seconds}};
    if (node->counters().units_shed != 0) return ResourceExhausted("units were shed");
    return OkStatus();
  }

  std::string directory_;
  std::vector<Figure> figures_;
  nlohmann::json details_ = nlohmann::json::object();
};

}  // namespace

std::unique_ptr<Benchmark> NewScaleBenchmark() { return std::make_unique<ScaleBenchmark>(); }

}  // namespace reel::bench
