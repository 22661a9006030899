// Row p: GOPs of 1 to 20 s, main and sub streams, from night to day and back, on simulated time:
// how much of a segment is footage and how many GOPs are one read, with placement gop.
#include <algorithm>
#include <cmath>

#include "bench/benchmarks.h"
#include "bench/sim_node.h"

namespace reel::bench {
namespace {

constexpr int kUnitsPerSecond = 10;
constexpr double kMainBits = 4e6;
constexpr double kSubBits = 256e3;
constexpr double kKeyWeight = 10;

// A tenth of the rate at night; dusk and dawn take a minute, fifty times faster than in the world.
double DayFactor(double second) {
  constexpr double kPeriod = 240;
  const double in_day = std::fmod(second, kPeriod);
  const double rise = std::clamp((in_day - 50) / 60, 0.0, 1.0);
  const double fall = std::clamp((in_day - 170) / 60, 0.0, 1.0);
  return std::pow(10, rise - fall - 1);
}

struct DayCamera {
  StreamId id;
  std::unique_ptr<RunWriter> writer;
  double bits_per_second = 0;
  uint64_t gop_units = 0;
  double noise = 1;  // of the present GOP
};

class DayNightBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "day-night"; }
  std::string what() const override {
    return "main and sub streams with GOPs of 1 to 20 s through night, dawn and day (simulated)";
  }
  std::string rows() const override { return "p"; }
  bool probed() const override { return false; }
  bool simulated() const override { return true; }
  Status SetUp(const Settings& settings) override {
    seconds_ = settings.full ? 480 : 240;
    return OkStatus();
  }
  Status TearDown() override { return OkStatus(); }

  Status Run(Round* round) override {
    SimShape shape;
    shape.segment_bytes = uint64_t{128} << 20;
    shape.segments = 16;
    shape.buffer_bytes = uint64_t{256} << 20;
    REEL_ASSIGN_OR_RETURN(node_, SimNode::Open(shape));
    rng_ = Rng(static_cast<uint64_t>(round->number));
    REEL_RETURN_IF_ERROR(AddCameras());
    const auto units = static_cast<uint64_t>(seconds_) * kUnitsPerSecond;
    for (uint64_t number = 0; number < units; ++number) {
      for (DayCamera& camera : cameras_) REEL_RETURN_IF_ERROR(AppendNext(&camera, number));
      node_->RunUntil(node_->clock().MonoNow() + std::chrono::milliseconds(1000 / kUnitsPerSecond));
    }
    for (DayCamera& camera : cameras_)
      REEL_RETURN_IF_ERROR(camera.writer->WaitDurable(UnitNumber{units}, std::chrono::minutes(1)));
    REEL_RETURN_IF_ERROR(Put(shape, round));
    const auto verified = node_->store().Verify([](const std::string&) {});
    cameras_.clear();
    node_.reset();
    return verified.status();
  }

 private:
  Status AddCameras() {
    for (const uint64_t gop_seconds : {1U, 2U, 4U, 10U, 20U}) {
      for (const double bits : {kMainBits, kSubBits}) {
        DayCamera camera;
        REEL_ASSIGN_OR_RETURN(
            const StreamInfo info,
            node_->store().CreateStream("camera-" + std::to_string(cameras_.size())));
        camera.id = info.id;
        TrackInfo track;
        track.id = TrackId{1};
        RunOptions run;
        run.tracks = {track};
        REEL_ASSIGN_OR_RETURN(camera.writer, node_->store().BeginRun(info.id, run));
        camera.bits_per_second = bits;
        camera.gop_units = gop_seconds * kUnitsPerSecond;
        cameras_.push_back(std::move(camera));
      }
    }
    return OkStatus();
  }

  // What moves before a camera makes a GOP up to a tenth more or less.
  Status AppendNext(DayCamera* camera, uint64_t number) {
    const bool clean = number % camera->gop_units == 0;
    if (clean) camera->noise = 0.9 + static_cast<double>(rng_.Below(1000)) / 5000;
    const double mean = camera->bits_per_second / 8 / kUnitsPerSecond * camera->noise *
                        DayFactor(static_cast<double>(number) / kUnitsPerSecond);
    const auto gop_units = static_cast<double>(camera->gop_units);
    const double other = mean * gop_units / (gop_units + kKeyWeight - 1);
    const Bytes bytes(static_cast<size_t>(clean ? other * kKeyWeight : other) + 1, std::byte{5});
    UnitView unit;
    unit.track = TrackId{1};
    unit.flags = clean ? uint8_t{kUnitClean} : uint8_t{0};
    unit.wall = node_->clock().WallNow();
    unit.bytes = bytes;
    return camera->writer->Append(UnitNumber{number}, unit, AppendMode::kLive);
  }

  Status Put(const SimShape& shape, Round* round) {
    uint64_t gops = 0;
    uint64_t in_one_read = 0;
    for (const DayCamera& camera : cameras_) {
      REEL_ASSIGN_OR_RETURN(const auto rows,
                            node_->index().Gops(camera.id, kWallMin, Direction::kForward, 4096));
      for (const GopRow& row : rows) {
        ++gops;
        in_one_read += row.pieces.size() == 1 ? 1U : 0U;
      }
    }
    uint64_t stored = 0;
    uint64_t room = 0;
    REEL_ASSIGN_OR_RETURN(const auto segments, node_->index().Segments(VolumeNo{1}));
    for (const SegmentRow& row : segments) {
      if (row.state != SegmentState::kSealed || row.retention_class == kLedgerClass) continue;
      stored += row.payload_bytes;  // chunks with their heads and padding
      room += shape.segment_bytes;
    }
    if (room == 0) return Internal("no segment was sealed");
    const StoreCounters counters = node_->store().counters();
    const double chunk_over_payload = static_cast<double>(counters.chunk_bytes_written) /
                                      static_cast<double>(counters.bytes_accepted);
    const double segment_over_chunk = static_cast<double>(room) / static_cast<double>(stored);
    round->figures = {
        {"p.bytes", chunk_over_payload * segment_over_chunk, 0},
        {"p.one", 100 * static_cast<double>(in_one_read) / static_cast<double>(gops), 0}};
    round->details = {{"gops", gops},
                      {"chunk_over_payload", chunk_over_payload},
                      {"segment_over_chunk", segment_over_chunk}};
    return OkStatus();
  }

  int seconds_ = 0;
  std::unique_ptr<SimNode> node_;
  std::vector<DayCamera> cameras_;
  Rng rng_{1};
};

}  // namespace

std::unique_ptr<Benchmark> NewDayNightBenchmark() { return std::make_unique<DayNightBenchmark>(); }

}  // namespace reel::bench
