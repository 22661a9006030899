#include "bench/large_catalog.h"

#include <algorithm>
#include <cstdio>

#include "bench/histogram.h"
#include "bench/sim_node.h"
#include "bench/trace.h"
#include "bench/usage.h"
#include "bench/verify.h"
#include "engine/format/segment_header.h"
#include "engine/segment/geometry.h"

namespace reel::bench {
namespace {

constexpr uint32_t kStreams = 10;
constexpr uint64_t kUnits = 500;  // of each, before the end: 20 s
constexpr uint32_t kOwnSegments = 100;
constexpr Duration kLooksMax = std::chrono::minutes(10);
constexpr Duration kTurn = std::chrono::milliseconds(10);

SimShape ShapeOf(uint32_t segments) {
  SimShape shape;
  shape.segment_bytes = uint64_t{1} << 20;
  shape.segments = segments + kOwnSegments;
  shape.latency.per_request = std::chrono::microseconds(80);
  shape.latency.bytes_per_second = 2'000'000'000;
  return shape;
}

TraceShape LowRate() {
  TraceShape shape;
  shape.bits_per_second = 0.5e6;
  return shape;
}

// Behind the files and serials that the node has taken itself.
Status AddSealed(SimNode* node, const VolumeInfo& volume, uint32_t segments) {
  format::SegmentHeader header;
  header.state = format::LifeState::kInUse;
  header.generation = 1;
  header.volume = volume.id;
  header.segment_bytes = volume.segment_bytes;
  header.granule_bytes = volume.granule_bytes;
  header.footer_offset_bytes =
      SegmentGeometry{volume.segment_bytes, volume.granule_bytes}.footer_offset_bytes();
  header.epoch = Epoch{volume.epoch};
  header.retention_class = kDefaultClass;
  header.opened = node->clock().WallNow();
  SeededRandom random(17);
  IndexBatch batch;
  Bytes block(format::kBlockBytes);
  for (uint32_t i = 0; i < segments; ++i) {
    header.file_number = kOwnSegments + i;
    header.serial = SegmentSerial{kOwnSegments + i};
    header.uid = NewId<SegmentUid>(random);
    format::EncodeSegmentHeader(header, std::span<std::byte, format::kBlockBytes>(block));
    char name[32];
    (void)snprintf(name, sizeof name, "segment-%08u", header.file_number);
    REEL_RETURN_IF_ERROR(node->volume(0).Create(name, volume.segment_bytes).status());
    node->volume(0).Poke(name, 0, block);
    node->volume(0).Poke(name, volume.granule_bytes, block);
    SegmentRow row;
    row.volume = volume.number;
    row.serial = header.serial;
    row.uid = header.uid;
    row.file_number = header.file_number;
    row.state = SegmentState::kSealed;
    row.retention_class = header.retention_class;
    row.epoch = header.epoch;
    row.begin = row.end = header.opened;
    batch.segments.push_back(row);
  }
  return node->index().Write(batch);
}

// Of those.
Result<uint32_t> CountSealed(SimNode* node, VolumeNo volume, uint32_t segments) {
  REEL_ASSIGN_OR_RETURN(const auto rows, node->index().Segments(volume));
  return static_cast<uint32_t>(std::count_if(rows.begin(), rows.end(), [&](const SegmentRow& row) {
    return row.state == SegmentState::kSealed && row.serial.value >= kOwnSegments &&
           row.serial.value < kOwnSegments + segments;
  }));
}

struct Camera {
  StreamId id;
  std::unique_ptr<RunWriter> writer;
  WallTime begin;

  uint64_t acked() const { return writer->watermarks().durable.value; }
};

class Life {
 public:
  explicit Life(SimNode* node) : node_(*node) {}

