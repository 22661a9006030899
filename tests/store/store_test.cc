// The store as a whole, on a simulated node: what goes in comes out, before and after a power cut.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/format/ledger_record.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<TrackInfo> VideoTrack() {
  TrackInfo track;
  track.id = {1};
  track.config = Bytes(30, std::byte{7});
  return {track};
}

struct Sent {
  Bytes bytes;
  uint8_t flags;
  int64_t pts;
  WallTime wall;
};

// A camera of 25 pictures a second, a clean point each 10.
class Camera {
 public:
  // Times are kept to the microsecond.
  Camera(uint64_t seed, WallTime begin) : rng_(seed), wall_{begin.ns / 1000 * 1000} {}

  const Sent& Next() {
    const size_t n = sent_.size();
    Sent unit;
    unit.flags = n % 10 == 0 ? kUnitClean : 0;
    unit.bytes.resize(n % 10 == 0 ? 6000 + rng_.Below(3000) : 200 + rng_.Below(1500));
    rng_.Fill(unit.bytes);
    unit.pts = static_cast<int64_t>(n) * 3600;
    unit.wall = wall_ + milliseconds(40) * static_cast<int64_t>(n);
    sent_.push_back(std::move(unit));
    return sent_.back();
  }
  const std::vector<Sent>& sent() const { return sent_; }

 private:
  Rng rng_;
  WallTime wall_;
  std::vector<Sent> sent_;
};

UnitView ViewOf(const Sent& unit) {
  return {TrackId{1}, unit.flags, unit.pts, unit.pts, unit.wall, unit.bytes};
}

struct ReadBack {
  std::vector<Unit> units;
  std::vector<GapRow> gaps;
  size_t runs = 0;
  size_t damaged = 0;
};

ReadBack ReadAll(Store& store, StreamId stream) {
  ReadBack back;
  auto cursor = store.Read(stream, {});
  EXPECT_TRUE(cursor.ok()) << cursor.status().ToString();
  for (;;) {
    Result<Item> item = (*cursor)->Next();
    EXPECT_TRUE(item.ok()) << item.status().ToString();
    if (!item.ok() || item->kind == ItemKind::kEnd) return back;
    if (item->kind == ItemKind::kUnit) back.units.push_back(std::move(item->unit));
    if (item->kind == ItemKind::kGap) back.gaps.push_back(item->gap);
    if (item->kind == ItemKind::kRunBegin) ++back.runs;
    if (item->kind == ItemKind::kDamage) ++back.damaged;
  }
}

void ExpectSame(const ReadBack& back, const std::vector<Sent>& sent, size_t at_least) {
  ASSERT_GE(back.units.size(), at_least);
  ASSERT_LE(back.units.size(), sent.size());
  for (size_t i = 0; i < back.units.size(); ++i) {
    EXPECT_EQ(back.units[i].number.value, i);
    EXPECT_EQ(back.units[i].bytes, sent[i].bytes) << "unit " << i;
    EXPECT_EQ(back.units[i].pts, sent[i].pts);
    EXPECT_EQ(back.units[i].flags, sent[i].flags);
    EXPECT_EQ(back.units[i].wall, sent[i].wall);
  }
}

