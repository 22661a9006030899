// Row o: rotating disks. The real engine on simulated disks that seek: a transfer that does not
// begin where the last one ended costs a seek and half a turn, and bytes move at the speed of the
// inner tracks, the slowest there are. Time is simulated, so the figures do not depend on this
// machine. Twelve disks that share no work are one disk with a twelfth of the streams; by hand one
// after another they would wait for each other's syncs. Footage lies in memory, so there is little
// of it, and the distance of a seek is not modelled.
#include <algorithm>

#include "bench/benchmarks.h"
#include "bench/histogram.h"
#include "bench/spindles.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr uint32_t kCameras = 300 / 12;  // each a main and a sub stream
constexpr Duration kWarmUp = std::chrono::seconds(5);
constexpr Duration kTick = std::chrono::milliseconds(10);

struct SpindleStream {
  const Trace* trace = nullptr;
  StreamId id;
  std::unique_ptr<RunWriter> writer;
  MonoTime first_due;
  WallTime begin;
  uint64_t next = 0;
  uint64_t acked = 0;

  MonoTime Due(uint64_t number) const {
    return first_due + trace->UnitTime() * static_cast<int64_t>(number);
  }
};

class RotatingBenchmark final : public Benchmark {
 public:
  std::string name() const override { return "rotating"; }
  std::string what() const override {
    return "a simulated rotating disk, 25 main and 25 sub streams, T = 1 s";
  }
  std::string rows() const override { return "o"; }
  bool probed() const override { return false; }
  bool simulated() const override { return true; }
  Status SetUp(const Settings& settings) override {
    length_ = std::chrono::seconds(settings.full ? 120 : 60);
    return OkStatus();
  }
  Status TearDown() override { return OkStatus(); }

  Status Run(Round* round) override {
    SimShape shape;
    shape.placement = "log";
    shape.segment_bytes = uint64_t{256} << 20;
    shape.segments = 8;
    shape.buffer_bytes = uint64_t{256} << 20;
    shape.flush_interval = std::chrono::seconds(1);
    shape.latency = SpindleLatency();
    shape.rotational = true;
    REEL_ASSIGN_OR_RETURN(node_, SimNode::Open(shape));
    ack_ = {};
    key_ = {};
    rng_ = Rng(static_cast<uint64_t>(round->number));
    REEL_RETURN_IF_ERROR(AddStreams());
    REEL_RETURN_IF_ERROR(Record());
    REEL_RETURN_IF_ERROR(Export());
    const StoreCounters counters = node_->store().counters();
    if (counters.units_shed != 0)
      return ResourceExhausted(std::to_string(counters.units_shed) + " units were shed");
    round->figures = {{"o.ack", Milliseconds(ack_.Percentile(99)), 0},
                      {"o.key50", Milliseconds(key_.Percentile(50)), 0},
                      {"o.key99", Milliseconds(key_.Percentile(99)), 0},
                      {"o.export", export_minutes_, 0}};
    round->details = {{"acks", ack_.count()},
                      {"ack_p50_ms", Milliseconds(ack_.Percentile(50))},
                      {"ack_max_ms", Milliseconds(ack_.max())},
                      {"seeks", key_.count()},
                      {"segments_recycled", counters.segments_recycled}};
    const auto verified = node_->store().Verify([](const std::string&) {});
    streams_.clear();
    node_.reset();
    return verified.status();
  }

 private:
  Status AddStreams() {
    streams_.clear();
    streams_.resize(size_t{2} * kCameras);
    for (size_t i = 0; i < streams_.size(); ++i) {
      SpindleStream& stream = streams_[i];
      stream.trace = i % 2 == 0 ? &main_ : &sub_;
      REEL_ASSIGN_OR_RETURN(const StreamInfo info,
                            node_->store().CreateStream("stream-" + std::to_string(i)));
      stream.id = info.id;
    }
    // All are made before the first records: making one takes simulated time.
    for (SpindleStream& stream : streams_) {
      RunOptions options;
      options.tracks = Trace::Tracks();
      options.on_durable = [this, &stream](const Watermarks& marks) {
        const MonoTime now = node_->clock().MonoNow();
        for (; stream.acked < marks.durable.value; ++stream.acked) {
          const MonoTime due = stream.Due(stream.acked);
          if (due >= record_from_ && due < record_until_) ack_.Record(now - due);
        }
      };
      REEL_ASSIGN_OR_RETURN(stream.writer, node_->store().BeginRun(stream.id, options));
    }
    const MonoTime now = node_->clock().MonoNow();
    const WallTime wall{node_->clock().WallNow().ns / 1000 * 1000};
    for (size_t i = 0; i < streams_.size(); ++i) {
      const Duration offset = std::chrono::microseconds(2'000'000 * i / streams_.size());
      streams_[i].first_due = now + offset;
      streams_[i].begin = wall + offset;
    }
    begin_ = now;
    record_from_ = now + kWarmUp;
    record_until_ = now + kWarmUp + length_;
    return OkStatus();
  }

