#include "bench/seek_history.h"

#include "bench/index_filler.h"
#include "bench/pacer.h"
#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr size_t kIndexBlock = 4096;
constexpr size_t kKeyBytes = size_t{256} << 10;

}  // namespace

Status SeekHistory::SetUp(const Settings& settings, uint32_t live) {
  NodeShape shape;
  shape.root = settings.directory + "/node";
  shape.segments = static_cast<uint32_t>(settings.volume_bytes * 2 / shape.segment_bytes);
  shape.buffer_bytes = (live + kStreams) * (uint64_t{5} << 19);
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
  history_ = std::make_unique<UnpacedCameras>(*node_, trace_, kStreams, LongAgo());
  REEL_RETURN_IF_ERROR(history_->Begin());
  REEL_ASSIGN_OR_RETURN(std::vector<StreamId> all, node_->Cameras(kStreams + live));
  live_cameras_.assign(all.begin() + kStreams, all.end());
  gops_ = settings.volume_bytes / 2 / trace_.MeanGopBytes() / kStreams;
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

SeekHistory::Target SeekHistory::Pick(Rng* rng) const {
  const uint64_t units = gops_ * trace_.shape().gop_units;
  const uint64_t unit = history_->next_unit() - units + rng->Below(units);
  return {static_cast<uint32_t>(rng->Below(kStreams)), history_->TimeOf(unit)};
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
