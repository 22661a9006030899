// Rows h and i: a moment of somewhere in the history, cold, while cameras record.
#include <algorithm>
#include <atomic>
#include <thread>

#include "bench/benchmarks.h"
#include "bench/index_filler.h"
#include "bench/paced.h"
#include "bench/unpaced.h"
#include "bench/verify.h"
#include "engine/testing/sim_clock.h"

namespace reel::bench {
namespace {

constexpr uint32_t kHistoryStreams = 100;
constexpr uint32_t kViewers = 64;
constexpr Duration kThinkMax = std::chrono::milliseconds(400);  // 200 ms on average
constexpr size_t kIndexBlock = 4096;
constexpr size_t kKeyBytes = size_t{256} << 10;
constexpr uint64_t kSeeksBetweenDrops = 500;

double Microseconds(Duration d) { return static_cast<double>(d.count()) / 1e3; }

struct Latencies {
  Histogram key;
  Histogram gop;
  void Add(const Latencies& other) {
    key.Add(other.key);
    gop.Add(other.gop);
  }
};

class SeekBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "seek"; }
  std::string what() const override {
    return "cold seeks into a long history while 500 streams are written; 64 viewers";
  }
  std::string rows() const override { return "h i"; }

  Status SetUp(const Settings& settings) override {
    live_count_ = settings.streams != 0 ? settings.streams : 500;
    length_ = Duration{static_cast<int64_t>(settings.paced_seconds / 2 * 1e9)};
    NodeShape shape;
    shape.root = settings.directory + "/node";
    shape.segments = static_cast<uint32_t>(settings.volume_bytes * 2 / shape.segment_bytes);
    shape.buffer_bytes = (live_count_ + kHistoryStreams) * (uint64_t{5} << 19);
    shape.index_cache_bytes = size_t{1} << 20;  // smaller than what is looked up: each is a read
    REEL_ASSIGN_OR_RETURN(node_, BenchNode::Open(shape));
    REEL_ASSIGN_OR_RETURN(raw_, RawProbe::Create(settings.directory + "/raw", uint64_t{2} << 30));
    FillerShape filler;
    filler.keyframes = settings.keyframes != 0 ? settings.keyframes
                       : settings.full         ? 100'000'000
                                               : 2'000'000;
    keyframes_ = filler.keyframes;
    filler.end = SystemClock().WallNow();
    REEL_RETURN_IF_ERROR(FillIndex(node_->index(), filler));
    REEL_RETURN_IF_ERROR(node_->index().Compact());
    history_ = std::make_unique<UnpacedCameras>(*node_, trace_, kHistoryStreams, LongAgo());
    REEL_RETURN_IF_ERROR(history_->Begin());
    REEL_ASSIGN_OR_RETURN(std::vector<StreamId> all, node_->Cameras(kHistoryStreams + live_count_));
    live_cameras_.assign(all.begin() + kHistoryStreams, all.end());
    gops_ = settings.volume_bytes / 2 / trace_.MeanGopBytes() / kHistoryStreams;
    return OkStatus();
  }

  // History first, so that what is sought has not been recycled; then both loads at once.
  Status Run(Round* round) override {
    REEL_RETURN_IF_ERROR(history_->Append(gops_));
    REEL_RETURN_IF_ERROR(history_->WaitDurable());
    REEL_RETURN_IF_ERROR(node_->store().WaitIdle(std::chrono::minutes(2)));
    PacedCameras live(*node_, live_cameras_, trace_);
    REEL_RETURN_IF_ERROR(live.Begin());
    Status live_status;
    std::thread writer([&] { live_status = live.Run(2 * length_, {Duration{0}, length_}); });
    Latencies engine;
    Latencies raw;
    Status status = Alternate(&engine, &raw);
    Latencies viewers;
    if (status.ok()) status = View(&viewers);
    writer.join();
    REEL_RETURN_IF_ERROR(status);
    REEL_RETURN_IF_ERROR(live_status);
    REEL_RETURN_IF_ERROR(live.Finish());
    Put(engine, raw, viewers, live.ack(), round);
    round->details["keyframes"] = keyframes_;
    round->details["streams"] = live_count_;
    return live.Verify(live_count_ / 10 + 1, 50);
  }

  Status TearDown() override {
    if (!node_) return OkStatus();
    history_.reset();
    Status status = VerifyNode(*node_);
    const Status closed = node_->Close();
    node_.reset();
    raw_.reset();
    return status.ok() ? closed : status;
  }

 private:
  // A random moment in the latest history, and the unit of it that a viewer wants.
  struct Target {
    uint32_t camera = 0;
    WallTime time;
  };
  Target Pick(Rng* rng) const {
    const uint64_t units = gops_ * trace_.shape().gop_units;
    const uint64_t unit = history_->next_unit() - units + rng->Below(units);
    return {static_cast<uint32_t>(rng->Below(kHistoryStreams)), history_->TimeOf(unit)};
  }

