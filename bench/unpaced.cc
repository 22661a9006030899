#include "bench/unpaced.h"

#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr Duration kEnough = std::chrono::minutes(5);

}  // namespace

WallTime LongAgo() {
  const WallTime then = SystemClock().WallNow() - std::chrono::hours(48);
  return {then.ns / 1000 * 1000};
}

Status UnpacedCameras::Begin() {
  REEL_ASSIGN_OR_RETURN(cameras_, node_.Cameras(count_));
  RunOptions options;
  options.tracks = Trace::Tracks();
  for (const StreamId camera : cameras_) {
    REEL_ASSIGN_OR_RETURN(auto writer, node_.store().BeginRun(camera, options));
    writers_.push_back(std::move(writer));
  }
  return OkStatus();
}

Status UnpacedCameras::Append(uint64_t gops) {
  const uint64_t end = next_ + gops * trace_.shape().gop_units;
  for (; next_ < end; ++next_) {
    for (uint32_t camera = 0; camera < count_; ++camera) {
      REEL_RETURN_IF_ERROR(writers_[camera]->Append(
          UnitNumber{next_}, trace_.Unit(camera, next_, begin_), AppendMode::kBulk));
    }
  }
  return OkStatus();
}

Status UnpacedCameras::WaitDurable() {
  for (const auto& writer : writers_) writer->Flush();
  for (const auto& writer : writers_)
    REEL_RETURN_IF_ERROR(writer->WaitDurable(UnitNumber{next_}, kEnough));
  return OkStatus();
}

Status UnpacedCameras::End() {
  for (const auto& writer : writers_) REEL_RETURN_IF_ERROR(writer->End(EndCause::kEnded));
  writers_.clear();
  return node_.store().WaitIdle(kEnough);
}

Status UnpacedCameras::VerifyTails(uint64_t gops, uint32_t step) const {
  const uint64_t units = gops * trace_.shape().gop_units;
  for (uint32_t camera = 0; camera < count_; camera += step) {
    REEL_RETURN_IF_ERROR(VerifyStream(node_.store(), cameras_[camera], trace_, camera, begin_,
                                      {TimeOf(next_ - units), TimeOf(next_)}, units));
  }
  return OkStatus();
}

Status FillNode(NodeShape shape) {
  constexpr uint32_t kFillers = 50;
  shape.buffer_bytes = kFillers * (uint64_t{5} << 19);
  REEL_ASSIGN_OR_RETURN(const auto node, BenchNode::Open(shape));
  const Trace trace{TraceShape{}};
  UnpacedCameras cameras(*node, trace, kFillers, LongAgo());
  REEL_RETURN_IF_ERROR(cameras.Begin());
  while (node->store().counters().segments_recycled < 2) REEL_RETURN_IF_ERROR(cameras.Append(2));
  REEL_RETURN_IF_ERROR(cameras.WaitDurable());
  REEL_RETURN_IF_ERROR(cameras.End());
  return node->Close();
}

}  // namespace reel::bench