  // One viewer looks for a moment of the last seconds every 100 ms.
  Status Record() {
    const MonoTime end = record_until_ + std::chrono::seconds(5);  // chunks of the end go out
    MonoTime next_look = record_from_;
    for (MonoTime tick = begin_; tick < end; tick = tick + kTick) {
      node_->RunUntil(tick);
      for (SpindleStream& stream : streams_) {
        while (stream.Due(stream.next) <= tick) {
          const UnitView unit = stream.trace->Unit(IndexOf(stream), stream.next, stream.begin);
          REEL_RETURN_IF_ERROR(
              stream.writer->Append(UnitNumber{stream.next}, unit, AppendMode::kLive));
          ++stream.next;
        }
      }
      if (tick < next_look || tick >= record_until_) continue;
      next_look = tick + std::chrono::milliseconds(100);
      REEL_RETURN_IF_ERROR(Look());
    }
    for (SpindleStream& stream : streams_) {
      stream.writer->Flush();
      REEL_RETURN_IF_ERROR(
          stream.writer->WaitDurable(UnitNumber{stream.next}, std::chrono::minutes(1)));
    }
    return OkStatus();
  }

  uint32_t IndexOf(const SpindleStream& stream) const {
    return static_cast<uint32_t>(&stream - streams_.data());
  }

  Status Look() {
    const SpindleStream& stream = streams_[rng_.Below(streams_.size())];
    // Two to five seconds back: on the disk, and not recycled yet.
    const uint64_t back = 50 + rng_.Below(75);
    if (stream.next <= back) return OkStatus();
    const MonoTime begin = node_->clock().MonoNow();
    CursorOptions options;
    options.range.begin =
        stream.begin + stream.trace->UnitTime() * static_cast<int64_t>(stream.next - back);
    REEL_ASSIGN_OR_RETURN(const auto cursor, node_->store().Read(stream.id, options));
    while (true) {
      REEL_ASSIGN_OR_RETURN(const Item item, cursor->Next());
      if (item.kind == ItemKind::kDamage) return item.status;
      if (item.kind == ItemKind::kEnd) return DataLoss("the moment is not there");
      if (item.kind != ItemKind::kUnit) continue;
      const UnitView unit =
          stream.trace->Unit(IndexOf(stream), item.unit.number.value, stream.begin);
      if (!SameBytes(item.unit.bytes, unit.bytes)) return DataLoss("not what was written");
      break;
    }
    key_.Record(node_->clock().MonoNow() - begin);
    return OkStatus();
  }

  // Ten seconds of one camera, beside nothing else; 24 hours are so many times more.
  Status Export() {
    const SpindleStream& stream = streams_.front();
    const MonoTime begin = node_->clock().MonoNow();
    ExportOptions options;
    options.range = {
        stream.begin + stream.trace->UnitTime() * static_cast<int64_t>(stream.next - 250),
        stream.begin + stream.trace->UnitTime() * static_cast<int64_t>(stream.next)};
    REEL_ASSIGN_OR_RETURN(const auto files, node_->store().OpenExport(stream.id, options));
    Bytes buffer(size_t{1} << 20);
    for (uint64_t at = 0; at < files.front()->size_bytes();) {
      REEL_ASSIGN_OR_RETURN(const size_t count, files.front()->Read(at, buffer));
      at += count;
    }
    const double seconds = Seconds(node_->clock().MonoNow() - begin);
    const double footage_seconds =
        static_cast<double>(files.front()->frame_count()) / stream.trace->shape().units_per_second;
    export_minutes_ = seconds / footage_seconds * 24 * 60;
    return OkStatus();
  }

  Trace main_{TraceShape{}};
  Trace sub_{SubStreamShape()};
  Duration length_{0};
  std::unique_ptr<SimNode> node_;
  std::vector<SpindleStream> streams_;
  MonoTime begin_;
  MonoTime record_from_;
  MonoTime record_until_;
  Histogram ack_;
  Histogram key_;
  double export_minutes_ = 0;
  Rng rng_{1};
};

}  // namespace

std::unique_ptr<Benchmark> NewRotatingBenchmark() { return std::make_unique<RotatingBenchmark>(); }

}  // namespace reel::bench