  // One seek, keyframe first, then the rest of its GOP, each unit compared with the trace.
  Status SeekOnce(const Target& target, Latencies* latencies) {
    const MonoTime begin = MonoNow();
    CursorOptions options;
    options.range = {target.time, history_->TimeOf(history_->next_unit())};
    REEL_ASSIGN_OR_RETURN(const auto cursor,
                          node_->store().Read(history_->cameras()[target.camera], options));
    std::vector<Unit> units;
    while (units.size() < trace_.shape().gop_units) {
      REEL_ASSIGN_OR_RETURN(Item item, cursor->Next());
      if (item.kind == ItemKind::kDamage) return item.status;
      if (item.kind == ItemKind::kEnd) return DataLoss("the history ends early");
      if (item.kind != ItemKind::kUnit) continue;
      if (units.empty()) latencies->key.Record(MonoNow() - begin);
      units.push_back(std::move(item.unit));
    }
    latencies->gop.Record(MonoNow() - begin);
    for (const Unit& unit : units) {
      const UnitView expected = trace_.Unit(target.camera, unit.number.value, history_->begin());
      if (!SameBytes(unit.bytes, expected.bytes)) return DataLoss("not what was written");
    }
    return OkStatus();
  }

  // What the same bytes cost without an engine: an index block, then the footage behind it.
  Status RawOnce(Rng* rng, Latencies* latencies) {
    const auto at = [&](size_t length) {
      return rng->Below((raw_->file_bytes() - length) / kIndexBlock) * kIndexBlock;
    };
    for (const bool whole : {false, true}) {
      const size_t length = whole ? trace_.MeanGopBytes() / kIndexBlock * kIndexBlock : kKeyBytes;
      const MonoTime begin = MonoNow();
      REEL_RETURN_IF_ERROR(raw_->ReadAt(at(kIndexBlock), kIndexBlock));
      REEL_RETURN_IF_ERROR(raw_->ReadAt(at(length), length));
      (whole ? latencies->gop : latencies->key).Record(MonoNow() - begin);
    }
    return OkStatus();
  }

  Status Alternate(Latencies* engine, Latencies* raw) {
    Rng rng(23);
    const MonoTime until = MonoNow() + length_;
    for (uint64_t n = 0; MonoNow() < until; ++n) {
      if (n % kSeeksBetweenDrops == 0) BenchNode::DropIndexCache(node_->shape());
      REEL_RETURN_IF_ERROR(SeekOnce(Pick(&rng), engine));
      REEL_RETURN_IF_ERROR(RawOnce(&rng, raw));
    }
    return OkStatus();
  }

  Status View(Latencies* all) {
    std::mutex mutex;
    Status problem;
    const MonoTime until = MonoNow() + length_;
    std::vector<std::thread> viewers;
    for (uint32_t viewer = 0; viewer < kViewers; ++viewer) {
      viewers.emplace_back([&, viewer] {
        Rng rng(1000 + viewer);
        Pacer pacer;
        Latencies own;
        Status status;
        while (status.ok() && MonoNow() < until) {
          const auto think =
              static_cast<int64_t>(rng.Below(static_cast<uint64_t>(kThinkMax.count())));
          pacer.WaitUntil(MonoNow() + Duration{think});
          status = SeekOnce(Pick(&rng), &own);
        }
        const std::lock_guard lock(mutex);
        all->Add(own);
        if (problem.ok()) problem = status;
      });
    }
    for (std::thread& viewer : viewers) viewer.join();
    return problem;
  }

  static nlohmann::json JsonOf(const Histogram& histogram) {
    return {{"count", histogram.count()},
            {"p50_us", Microseconds(histogram.Percentile(50))},
            {"p99_us", Microseconds(histogram.Percentile(99))},
            {"p999_us", Microseconds(histogram.Percentile(99.9))},
            {"max_us", Microseconds(histogram.max())}};
  }

  static void Put(const Latencies& engine, const Latencies& raw, const Latencies& viewers,
                  const Histogram& ack, Round* round) {
    const auto us = [](const Histogram& histogram, double percent) {
      return Microseconds(histogram.Percentile(percent));
    };
    round->figures = {{"h.p50", us(engine.key, 50), us(raw.key, 50)},
                      {"h.p99", us(engine.key, 99), us(raw.key, 99)},
                      {"i.p50", us(engine.gop, 50), us(raw.gop, 50)},
                      {"i.p99", us(viewers.gop, 99) / 1e3, 0}};
    round->details = {{"key", JsonOf(engine.key)},
                      {"gop", JsonOf(engine.gop)},
                      {"raw_key", JsonOf(raw.key)},
                      {"raw_gop", JsonOf(raw.gop)},
                      {"viewer_key", JsonOf(viewers.key)},
                      {"viewer_gop", JsonOf(viewers.gop)},
                      {"ack", JsonOf(ack)}};
  }

  Trace trace_{TraceShape{}};
  uint32_t live_count_ = 0;
  Duration length_{0};
  uint64_t keyframes_ = 0;
  uint64_t gops_ = 0;
  std::unique_ptr<BenchNode> node_;
  std::unique_ptr<RawProbe> raw_;
  std::unique_ptr<UnpacedCameras> history_;
  std::vector<StreamId> live_cameras_;
};

}  // namespace

std::unique_ptr<Benchmark> NewSeekBenchmark() { return std::make_unique<SeekBenchmark>(); }

}  // namespace reel::bench
