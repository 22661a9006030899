// Row o again: rotating disks while a scrub runs, one of them hangs, one of them dies. Four of the
// twelve disks, with their part of the streams: where one fails, the others have a third more to
// do, not an eleventh, so that it is a harder case than the row's.
#include <cerrno>

#include "bench/benchmarks.h"
#include "bench/spindles.h"

namespace reel::bench {
namespace {

constexpr Duration kWarmUp = std::chrono::seconds(42);  // every disk recycles by then
constexpr Duration kLength = std::chrono::seconds(16);
constexpr Duration kLastAnswers = std::chrono::milliseconds(300);  // of what a dead disk had begun
constexpr Duration kHang = std::chrono::seconds(7);
constexpr uint64_t kScrubRate = uint64_t{32} << 20;  // the default of `reel scrub`
constexpr size_t kInTrouble = 1;

class TroubleBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "trouble"; }
  std::string what() const override {
    return "four simulated rotating disks, 100 main and 100 sub streams, T = 1 s: a scrub; one "
           "that hangs for 7 s; one that dies";
  }
  std::string rows() const override { return "o"; }
  bool probed() const override { return false; }
  bool simulated() const override { return true; }
  Status SetUp(const Settings& /*settings*/) override { return OkStatus(); }
  Status TearDown() override { return OkStatus(); }

  Status Run(Round* round) override {
    REEL_RETURN_IF_ERROR(Phase(round, "scrub"));
    REEL_RETURN_IF_ERROR(Phase(round, "hang"));
    return Phase(round, "dead");
  }

 private:
  Status Phase(Round* round, const std::string& what) {
    REEL_ASSIGN_OR_RETURN(const auto spindles,
                          Spindles::Open(static_cast<uint64_t>(round->number)));
    REEL_RETURN_IF_ERROR(spindles->RunFor(kWarmUp));
    Begin(spindles.get(), what);
    REEL_RETURN_IF_ERROR(spindles->RunFor(kLastAnswers));
    spindles->NoteAcked();
    REEL_RETURN_IF_ERROR(spindles->RunFor(kLength - kLastAnswers));
    const Status sound = spindles->Finish();
    Put(*spindles, what, round);
    if (!sound.ok()) return sound.WithContext(what);
    const uint64_t shed = spindles->store().counters().units_shed;
    if (shed != 0 || spindles->append_errors() != 0)
      return ResourceExhausted(what + ": " + std::to_string(shed) + " units were shed, " +
                               std::to_string(spindles->append_errors()) + " refused");
    return OkStatus();
  }

  static void Begin(Spindles* spindles, const std::string& what) {
    if (what == "scrub") {
      spindles->Measure({});
      spindles->StartScrub(kScrubRate);
      return;
    }
    spindles->Measure(kInTrouble);
    FaultRule rule;
    if (what == "hang") {
      rule.call = SeamCall::kRead;  // the next one; whatever comes after it waits behind it
      rule.fault = Fault::Stall(kHang);
    } else {
      rule.fault = Fault::Error(EIO);
      rule.times = kForEver;
      spindles->ExpectRefusals();
    }
    spindles->disk(kInTrouble).faults().Add(rule);
  }

  // With a disk that hangs, what it holds and what waits for it is its own row.
  static void Put(Spindles& spindles, const std::string& what, Round* round) {
    const std::string goal = "o." + what + ".";
    Histogram ack = spindles.ack(false);
    if (what == "hang") {
      round->figures.push_back(
          {goal + "moved", Milliseconds(spindles.ack(true).Percentile(99)), 0});
    } else {
      ack.Add(spindles.ack(true));
    }
    const Histogram& key = spindles.key(false);
    round->figures.push_back({goal + "ack", Milliseconds(ack.Percentile(99)), 0});
    round->figures.push_back({goal + "key50", Milliseconds(key.Percentile(50)), 0});
    round->figures.push_back({goal + "key99", Milliseconds(key.Percentile(99)), 0});
    const StoreCounters counters = spindles.store().counters();
    round->details[what] = {{"acks", ack.count()},
                            {"ack_p50_ms", Milliseconds(ack.Percentile(50))},
                            {"ack_max_ms", Milliseconds(ack.max())},
                            {"trouble_acks", spindles.ack(true).count()},
                            {"trouble_ack_p50_ms", Milliseconds(spindles.ack(true).Percentile(50))},
                            {"trouble_ack_max_ms", Milliseconds(spindles.ack(true).max())},
                            {"looks", key.count()},
                            {"key_max_ms", Milliseconds(key.max())},
                            {"trouble_looks", spindles.key(true).count()},
                            {"trouble_key_p50_ms", Milliseconds(spindles.key(true).Percentile(50))},
                            {"trouble_key_max_ms", Milliseconds(spindles.key(true).max())},
                            {"looks_refused", spindles.refused()},
                            {"scrubbed_mib", spindles.scrubbed_bytes() >> 20},
                            {"units_checked", spindles.units_checked()},
                            {"units_shed", counters.units_shed},
                            {"segments_recycled", counters.segments_recycled},
                            {"log", spindles.log()}};
  }
};

}  // namespace

std::unique_ptr<Benchmark> NewTroubleBenchmark() { return std::make_unique<TroubleBenchmark>(); }

}  // namespace reel::bench
