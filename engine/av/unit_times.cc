#include "engine/av/unit_times.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <queue>
#include <tuple>
#include <vector>

namespace reel {
namespace {

constexpr int64_t kDefaultFramesPerSecond = 25;
// A presentation time this much before the last one decoded begins a new clock.
constexpr int64_t kJumpSeconds = 10;

// Absurd times must not overflow: they saturate.
int64_t Add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}
int64_t Subtract(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b > 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

// pts and dts given, with holes: a unit without times follows the last one by the usual step.
class GivenTimes final : public UnitTimes {
 public:
  explicit GivenTimes(uint32_t timescale) : step_(timescale / kDefaultFramesPerSecond) {}

  void Add(UnitTime* unit) override {
    const bool given = unit->dts || unit->pts;
    if (!unit->dts) unit->dts = unit->pts ? *unit->pts : reel::Add(last_dts_, step_);
    if (!unit->pts) unit->pts = given ? *unit->dts : reel::Add(*unit->dts, last_delay_);
    ++units_since_given_;
    if (given) Learn(*unit->dts);
    last_dts_ = *unit->dts;
    last_delay_ = Subtract(*unit->pts, *unit->dts);
    unit->timed = true;
  }
  void Flush() override {}

 private:
  void Learn(int64_t dts) {
    if (last_given_) {
      const int64_t step = Subtract(dts, *last_given_) / units_since_given_;
      if (step > 0) step_ = step;
    }
    last_given_ = dts;
    units_since_given_ = 0;
  }

  int64_t step_;
  std::optional<int64_t> last_given_;
  int64_t units_since_given_ = 0;
  int64_t last_dts_ = 0;
  int64_t last_delay_ = 0;
};

// Presentation times only. With a reorder depth d, a picture is decoded when the one d places
// earlier in presentation order is shown: that is the smallest time among it and d others.
class ReorderedTimes final : public UnitTimes {
 public:
  explicit ReorderedTimes(uint32_t timescale)
      : jump_(kJumpSeconds * timescale), step_(timescale / kDefaultFramesPerSecond) {}

  void Add(UnitTime* unit) override {
    if (!unit->pts) unit->pts = last_pts_ ? reel::Add(*last_pts_, step_) : 0;
    last_pts_ = unit->pts;
    if (depth_known_) {
      Time(unit);
      return;
    }
    waiting_.push_back(unit);
    if (waiting_.size() > kMaxReorder) Flush();
  }

  void Flush() override {
    if (waiting_.empty()) return;
    FindDepth();
    for (UnitTime* unit : waiting_) Time(unit);
    waiting_.clear();
  }

 private:
  void FindDepth() {
    for (size_t i = 1; i < waiting_.size(); ++i) {
      const auto later =
          std::count_if(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(i),
                        [&](const UnitTime* before) { return *before->pts > *waiting_[i]->pts; });
      depth_ = std::max(depth_, static_cast<size_t>(later));
    }
    std::vector<int64_t> shown;
    for (const UnitTime* unit : waiting_) shown.push_back(*unit->pts);
    std::sort(shown.begin(), shown.end());
    if (shown.size() > 1 && Subtract(shown[1], shown[0]) > 0) step_ = Subtract(shown[1], shown[0]);
    Restart(shown[0]);
    depth_known_ = true;
  }

  // As if `depth_` pictures had come before the one first shown.
  void Restart(int64_t first_pts) {
    shown_ = {};
    for (size_t i = 1; i <= depth_; ++i) {
      shown_.push(Subtract(first_pts, static_cast<int64_t>(i) * step_));
    }
    last_dts_.reset();
  }

  void Time(UnitTime* unit) {
    if (last_dts_ && *unit->pts < Subtract(*last_dts_, jump_)) Restart(*unit->pts);
    shown_.push(*unit->pts);
    int64_t dts = std::min(shown_.top(), *unit->pts);
    shown_.pop();
    if (last_dts_) dts = std::max(dts, reel::Add(*last_dts_, 1));
    last_dts_ = dts;
    unit->dts = dts;
    unit->timed = true;
  }

  int64_t jump_;
  int64_t step_;
  std::optional<int64_t> last_pts_;
  std::optional<int64_t> last_dts_;
  std::deque<UnitTime*> waiting_;  // until the depth is known
  bool depth_known_ = false;
  size_t depth_ = 0;
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> shown_;
};

// Nothing but picture order: pictures are shown one after another as the order says, each for its
// nominal duration. A decoder's output queue, only that it gives out times.
class CountedTimes final : public UnitTimes {
 public:
  explicit CountedTimes(uint32_t timescale) : reordered_(timescale) {}

  void Add(UnitTime* unit) override {
    decoded_.push_back(unit);
    shown_.push({*unit->order, serial_++, unit});
    while (shown_.size() > kMaxReorder) Show();
    PassOn();
  }

  void Flush() override {
    while (!shown_.empty()) Show();
    PassOn();
    reordered_.Flush();
  }

 private:
  struct Waiting {
    PictureOrder order;
    uint64_t serial;
    UnitTime* unit;
    bool operator>(const Waiting& other) const {
      return std::tie(order.period, order.count, serial) >
             std::tie(other.order.period, other.order.count, other.serial);
    }
  };

  void Show() {
    const Waiting& next = shown_.top();
    next.unit->pts = next_pts_;
    next_pts_ += next.order.duration;
    shown_.pop();
  }

  void PassOn() {
    while (!decoded_.empty() && decoded_.front()->pts) {
      reordered_.Add(decoded_.front());
      decoded_.pop_front();
    }
  }

  ReorderedTimes reordered_;
  std::deque<UnitTime*> decoded_;
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> shown_;
  uint64_t serial_ = 0;
  int64_t next_pts_ = 0;
};

}  // namespace

std::unique_ptr<UnitTimes> MakeUnitTimes(const PacketTrack& track) {
  switch (track.times) {
    case PacketTimes::kGiven:
      break;
    case PacketTimes::kPtsOnly:
      return std::make_unique<ReorderedTimes>(track.info.timescale);
    case PacketTimes::kNone:
      return std::make_unique<CountedTimes>(track.info.timescale);
  }
  return std::make_unique<GivenTimes>(track.info.timescale);
}

}  // namespace reel