class StoreTest : public ::testing::Test {
 protected:
  void Start(const WorldOptions& options) {
    world_ = std::make_unique<SimWorld>(options);
    ASSERT_TRUE(world_->Init().ok());
    OpenStore();
  }
  void OpenStore() {
    auto opened = world_->Open(index_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = std::move(*opened);
  }
  void Record(RunWriter& run, Camera& camera, size_t units) {
    for (size_t i = 0; i < units; ++i) {
      const UnitNumber number{camera.sent().size()};
      ASSERT_TRUE(run.Append(number, ViewOf(camera.Next()), AppendMode::kBulk).ok());
      world_->clock().Advance(milliseconds(40));
      store_->RunOnce(milliseconds(1));
    }
  }

  std::unique_ptr<SimWorld> world_;
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, WhatGoesInComesOutBeforeAndAfterAnOrderlyStop) {
  Start({});
  const auto stream = store_->CreateStream("gate");
  ASSERT_TRUE(stream.ok()) << stream.status().ToString();
  RunOptions run_options;
  run_options.tracks = VideoTrack();
  auto run = store_->BeginRun(stream->id, run_options);
  ASSERT_TRUE(run.ok());
  Camera camera(1, world_->clock().WallNow());
  Record(**run, camera, 60);
  ExpectSame(ReadAll(*store_, stream->id), camera.sent(), 60);  // partly from memory
  ASSERT_TRUE((*run)->WaitDurable({60}, seconds(5)).ok());
  EXPECT_EQ((*run)->watermarks().durable.value, 60U);
  run->reset();
  ASSERT_TRUE(store_->Close().ok());
  store_.reset();

  OpenStore();
  ExpectSame(ReadAll(*store_, stream->id), camera.sent(), 60);
  EXPECT_EQ(store_->counters().segments_salvaged, 0U);
  EXPECT_TRUE(store_->FindStream("gate").ok());
}

// Neither a writer nor a reader takes it for the volume: what it lacks would look like a gap.
// Nothing is written until the store is given a turn, so the times are those of the test.
TEST_F(StoreTest, CountsHowLongAnAcknowledgementTook) {
  Start({});
  const auto stream = store_->CreateStream("gate");
  ASSERT_TRUE(stream.ok()) << stream.status().ToString();
  RunOptions run_options;
  run_options.tracks = VideoTrack();
  auto run = store_->BeginRun(stream->id, run_options);
  ASSERT_TRUE(run.ok());
  const auto flush_age = [&] { return store_->FindStream("gate")->flush_age; };
  EXPECT_EQ(flush_age(), Duration{0});
  Camera camera(1, world_->clock().WallNow());
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE((*run)->Append({i}, ViewOf(camera.Next()), AppendMode::kBulk).ok());
    bytes += camera.sent().back().bytes.size();
    world_->clock().Advance(milliseconds(700));
  }
  EXPECT_GE(flush_age(), milliseconds(2100));
  ASSERT_TRUE((*run)->WaitDurable({3}, seconds(5)).ok());
  EXPECT_EQ(flush_age(), Duration{0});
  const StoreCounters counters = store_->counters();
  EXPECT_EQ(counters.bytes_durable, bytes);
  EXPECT_EQ(counters.units_durable, 3U);
  // One chunk, whose first unit waited for over two seconds.
  const LatencyCounts& took = counters.acknowledgement;
  const auto& bounds = LatencyCounts::kBounds;
  uint64_t slow = 0;
  uint64_t all = 0;
  for (size_t i = 0; i < took.counts.size(); ++i) {
    all += took.counts[i];
    if (i > 0 && bounds[i - 1] >= seconds(1)) slow += took.counts[i];
  }
  EXPECT_EQ(all, 1U);
  EXPECT_EQ(slow, 1U);
  EXPECT_GE(took.sum, milliseconds(2100));
}

TEST_F(StoreTest, AnOlderCopyOfAVolumeIsRefused) {
  world_ = std::make_unique<SimWorld>(WorldOptions{});
  ASSERT_TRUE(world_->Init().ok());
  SimDisk& disk = world_->disk(1);
  const Bytes before = disk.Peek("reel-volume", 0, disk.FileSize("reel-volume"));
  OpenStore();
  store_.reset();
  ASSERT_TRUE(world_->Open(index_, /*read_only=*/true).ok());
  disk.PutFile("reel-volume", before);
  for (const bool read_only : {false, true}) {
    const auto store = world_->Open(index_, read_only);
    EXPECT_EQ(store.status().code(), Code::kFailedPrecondition);
    EXPECT_NE(store.status().message().find("older copy"), std::string::npos);
  }
}

TEST_F(StoreTest, EverythingAcknowledgedSurvivesAPowerCut) {
  Start({});
  const auto stream = store_->CreateStream("gate");
  ASSERT_TRUE(stream.ok());
  RunOptions run_options;
  run_options.tracks = VideoTrack();
  auto run = store_->BeginRun(stream->id, run_options);
  Camera camera(2, world_->clock().WallNow());
  Record(**run, camera, 45);
  const uint64_t durable = (*run)->watermarks().durable.value;
  EXPECT_GT(durable, 20U);
  CrashTraits drop;
  drop.mode = CrashTraits::Mode::kDropAll;
  SimWorld after(*world_, world_->CutAt(world_->now()), 9, drop);
  MemoryIndex fresh;
  auto reopened = after.Open(fresh);
  ASSERT_TRUE(reopened.ok()) << reopened.status().ToString();
  ASSERT_TRUE((*reopened)->WaitIdle(seconds(60)).ok());
  ASSERT_TRUE((*reopened)->FindStream("gate").ok());
  ExpectSame(ReadAll(**reopened, stream->id), camera.sent(), durable);
  EXPECT_EQ((*reopened)->counters().acknowledged_chunks_lost, 0U);
}

}  // namespace
}  // namespace reel
