#include "bench/paced.h"

#include <algorithm>
#include <numeric>

#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr Duration kEnough = std::chrono::minutes(2);
// Units that fall due within this are handed over together, at its end: one wake-up for all.
constexpr Duration kTick = std::chrono::milliseconds(1);

}  // namespace

PacedCameras::PacedCameras(BenchNode& node, std::vector<StreamId> cameras, const Trace& trace,
                           Spread spread)
    : node_(node),
      cameras_(std::move(cameras)),
      trace_(trace),
      offset_ns_(cameras_.size()),
      order_(cameras_.size()),
      next_(cameras_.size(), 0),
      acks_(std::make_shared<Acks>()) {
  const int64_t unit_ns = trace.UnitTime().count();
  const int64_t span_ns = spread == Spread::kGop ? unit_ns * trace.shape().gop_units : unit_ns;
  const auto count = static_cast<int64_t>(cameras_.size());
  for (int64_t i = 0; i < count; ++i)
    offset_ns_[static_cast<size_t>(i)] = span_ns * i / count / 1000 * 1000;
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
    return offset_ns_[a] % unit_ns < offset_ns_[b] % unit_ns;
  });
}

MonoTime PacedCameras::Due(uint32_t camera, uint64_t number) const {
  return begin_ + Duration{offset_ns_[camera]} + trace_.UnitTime() * static_cast<int64_t>(number);
}

Status PacedCameras::Begin() {
  acks_->units.assign(cameras_.size(), 0);
  acks_->unit_time = trace_.UnitTime();
  for (uint32_t camera = 0; camera < cameras_.size(); ++camera) {
    RunOptions options;
    options.tracks = Trace::Tracks();
    options.on_durable = [acks = acks_, camera](const Watermarks& marks) {
      acks->OnDurable(camera, marks.durable.value);
    };
    REEL_ASSIGN_OR_RETURN(auto writer, node_.store().BeginRun(cameras_[camera], options));
    writers_.push_back(std::move(writer));
  }
  begin_ = MonoNow();
  wall_begin_ = WallTime{SystemClock().WallNow().ns / 1000 * 1000};  // as the store keeps them
  for (uint32_t camera = 0; camera < cameras_.size(); ++camera)
    acks_->first_due.push_back(Due(camera, 0));
  return OkStatus();
}

void PacedCameras::Acks::OnDurable(uint32_t camera, uint64_t end) {
  if (watcher) watcher(camera, end);
  const MonoTime now = MonoNow();
  for (uint64_t& number = units[camera]; number < end; ++number) {
    const MonoTime due = first_due[camera] + unit_time * static_cast<int64_t>(number);
    if (due.ns >= record_from_ns && due.ns < record_until_ns) latency.Record(now - due);
  }
}

Status PacedCameras::Run(Duration length, Part recorded) {
  const MonoTime from = begin_ + trace_.UnitTime() * slot_;
  const MonoTime record_from = from + recorded.begin;
  const MonoTime record_until = from + recorded.end;
  acks_->record_from_ns = record_from.ns;
  acks_->record_until_ns = record_until.ns;
  const int64_t end_slot = slot_ + length / trace_.UnitTime();
  Pacer pacer;
  MonoTime tick = MonoNow();
  for (; slot_ < end_slot; ++slot_) {
    for (const uint32_t camera : order_) {
      const int64_t since = slot_ - offset_ns_[camera] / trace_.UnitTime().count();
      if (since < 0) continue;
      const MonoTime due = Due(camera, static_cast<uint64_t>(since));
      if (due >= tick) {
        tick = due + kTick;
        pacer.WaitUntil(tick);
      }
      const uint64_t number = next_[camera]++;
      const UnitView unit = trace_.Unit(camera, number, begin_wall(camera));
      const Status taken = writers_[camera]->Append(UnitNumber{number}, unit, AppendMode::kLive);
      if (taken.code() == Code::kResourceExhausted) {
        ++shed_;
        continue;
      }
      REEL_RETURN_IF_ERROR(taken);
      payload_bytes_ += unit.bytes.size();
      if (due >= record_from && due < record_until) lateness_.Record(MonoNow() - due);
    }
  }
  return OkStatus();
}

Status PacedCameras::Finish() {
  if (shed_ != 0) return ResourceExhausted(std::to_string(shed_) + " units were shed");
  for (uint32_t camera = 0; camera < cameras_.size(); ++camera) {
    if (next_[camera] == 0) continue;
    REEL_RETURN_IF_ERROR(writers_[camera]->WaitDurable(UnitNumber{next_[camera]}, kEnough));
  }
  for (const auto& writer : writers_) REEL_RETURN_IF_ERROR(writer->End(EndCause::kEnded));
  writers_.clear();
  return node_.store().WaitIdle(kEnough);
}

Status PacedCameras::Verify(uint32_t step, uint64_t units_max) const {
  for (uint32_t camera = 0; camera < cameras_.size(); camera += step) {
    if (next_[camera] == 0) continue;
    const WallTime begin = begin_wall(camera);
    const uint64_t units = std::min(units_max, next_[camera]);
    const WallTime from = begin + trace_.UnitTime() * static_cast<int64_t>(next_[camera] - units);
    const WallTime end = from + trace_.UnitTime() * static_cast<int64_t>(units);
    REEL_RETURN_IF_ERROR(
        VerifyStream(node_.store(), cameras_[camera], trace_, camera, begin, {from, end}, units));
  }
  return OkStatus();
}

}  // namespace reel::bench
