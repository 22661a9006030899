#include "bench/seek_history.h"

#include "bench/pacer.h"
#include "bench/verify.h"
#include "index/keys.h"

namespace reel::bench {
namespace {

constexpr size_t kIndexBlock = 4096;
constexpr size_t kKeyBytes = size_t{256} << 10;
constexpr uint64_t kKeyframes = 100'000'000;

}  // namespace

uint64_t SeekHistory::KeyframesOf(const Settings& settings) {
  return settings.keyframes != 0 ? settings.keyframes : kKeyframes;
}

Status SeekHistory::SetUp(const Settings& settings, uint32_t live) {
  NodeShape shape;
  shape.root = settings.directory + "/node";
  shape.segments = static_cast<uint32_t>(settings.volume_bytes * 2 / shape.segment_bytes);
  shape.buffer_bytes = (live + kStreams) * (uint64_t{5} << 19);
  shape.index_cache_bytes = 16 * kIndexBlock;
  HistoryShape past;
  past.keyframes = KeyframesOf(settings);
  past.end = MinuteBegin(MinuteOf(LongAgo()));
  past_ = std::make_unique<LongHistory>(past);
  REEL_RETURN_IF_ERROR(past_->Build(BenchNode::IndexPath(shape)));
  REEL_ASSIGN_OR_RETURN(node_, BenchNode::Open(shape));
  // The cameras go on where the past ends: what is looked up stands among it.
  for (uint32_t i = 0; i < kStreams; ++i) {
    const std::string name = "camera-" + std::to_string(i);
    REEL_RETURN_IF_ERROR(node_->store().CreateStreamAs(name, past_->stream(i)).status());
  }
  history_ = std::make_unique<UnpacedCameras>(*node_, trace_, kStreams, past.end);
  REEL_RETURN_IF_ERROR(history_->Begin());
  REEL_ASSIGN_OR_RETURN(std::vector<StreamId> all, node_->Cameras(kStreams + live));
  live_cameras_.assign(all.begin() + kStreams, all.end());
  gops_ = settings.volume_bytes / 2 / trace_.MeanGopBytes() / kStreams;
  return OkStatus();
}

Status SeekHistory::PrepareRaw(const Settings& settings) {
  REEL_ASSIGN_OR_RETURN(raw_, RawProbe::Create(settings.directory + "/raw", uint64_t{2} << 30));
  return OkStatus();
}

Status SeekHistory::Renew() {
  REEL_RETURN_IF_ERROR(history_->Append(gops_));
  REEL_RETURN_IF_ERROR(history_->WaitDurable());
  return node_->store().WaitIdle(std::chrono::minutes(2));
}

Status SeekHistory::TearDown() {
  if (!node_) return OkStatus();
  history_.reset();
  Status status = VerifyNode(*node_);
  const Status closed = node_->Close();
  node_.reset();
  raw_.reset();
  return status.ok() ? closed : status;
}

WallTime SeekHistory::latest_begin() const {
  return history_->TimeOf(history_->next_unit() - gops_ * trace_.shape().gop_units);
}

SeekHistory::Target SeekHistory::Pick(uint32_t camera, Rng* rng) const {
  const uint64_t units = gops_ * trace_.shape().gop_units;
  const uint64_t unit = history_->next_unit() - units + rng->Below(units);
  return {camera, history_->TimeOf(unit)};
}

Status SeekHistory::Seek(const Target& target, Histogram* key, Histogram* gop) {
  const MonoTime begin = MonoNow();
  CursorOptions options;
  options.range = {target.time, end()};
  REEL_ASSIGN_OR_RETURN(const auto cursor, node_->store().Read(camera(target.camera), options));
  std::vector<Unit> units;
  const size_t wanted = gop != nullptr ? trace_.shape().gop_units : 1;
  while (units.size() < wanted) {
    REEL_ASSIGN_OR_RETURN(Item item, cursor->Next());
    if (item.kind == ItemKind::kDamage) return item.status;
    if (item.kind == ItemKind::kEnd) return DataLoss("the history ends early");
    if (item.kind != ItemKind::kUnit) continue;
    if (units.empty()) key->Record(MonoNow() - begin);
    units.push_back(std::move(item.unit));
  }
  if (gop != nullptr) gop->Record(MonoNow() - begin);
  for (const Unit& unit : units) {
    if (!IsUnit(target.camera, unit.number, unit.bytes)) return DataLoss("not what was written");
  }
  return OkStatus();
}

bool SeekHistory::IsUnit(uint32_t camera, UnitNumber number, ByteSpan bytes) const {
  return SameBytes(bytes, trace_.Unit(camera, number.value, history_->begin()).bytes);
}

Status SeekHistory::ReadRaw(Rng* rng, bool whole_gop, Histogram* latency) {
  const auto at = [&](size_t length) {
    return rng->Below((raw_->file_bytes() - length) / kIndexBlock) * kIndexBlock;
  };
  const size_t length = whole_gop ? trace_.MeanGopBytes() / kIndexBlock * kIndexBlock : kKeyBytes;
  const MonoTime begin = MonoNow();
  REEL_RETURN_IF_ERROR(raw_->ReadAt(at(kIndexBlock), kIndexBlock));
  REEL_RETURN_IF_ERROR(raw_->ReadAt(at(length), length));
  latency->Record(MonoNow() - begin);
  return OkStatus();
}

double Microseconds(Duration d) { return static_cast<double>(d.count()) / 1e3; }

nlohmann::json JsonOf(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50_us", Microseconds(histogram.Percentile(50))},
          {"p99_us", Microseconds(histogram.Percentile(99))},
          {"p999_us", Microseconds(histogram.Percentile(99.9))},
          {"max_us", Microseconds(histogram.max())}};
}

}  // namespace reel::bench
