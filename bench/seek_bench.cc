// Rows h and i: a moment of somewhere in the history, cold, while cameras record; beside other ways
// to find it.
#include <algorithm>
#include <thread>

#include "bench/benchmarks.h"
#include "bench/paced.h"
#include "bench/seek_history.h"
#include "bench/seek_peers.h"
#include "engine/testing/sim_clock.h"

namespace reel::bench {
namespace {

constexpr uint32_t kViewers = 64;
constexpr Duration kThinkMax = std::chrono::milliseconds(400);  // 200 ms on average

constexpr uint64_t kSeeksPerFfmpeg = 100;  // a process each: dear
constexpr uint64_t kSqliteKeyframesQuick = 10'000'000;

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
    REEL_RETURN_IF_ERROR(MakePeers(settings));
    REEL_RETURN_IF_ERROR(history_.PrepareRaw(settings));
    return history_.SetUp(settings, live_count_);
  }

  // History first, then both loads at once.
  Status Run(Round* round) override {
    REEL_RETURN_IF_ERROR(history_.Renew());
    PacedCameras live(history_.node(), history_.live_cameras(), history_.trace());
    REEL_RETURN_IF_ERROR(live.Begin());
    Status live_status;
    std::thread writer([&] { live_status = live.Run(2 * length_, {Duration{0}, length_}); });
    Latencies engine;
    Latencies raw;
    Peers peers;
    Status status = Alternate(&engine, &raw, &peers);
    Latencies viewers;
    if (status.ok()) status = View(&viewers);
    writer.join();
    REEL_RETURN_IF_ERROR(status);
    REEL_RETURN_IF_ERROR(live_status);
    REEL_RETURN_IF_ERROR(live.Finish());
    Put(engine, raw, viewers, live.ack(), round);
    Put(engine, peers, round);
    round->details["keyframes"] = history_.keyframes();
    round->details["streams"] = live_count_;
    return live.Verify(live_count_ / 10 + 1, 50);
  }

  Status TearDown() override {
    sqlite_.reset();
    ffmpeg_.reset();
    return history_.TearDown();
  }

 private:
  Status MakePeers(const Settings& settings) {
    const uint64_t keyframes = SeekHistory::KeyframesOf(settings);
    sqlite_keyframes_ = settings.full ? keyframes : std::min(keyframes, kSqliteKeyframesQuick);
    REEL_ASSIGN_OR_RETURN(sqlite_, NewSqlitePeer(settings.directory + "/sqlite", history_.trace(),
                                                 sqlite_keyframes_));
    auto made = NewFfmpegSeekPeer(settings.directory + "/ffmpeg", history_.trace());
    if (made.status().code() == Code::kNotFound) return OkStatus();
    REEL_ASSIGN_OR_RETURN(ffmpeg_, std::move(made));
    return OkStatus();
  }

  struct Peers {
    Histogram sqlite;
    Histogram ffmpeg;
  };

  Status Alternate(Latencies* engine, Latencies* raw, Peers* peers) {
    Rng rng(23);
    const MonoTime until = MonoNow() + length_;
    for (uint64_t n = 0; MonoNow() < until; ++n) {
      const auto camera = static_cast<uint32_t>(n % SeekHistory::kStreams);
      if (camera == 0) history_.DropIndexCache();
      REEL_RETURN_IF_ERROR(history_.Seek(history_.Pick(camera, &rng), &engine->key, &engine->gop));
      REEL_RETURN_IF_ERROR(history_.ReadRaw(&rng, false, &raw->key));
      REEL_RETURN_IF_ERROR(history_.ReadRaw(&rng, true, &raw->gop));
      REEL_RETURN_IF_ERROR(sqlite_->Seek(&rng, &peers->sqlite));
      if (ffmpeg_ && n % kSeeksPerFfmpeg == 0)
        REEL_RETURN_IF_ERROR(ffmpeg_->Seek(&rng, &peers->ffmpeg));
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
          const auto camera = static_cast<uint32_t>(rng.Below(SeekHistory::kStreams));
          status = history_.Seek(history_.Pick(camera, &rng), &own.key, &own.gop);
        }
        const std::lock_guard lock(mutex);
        all->Add(own);
        if (problem.ok()) problem = status;
      });
    }
    for (std::thread& viewer : viewers) viewer.join();
    return problem;
  }

  void Put(const Latencies& engine, const Peers& peers, Round* round) const {
    const auto p50 = [](const Histogram& histogram) {
      return Microseconds(histogram.Percentile(50));
    };
    round->figures.push_back({"h.sqlite", p50(engine.key), p50(peers.sqlite)});
    round->details["sqlite_key"] = JsonOf(peers.sqlite);
    round->details["sqlite_keyframes"] = sqlite_keyframes_;
    round->note = std::to_string(history_.keyframes()) + " keyframes in the index, " +
                  std::to_string(sqlite_keyframes_) + " in SQLite's.";
    if (!ffmpeg_) return;  // no peer, no figure
    round->figures.push_back({"h.ffmpeg", p50(engine.key), p50(peers.ffmpeg)});
    round->details["ffmpeg_key"] = JsonOf(peers.ffmpeg);
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

  uint32_t live_count_ = 0;
  Duration length_{0};
  SeekHistory history_;
  uint64_t sqlite_keyframes_ = 0;
  std::unique_ptr<SeekPeer> sqlite_;
  std::unique_ptr<SeekPeer> ffmpeg_;  // null: not installed
};

}  // namespace

std::unique_ptr<Benchmark> NewSeekBenchmark() { return std::make_unique<SeekBenchmark>(); }

}  // namespace reel::bench