  Status Begin() {
    RunOptions options;
    options.tracks = Trace::Tracks();
    for (uint32_t i = 0; i < kStreams; ++i) {
      const std::string name = "camera-" + std::to_string(i);
      auto info = node_.store().CreateStream(name);
      if (!info.ok()) info = node_.store().FindStream(name);
      if (!info.ok()) return info.status();
      Camera camera{info->id, nullptr, {node_.clock().WallNow().ns / 1000 * 1000}};
      REEL_ASSIGN_OR_RETURN(camera.writer, node_.store().BeginRun(camera.id, options));
      cameras_.push_back(std::move(camera));
    }
    return OkStatus();
  }

  // One unit of each, in its time.
  Status Append() {
    for (uint32_t i = 0; i < kStreams; ++i) {
      REEL_RETURN_IF_ERROR(cameras_[i].writer->Append(
          UnitNumber{next_}, trace_.Unit(i, next_, cameras_[i].begin), AppendMode::kLive));
    }
    ++next_;
    node_.RunUntil(node_.clock().MonoNow() + trace_.UnitTime());
    return OkStatus();
  }

  bool AllDurable() const {
    return std::all_of(cameras_.begin(), cameras_.end(),
                       [](const Camera& camera) { return camera.acked() > 0; });
  }

  // Of this life's cameras, or of one that is over.
  struct Acked {
    StreamId id;
    WallTime begin;
    uint64_t units;
  };
  std::vector<Acked> acked() const {
    std::vector<Acked> acked;
    for (const Camera& camera : cameras_)
      acked.push_back({camera.id, camera.begin, camera.acked()});
    return acked;
  }
  Status Find(const std::vector<Acked>& earlier) const {
    for (uint32_t i = 0; i < earlier.size(); ++i) {
      const Acked& one = earlier[i];
      const WallTime end = one.begin + trace_.UnitTime() * static_cast<int64_t>(one.units);
      REEL_RETURN_IF_ERROR(
          VerifyStream(node_.store(), one.id, trace_, i, one.begin, {one.begin, end}, one.units));
    }
    return OkStatus();
  }

 private:
  SimNode& node_;
  Trace trace_{LowRate()};
  std::vector<Camera> cameras_;
  uint64_t next_ = 0;
};

}  // namespace

Result<nlohmann::json> ReopenLargeCatalog(uint32_t segments) {
  REEL_ASSIGN_OR_RETURN(const auto node, SimNode::Open(ShapeOf(segments)));
  const VolumeInfo volume = node->store().Volumes().front();
  node->Kill();
  REEL_RETURN_IF_ERROR(AddSealed(node.get(), volume, segments));
  REEL_RETURN_IF_ERROR(node->Reopen());
  std::vector<Life::Acked> acked;
  {
    Life life(node.get());
    REEL_RETURN_IF_ERROR(life.Begin());
    for (uint64_t n = 0; n < kUnits; ++n) REEL_RETURN_IF_ERROR(life.Append());
    acked = life.acked();
  }
  node->Kill();
  const MonoTime begin = node->clock().MonoNow();
  const auto since = [&] { return Seconds(node->clock().MonoNow() - begin); };
  const Usage before = Usage::Now();
  REEL_RETURN_IF_ERROR(node->Reopen());
  nlohmann::json times = {{"segments", segments},
                          {"cpu_open_s", (Usage::Now() - before).cpu_seconds},
                          {"opened_s", since()}};
  Life again(node.get());
  REEL_RETURN_IF_ERROR(again.Begin());
  while (!again.AllDurable()) REEL_RETURN_IF_ERROR(again.Append());
  times["recording_s"] = since();
  Status found = again.Find(acked);
  for (const MonoTime until = node->clock().MonoNow() + kLooksMax;
       !found.ok() && node->clock().MonoNow() < until; found = again.Find(acked)) {
    node->RunUntil(node->clock().MonoNow() + kTurn);
  }
  REEL_RETURN_IF_ERROR(found);
  times["read_s"] = since();
  REEL_ASSIGN_OR_RETURN(const uint32_t known, CountSealed(node.get(), volume.number, segments));
  if (known != segments) return DataLoss("segments that the index knew are gone");
  return times;
}

}  // namespace reel::bench
