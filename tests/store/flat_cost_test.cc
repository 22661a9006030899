// Lookups stay flat as history grows: index calls and rows, counted and not timed, are the same
// with one day of footage behind a stream and with ninety.
#include "engine/store/absence.h"
#include "engine/store/seek.h"
#include "engine/store/timeline.h"
#include "tests/store/read_fixture.h"

namespace reel {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr int64_t kGopsPerDay = 24 * 60 * 3;  // of 20 s

// Passes on to another index and counts what comes back.
class CountingIndex : public Index {
 public:
  explicit CountingIndex(Index& index) : index_(index) {}

  Status Write(const IndexBatch& batch) override { return index_.Write(batch); }
  Status Sync() override { return index_.Sync(); }
  Result<std::vector<GopRow>> Gops(StreamId stream, WallTime from, Direction direction,
                                   size_t limit) override {
    return Counted(index_.Gops(stream, from, direction, limit));
  }
  Result<std::vector<RunRow>> Runs(StreamId stream, WallRange range, size_t limit) override {
    return Counted(index_.Runs(stream, range, limit));
  }
  Result<std::vector<GapRow>> Gaps(StreamId stream, WallRange range, size_t limit) override {
    return Counted(index_.Gaps(stream, range, limit));
  }
  Result<std::vector<CoverageRow>> Coverage(StreamId stream, WallRange range,
                                            Bucket bucket) override {
    return Counted(index_.Coverage(stream, range, bucket));
  }
  Result<std::vector<StreamRow>> Streams() override { return index_.Streams(); }
  Result<std::vector<SegmentRow>> Segments(VolumeNo volume) override {
    return index_.Segments(volume);
  }
  Result<std::optional<VolumeProgress>> Progress(VolumeNo volume) override {
    return index_.Progress(volume);
  }

  struct Cost {
    uint64_t calls = 0;
    uint64_t rows = 0;
    bool operator==(const Cost&) const = default;
  };
  template <class Question>
  Cost Of(const Question& question) {
    cost_ = {};
    question();
    return cost_;
  }

 private:
  template <class Rows>
  Rows Counted(Rows rows) {
    ++cost_.calls;
    if (rows.ok()) cost_.rows += rows->size();
    return rows;
  }

  Index& index_;
  Cost cost_;
};
std::ostream& operator<<(std::ostream& out, const CountingIndex::Cost& cost) {
  return out << cost.calls << " calls, " << cost.rows << " rows";
}

// `days` of footage in a run a day, with a gap of 10 minutes before each midnight, that end now.
class History90 {
 public:
  explicit History90(int64_t days) {
    clock_.Advance(hours(24 * days));
    IndexBatch batch;
    for (int64_t day = 0; day < days; ++day) AddDay(day, &batch);
    EXPECT_TRUE(rows_.Write(batch).ok());
  }

  WallTime now() { return clock_.WallNow(); }
  WallTime last_midnight() { return now() - hours(24); }
  CountingIndex& index() { return index_; }
  Footage& footage() { return footage_; }

 private:
  static void AddDay(int64_t day, IndexBatch* batch) {
    const WallTime midnight = kEpoch + hours(24 * day);
    RunId run{{static_cast<uint8_t>(day + 1)}};
    const int64_t gops = kGopsPerDay - 30;
    for (int64_t i = 0; i < gops; ++i) {
      GopRow gop;
      gop.stream = kStream;
      gop.run = run;
      gop.begin = midnight + seconds(20 * i);
      gop.end = gop.begin + seconds(20);
      gop.first_unit = {static_cast<uint64_t>(i) * 500};
      gop.flags = kGopClean;
      gop.pieces = {{{1}, {static_cast<uint64_t>(day + 1)}, 0, 4096, gop.first_unit, 500}};
      batch->gops.push_back(gop);
    }
    batch->runs.push_back(
        {kStream, run, midnight, midnight + seconds(20 * gops), EndCause::kSourceLost});
  }

  class CountingFootage : public FakeFootage {
   public:
    CountingFootage(SimClock& clock, MemoryIndex& rows, CountingIndex& index)
        : FakeFootage(clock, rows), index_(index) {}
    Index& index() override { return index_; }

   private:
    CountingIndex& index_;
  };

  SimClock clock_;
  MemoryIndex rows_;
  CountingIndex index_{rows_};
  CountingFootage footage_{clock_, rows_, index_};
};

class FlatCost : public testing::Test {
 protected:
  // The same question about the last day, with little and with much behind it.
  template <class Question>
  void ExpectFlat(const Question& question) {
    const auto cost_of = [&](History90& history) {
      return history.index().Of([&] { question(history); });
    };
    const CountingIndex::Cost one = cost_of(one_);
    EXPECT_EQ(cost_of(ninety_), one);
    EXPECT_LE(one.calls, 24U) << one;
    EXPECT_LE(one.rows, 64U) << one;
  }

  // A month, a year: what lies further back does not matter.
  History90 one_{2};
  History90 ninety_{90};
};

TEST_F(FlatCost, ASeekInFootageAndInAGap) {
  ExpectFlat([](History90& h) {
    EXPECT_TRUE(SeekIn(h.footage(), kStream, h.now() - hours(3), SeekRule::kAtOrBefore).ok());
  });
  ExpectFlat([](History90& h) {
    const WallTime gap = h.last_midnight() - seconds(60);
    EXPECT_TRUE(SeekIn(h.footage(), kStream, gap, SeekRule::kAtOrBefore)->in_gap);
    EXPECT_TRUE(SeekIn(h.footage(), kStream, gap, SeekRule::kBackward)->in_gap);
  });
}

TEST_F(FlatCost, WhyThereIsNothing) {
  ExpectFlat([](History90& h) {
    const auto why = AbsenceIn(h.footage(), kStream, h.last_midnight() - seconds(60));
    ASSERT_TRUE(why.ok() && why->has_value());
    EXPECT_EQ((*why)->gap.cause, GapCause::kSourceLost);
  });
}

TEST_F(FlatCost, TheTimelineOfADay) {
  ExpectFlat([](History90& h) {
    EXPECT_TRUE(TimelineIn(h.footage(), kStream, {h.last_midnight(), h.now()}, Bucket::kHour).ok());
  });
}

TEST_F(FlatCost, NinetyDaysAreNinetyBucketsAndAsManyRuns) {
  const WallRange quarter{kEpoch, kEpoch + hours(24 * 90)};
  const auto look = [&](History90& h) {
    return h.index().Of(
        [&] { EXPECT_TRUE(TimelineIn(h.footage(), kStream, quarter, Bucket::kDay).ok()); });
  };
  const CountingIndex::Cost few = look(one_);
  const CountingIndex::Cost many = look(ninety_);
  EXPECT_EQ(many.calls, few.calls);
  EXPECT_LE(many.rows, 90U * 2 + 8) << "not the GOPs, of which there are 387 000";
}

}  // namespace
}  // namespace reel
