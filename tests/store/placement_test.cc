// The rule that gives a GOP its extent (docs/adr/0004), on a trace that goes from night to day and
// back: how many GOPs read back in one read, and how much of a segment is footage.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kSeconds = 220;
constexpr int kUnitsPerSecond = 10;

struct TracedStream {
  StreamId id;
  std::unique_ptr<RunWriter> run;
  double bytes_per_second = 0;
  int gop_units = 0;
  uint64_t next = 0;
};

// A night at a tenth of the bit rate by day, then dawn, at fifty times its speed, then the day.
double DayFactor(double second) {
  const double night_ends = 60;
  const double day_begins = 140;
  const double dawn = std::clamp((second - night_ends) / (day_begins - night_ends), 0.0, 1.0);
  return std::pow(10, dawn - 1);
}

class PlacementTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WorldOptions options;
    options.segment_bytes = 128U << 20;
    options.segments = 8;
    options.placement = "gop";
    options.buffer_bytes = 128U << 20;
    options.stream_buffer_bytes = 16U << 20;
    world_ = std::make_unique<SimWorld>(options);
    ASSERT_TRUE(world_->Init().ok());
    Store::Options store = world_->OptionsFor(&index_);
    store.flush_interval = milliseconds(250);
    auto opened = Store::Open(store);
    ASSERT_TRUE(opened.ok());
    store_ = std::move(*opened);
  }
  void AddStream(double bits_per_second, int gop_seconds) {
    TracedStream traced;
    traced.id = store_->CreateStream("stream" + std::to_string(streams_.size()))->id;
    TrackInfo track;
    track.id = {1};
    track.config = Bytes(40, std::byte{1});
    RunOptions run;
    run.tracks = {track};
    traced.run = std::move(*store_->BeginRun(traced.id, run));
    traced.bytes_per_second = bits_per_second / 8;
    traced.gop_units = gop_seconds * kUnitsPerSecond;
    streams_.push_back(std::move(traced));
  }
  // A key picture weighs as much as ten others.
  void AppendNext(TracedStream* stream, int unit) {
    const bool clean = unit % stream->gop_units == 0;
    // What happens before a camera makes a GOP up to a tenth more or less.
    if (clean) noise_ = 0.9 + static_cast<double>(rng_.Below(1000)) / 5000;
    const double second = static_cast<double>(unit) / kUnitsPerSecond;
    const double gop_bytes =
        stream->bytes_per_second * DayFactor(second) * noise_ * stream->gop_units / kUnitsPerSecond;
    const double weight = clean ? 10.0 : 1.0;
    const Bytes bytes(static_cast<size_t>(gop_bytes * weight / (stream->gop_units + 9)) + 1,
                      std::byte{5});
    UnitView view;
    view.track = {1};
    view.flags = clean ? kUnitClean : 0;
    view.wall = world_->clock().WallNow();
    view.bytes = bytes;
    ASSERT_TRUE(stream->run->Append({stream->next++}, view, AppendMode::kBulk).ok());
  }

  std::unique_ptr<SimWorld> world_;
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
  std::vector<TracedStream> streams_;
  Rng rng_{7};
  double noise_ = 1;
};

TEST_F(PlacementTest, AGopIsNearlyAlwaysOneReadAndASegmentNearlyAllFootage) {
  for (const int gop_seconds : {1, 2, 4, 10, 20}) {
    AddStream(4e6, gop_seconds);
    AddStream(512e3, gop_seconds);
  }
  for (int unit = 0; unit < kSeconds * kUnitsPerSecond; ++unit) {
    for (TracedStream& stream : streams_) AppendNext(&stream, unit);
    for (int turn = 0; turn < 4; ++turn) {
      world_->clock().Advance(milliseconds(1000) / kUnitsPerSecond / 4);
      store_->RunOnce(milliseconds(1));
    }
  }
  for (TracedStream& stream : streams_)
    ASSERT_TRUE(stream.run->WaitDurable({stream.next}, seconds(10)).ok());
  uint64_t gops = 0;
  uint64_t in_one_read = 0;
  for (const TracedStream& stream : streams_) {
    const auto rows = index_.Gops(stream.id, kWallMin, Direction::kForward, 4096);
    ASSERT_TRUE(rows.ok());
    for (const GopRow& row : *rows) {
      ++gops;
      in_one_read += row.pieces.size() == 1 ? 1U : 0U;
    }
  }
  uint64_t stored = 0;
  uint64_t room = 0;
  for (const SegmentRow& row : *index_.Segments({1})) {
    if (row.state != SegmentState::kSealed || row.retention_class == kLedgerClass) continue;
    stored += row.payload_bytes;
    room += world_->options().segment_bytes;
  }
  ASSERT_GT(room, 0U);
  const StoreCounters counters = store_->counters();
  const double one_read = static_cast<double>(in_one_read) / static_cast<double>(gops);
  const double chunk_share = static_cast<double>(counters.bytes_accepted) /
                             static_cast<double>(counters.chunk_bytes_written);
  const double footage = chunk_share * static_cast<double>(stored) / static_cast<double>(room);
  std::printf(
      "%llu GOPs, %.1f %% in one read; footage is %.1f %% of a segment (%.1f %% of a chunk)\n",
      static_cast<unsigned long long>(gops), 100 * one_read, 100 * footage, 100 * chunk_share);
  EXPECT_GE(one_read, 0.95);
  EXPECT_GE(footage, 0.90);
}

}  // namespace
}  // namespace reel
