// Row j.seek: a cold seek in a short and in a long history, in turn.
#include "bench/benchmarks.h"
#include "bench/pacer.h"
#include "bench/seek_history.h"

namespace reel::bench {
namespace {

constexpr uint64_t kShort = 1'000'000;
constexpr uint64_t kLong = 100'000'000;
constexpr uint64_t kLongFull = 1'000'000'000;

struct Side {
  std::string name;
  SeekHistory history;
  Histogram seek;
  Histogram lookup;  // of the index alone, anywhere in the past
  uint64_t index_bytes = 0;
};

class FlatHistoryBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "flat-history"; }
  std::string what() const override {
    return "cold seek, keyframe in hand, with 10^6 and with 10^8 (--full: 10^9) keyframes";
  }
  std::string rows() const override { return "j.seek"; }

  Status SetUp(const Settings& settings) override {
    passes_ = settings.full ? 100 : 30;
    Settings one = settings;
    one.volume_bytes = settings.volume_bytes / 2;
    one.directory = settings.directory + "/short";
    one.keyframes = kShort;
    REEL_RETURN_IF_ERROR(short_.history.SetUp(one, 0));
    one.directory = settings.directory + "/long";
    one.keyframes = settings.keyframes != 0 ? settings.keyframes
                    : settings.full         ? kLongFull
                                            : kLong;
    return long_.history.SetUp(one, 0);
  }

  Status Run(Round* round) override {
    for (Side* side : {&short_, &long_}) {
      REEL_RETURN_IF_ERROR(side->history.Renew());
      side->seek = {};
      side->lookup = {};
      side->index_bytes = BenchNode::IndexTableBytes(side->history.node().shape());
    }
    Rng rng(31);
    for (uint32_t pass = 0; pass < passes_; ++pass) {
      for (Side* side : {&short_, &long_}) side->history.DropIndexCache();
      for (uint32_t camera = 0; camera < SeekHistory::kStreams; ++camera) {
        for (Side* side : {&short_, &long_}) {
          const SeekHistory::Target target = side->history.Pick(camera, &rng);
          REEL_RETURN_IF_ERROR(side->history.Seek(target, &side->seek, nullptr));
          REEL_RETURN_IF_ERROR(LookUp(side, &rng));
        }
      }
    }
    const auto p50 = [](const Side& side) { return Microseconds(side.seek.Percentile(50)); };
    round->figures = {{"j.seek", p50(long_), p50(short_)}};
    if (const uint64_t keyframes = long_.history.keyframes(); keyframes < kLongFull)
      round->note = std::to_string(keyframes) + " keyframes in the long history, not 10^9.";
    for (const Side* side : {&short_, &long_}) {
      round->details[side->name] = {{"keyframes", side->history.keyframes()},
                                    {"index_bytes", side->index_bytes},
                                    {"seek", JsonOf(side->seek)},
                                    {"lookup", JsonOf(side->lookup)}};
    }
    return OkStatus();
  }

  Status TearDown() override {
    const Status first = short_.history.TearDown();
    const Status second = long_.history.TearDown();
    return first.ok() ? second : first;
  }

 private:
  // Any keyframe of the past, by a time within its GOP.
  static Status LookUp(Side* side, Rng* rng) {
    const LongHistory& past = side->history.past();
    const auto stream = static_cast<uint32_t>(rng->Below(past.streams()));
    const std::vector<GopRow> minute = past.Minute(stream, rng->Below(past.minutes()));
    const GopRow& expected = minute[rng->Below(minute.size())];
    const MonoTime begin = MonoNow();
    REEL_ASSIGN_OR_RETURN(
        const std::vector<GopRow> rows,
        side->history.node().index().Gops(expected.stream, expected.end, Direction::kBackward, 1));
    side->lookup.Record(MonoNow() - begin);
    return rows.size() == 1 && rows.front() == expected ? OkStatus()
                                                        : DataLoss("not the keyframe looked up");
  }

  uint32_t passes_ = 0;
  Side short_{"short", {}, {}, {}, 0};
  Side long_{"long", {}, {}, {}, 0};
};

}  // namespace

std::unique_ptr<Benchmark> NewFlatHistoryBenchmark() {
  return std::make_unique<FlatHistoryBenchmark>();
}

}  // namespace reel::bench
