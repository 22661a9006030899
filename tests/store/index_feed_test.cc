// From chunks to rows: the assembler, and the feed that carries them to the index in order.
#include "engine/store/index_feed.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/testing/memory_index.h"

namespace reel {
namespace {

StreamId Stream() {
  StreamId id;
  id.bytes.fill(1);
  return id;
}
RunId RunNo(uint8_t n) {
  RunId id;
  id.bytes.fill(n);
  return id;
}

format::ChunkRow Chunk(uint64_t unit, uint32_t count, bool clean, uint64_t offset,
                       uint8_t run = 1) {
  format::ChunkRow row;
  row.stream = Stream();
  row.run = RunNo(run);
  row.first_unit = {unit};
  row.unit_count = count;
  row.offset_bytes = offset;
  row.chunk_bytes = 4096;
  row.lead_bytes = 500;
  row.wall_begin = {static_cast<int64_t>(unit) * 1000};
  row.wall_end = {static_cast<int64_t>(unit + count - 1) * 1000};
  row.flags = clean ? format::kContentClean : 0;
  return row;
}

SegmentRow Sealed(uint64_t serial) {
  SegmentRow row;
  row.volume = {1};
  row.serial = {serial};
  row.state = SegmentState::kSealed;
  row.retention_class = kDefaultClass;
  return row;
}

TEST(GopAssemblerTest, ChunksBehindEachOtherAreOnePieceOthersAreMore) {
  GopAssembler assembler;
  IndexBatch batch;
  assembler.Add(Chunk(0, 5, true, 8192), {1}, {1}, &batch);
  assembler.Add(Chunk(5, 5, false, 12288), {1}, {1}, &batch);
  assembler.Add(Chunk(10, 5, false, 40960), {1}, {1}, &batch);
  assembler.Add(Chunk(15, 5, false, 8192), {2}, {1}, &batch);
  const GopRow& gop = batch.gops.back();
  ASSERT_EQ(gop.pieces.size(), 3U);
  EXPECT_EQ(gop.pieces[0].length_bytes, 8192U);
  EXPECT_EQ(gop.pieces[0].unit_count, 10U);
  EXPECT_EQ(gop.end_unit().value, 20U);
  EXPECT_EQ(gop.end.ns, 19'000);
  assembler.Add(Chunk(20, 5, true, 12288), {2}, {1}, &batch);
  EXPECT_EQ(batch.gops.back().pieces.size(), 1U);
  EXPECT_EQ(batch.gops.back().flags, kGopClean);
  EXPECT_EQ(batch.runs.back().begin.ns, 0);
  EXPECT_EQ(batch.runs.back().end.ns, 24'000);
}

TEST(GopAssemblerTest, AChunkThatDoesNotFollowStandsAlone) {
  GopAssembler assembler;
  IndexBatch batch;
  assembler.Add(Chunk(0, 5, true, 8192), {1}, {1}, &batch);
  assembler.Add(Chunk(7, 5, false, 12288), {1}, {1}, &batch);
  EXPECT_EQ(batch.gops.back().first_unit.value, 7U);
  EXPECT_EQ(batch.gops.back().flags & kGopClean, 0);
}

TEST(GopAssemblerTest, ARunGoesOnFromItsLastRow) {
  GopAssembler before;
  IndexBatch batch;
  before.Add(Chunk(0, 5, true, 8192), {1}, {1}, &batch);
  GopAssembler after;
  after.Resume(batch.gops.back(), batch.runs.back());
  after.Add(Chunk(5, 5, false, 12288), {1}, {1}, &batch);
  EXPECT_EQ(batch.gops.back().first_unit.value, 0U);
  EXPECT_EQ(batch.gops.back().end_unit().value, 10U);
  EXPECT_EQ(batch.runs.back().begin.ns, 0);
}

TEST(IndexFeedTest, WritesASegmentWithItsRows) {
  Ledger ledger;
  IndexFeed feed(ledger);
  MemoryIndex index;
  EXPECT_TRUE(feed.empty());
  feed.AddSegment(Sealed(1), {Chunk(0, 5, true, 8192), Chunk(5, 5, true, 12288)});
  EXPECT_FALSE(feed.empty());
  ASSERT_TRUE(feed.Flush(index).ok());
  EXPECT_TRUE(feed.empty());
  EXPECT_EQ(index.Gops(Stream(), kWallMin, Direction::kForward, 10)->size(), 2U);
  EXPECT_EQ(index.Segments({1})->size(), 1U);
}

// The index was lost, and a run is resumed before its segments have been read again: its client
// sends the last units once more, and only a part of their GOP.
TEST(IndexFeedTest, PartsRecordedAgainDoNotHideTheRestOfTheirGop) {
  const std::unique_ptr<BufferPool> pool = BufferPool::Create(1U << 20).value();
  const auto buffer =
      std::make_shared<RunBuffer>(RunBuffer::Identity{}, RunBuffer::Limits{}, *pool);
  for (const bool again_first : {true, false}) {
    Ledger ledger;
    IndexFeed feed(ledger);
    MemoryIndex index;
    feed.ExpectAgain(RunNo(1));
    const auto again = std::make_shared<StreamChunk>();
    again->row = Chunk(0, 5, true, 4096);
    again->volume = {1};
    again->serial = {9};
    again->run_buffer = buffer;
    if (again_first) {
      feed.AddDurable(again);
      ASSERT_TRUE(feed.Flush(index).ok());
    }
    feed.AddSegment(Sealed(1), {Chunk(0, 5, true, 8192), Chunk(5, 5, false, 12288)});
    ASSERT_TRUE(feed.Flush(index).ok());
    if (!again_first) {
      feed.AddDurable(again);
      ASSERT_TRUE(feed.Flush(index).ok());
    }
    const auto gops = index.Gops(Stream(), kWallMin, Direction::kForward, 10);
    ASSERT_EQ(gops->size(), 1U);
    EXPECT_EQ(gops->front().end_unit().value, 10U);
  }
}

SegmentRow Retired(uint64_t serial) {
  SegmentRow row = Sealed(serial);
  row.state = SegmentState::kRetired;
  return row;
}

// Units that were sent again stand in two segments; whichever goes first, the other answers.
TEST(IndexFeedTest, ACopyAnswersWhenTheOtherIsRecycled) {
  for (const uint64_t goes : {uint64_t{1}, uint64_t{2}}) {
    for (const bool newer_first : {true, false}) {
      Ledger ledger;
      IndexFeed feed(ledger);
      MemoryIndex index;
      for (const bool newer : {newer_first, !newer_first}) {
        if (newer) {
          feed.AddSegment(Sealed(2), {Chunk(0, 5, true, 8192)});
        } else {
          feed.AddSegment(Sealed(1), {Chunk(0, 5, true, 8192), Chunk(5, 5, false, 12288)});
        }
        ASSERT_TRUE(feed.Flush(index).ok());
      }
      EXPECT_EQ(index.Gops(Stream(), kWallMin, Direction::kForward, 10)->size(), 1U);
      IndexBatch gone;
      gone.segments = {Retired(goes)};
      ASSERT_TRUE(index.Write(gone).ok());
      const auto gops = index.Gops(Stream(), kWallMin, Direction::kForward, 10);
      ASSERT_EQ(gops->size(), 1U);
      EXPECT_EQ(gops->front().flags, kGopClean);
      EXPECT_EQ(gops->front().end_unit().value, goes == 1 ? 5U : 10U);
    }
  }
}

// More than one look into the index brings, of one stream and partly of one time.
TEST(IndexFeedTest, CopiesOfManyGopsAreJoined) {
  constexpr uint64_t kGops = 300;
  Ledger ledger;
  IndexFeed feed(ledger);
  MemoryIndex index;
  for (const uint64_t serial : {uint64_t{1}, uint64_t{2}}) {
    std::vector<format::ChunkRow> chunks;
    for (uint64_t gop = 0; gop < kGops; ++gop) {
      chunks.push_back(Chunk(gop * 5, 5, true, 8192 + gop * 4096));
      if (gop >= 50 && gop < 100) chunks.back().wall_begin = chunks[50].wall_begin;
    }
    feed.AddSegment(Sealed(serial), chunks);
    ASSERT_TRUE(feed.Flush(index).ok());
  }
  const auto gops = index.Gops(Stream(), kWallMin, Direction::kForward, kGops + 1);
  ASSERT_EQ(gops->size(), kGops);
  for (const GopRow& gop : *gops) EXPECT_EQ(gop.pieces.size(), 2U) << gop.first_unit.value;
}

// A volume stalled, and what was on its way there was written to another one as well.
TEST(IndexFeedTest, CopiesOfARunThatIsRecordedAreJoined) {
  const std::unique_ptr<BufferPool> pool = BufferPool::Create(1U << 20).value();
  const auto buffer =
      std::make_shared<RunBuffer>(RunBuffer::Identity{}, RunBuffer::Limits{}, *pool);
  for (const bool flush_between : {true, false}) {
    Ledger ledger;
    IndexFeed feed(ledger);
    MemoryIndex index;
    const auto add = [&](const format::ChunkRow& row) {
      const auto chunk = std::make_shared<StreamChunk>();
      chunk->row = row;
      chunk->volume = {1};
      chunk->serial = {1};
      chunk->run_buffer = buffer;
      feed.AddDurable(chunk);
    };
    add(Chunk(0, 5, true, 8192));
    if (flush_between) {
      ASSERT_TRUE(feed.Flush(index).ok());
    }
    feed.AddCopy(Chunk(0, 5, true, 8192), {2}, {7});
    add(Chunk(5, 5, false, 12288));
    ASSERT_TRUE(feed.Flush(index).ok());
    add(Chunk(10, 5, false, 16384));
    ASSERT_TRUE(feed.Flush(index).ok());
    const auto gops = index.Gops(Stream(), kWallMin, Direction::kForward, 10);
    ASSERT_EQ(gops->size(), 1U);
    EXPECT_EQ(gops->front().pieces.size(), 2U);
    EXPECT_EQ(gops->front().end_unit().value, 15U);
    EXPECT_EQ(index.Runs(Stream(), {kWallMin, kWallMax}, 10)->size(), 1U);
    IndexBatch gone;
    gone.segments = {Retired(1)};
    ASSERT_TRUE(index.Write(gone).ok());
    EXPECT_EQ(index.Gops(Stream(), kWallMin, Direction::kForward, 10)->front().end_unit().value,
              5u);
  }
}

// A part that was sent again from the middle of a GOP joins its row.
TEST(IndexFeedTest, PartsOfAGopJoinItsRow) {
  for (const bool at_once : {true, false}) {
    Ledger ledger;
    IndexFeed feed(ledger);
    MemoryIndex index;
    feed.AddSegment(Sealed(1), {Chunk(0, 5, true, 8192), Chunk(5, 5, false, 12288)});
    if (!at_once) {
      ASSERT_TRUE(feed.Flush(index).ok());
    }
    feed.AddSegment(Sealed(2), {Chunk(3, 2, false, 8192)});
    feed.AddSegment(Sealed(3), {Chunk(7, 1, false, 8192)});
    ASSERT_TRUE(feed.Flush(index).ok());
    const auto gops = index.Gops(Stream(), kWallMin, Direction::kForward, 10);
    ASSERT_EQ(gops->size(), 1U);
    ASSERT_EQ(gops->front().pieces.size(), 3U);
    EXPECT_EQ(gops->front().pieces[0].unit_count, 10U);
    EXPECT_EQ(gops->front().end_unit().value, 10U);
    EXPECT_EQ(gops->front().lead_bytes, 500U);
  }
}

TEST(IndexFeedTest, WhatTheLedgerKnowsOfARunsEndHolds) {
  Ledger ledger;
  ledger.Apply(RunRow{Stream(), RunNo(1), {0}, {4000}, EndCause::kSourceLost});
  IndexFeed feed(ledger);
  MemoryIndex index;
  feed.AddSegment(Sealed(1), {Chunk(0, 5, true, 8192)});
  ASSERT_TRUE(feed.Flush(index).ok());
  EXPECT_EQ(index.Runs(Stream(), {kWallMin, kWallMax}, 10)->front().cause, EndCause::kSourceLost);
}

class FailingIndex : public MemoryIndex {
 public:
  Status Write(const IndexBatch& batch) override {
    if (fail) return Unavailable("no");
    return MemoryIndex::Write(batch);
  }
  bool fail = true;
};

TEST(IndexFeedTest, RowsThatCouldNotBeWrittenAreWrittenLaterInTheirOrder) {
  Ledger ledger;
  IndexFeed feed(ledger);
  FailingIndex index;
  feed.AddSegment(Sealed(1), {Chunk(0, 5, true, 8192)});
  EXPECT_FALSE(feed.Flush(index).ok());
  IndexBatch retired;
  retired.segments.push_back(Sealed(1));
  retired.segments.back().state = SegmentState::kRetired;
  feed.Add(retired);
  index.fail = false;
  ASSERT_TRUE(feed.Flush(index).ok());
  EXPECT_TRUE(index.Gops(Stream(), kWallMin, Direction::kForward, 10)->empty());
}

// Writes from one thread at a time, and no batch overtakes another.
// What did not fit is gone from the feed, and said once the index can be written.
TEST(IndexFeedTest, RowsDroppedAtTheBoundAreToldOnce) {
  class RefusingIndex : public MemoryIndex {
   public:
    Status Write(const IndexBatch& batch) override {
      return refuses ? Unavailable("refused") : MemoryIndex::Write(batch);
    }
    bool refuses = true;
  };
  Ledger ledger;
  IndexFeed feed(ledger);
  RefusingIndex index;
  const auto add = [&](uint64_t from, uint64_t count) {
    IndexBatch batch;
    for (uint64_t n = from; n < from + count; ++n) {
      GopRow row;
      row.stream = Stream();
      row.run = RunNo(1);
      row.begin = {static_cast<int64_t>(n)};
      row.end = row.begin;
      row.pieces.push_back({{1}, {1}, 0, 4096, {n}, 1});
      batch.gops.push_back(std::move(row));
    }
    feed.Add(batch);
  };
  add(0, 10);
  EXPECT_FALSE(feed.Flush(index).ok());
  add(10, IndexFeed::kMaxRows);
  EXPECT_FALSE(feed.Flush(index).ok());
  EXPECT_TRUE(feed.empty());
  EXPECT_FALSE(feed.TakeLost()) << "not before the index can be written";
  index.refuses = false;
  add(0, 1);
  ASSERT_TRUE(feed.Flush(index).ok());
  EXPECT_TRUE(feed.TakeLost());
  EXPECT_FALSE(feed.TakeLost());
}

TEST(IndexFeedTest, FlushesFromTwoThreadsWaitForEachOther) {
  class WatchfulIndex : public MemoryIndex {
   public:
    Status Write(const IndexBatch& batch) override {
      together = together || inside.exchange(true);
      std::this_thread::yield();
      const Status status = MemoryIndex::Write(batch);
      inside = false;
      return status;
    }
    std::atomic<bool> inside = false;
    std::atomic<bool> together = false;
  };
  Ledger ledger;
  IndexFeed feed(ledger);
  WatchfulIndex index;
  const auto work = [&](uint8_t run) {
    for (uint64_t i = 0; i < 2000; ++i) {
      IndexBatch batch;
      batch.runs.push_back({Stream(), RunNo(run), {0}, {static_cast<int64_t>(i)}, EndCause::kOpen});
      feed.Add(batch);
      ASSERT_TRUE(feed.Flush(index).ok());
    }
  };
  std::thread other(work, uint8_t{2});
  work(1);
  other.join();
  EXPECT_FALSE(index.together);
  const std::vector<RunRow> runs = *index.Runs(Stream(), {kWallMin, kWallMax}, 10);
  for (const RunRow& row : runs) EXPECT_EQ(row.end.ns, 1999);
}

TEST(IndexFeedTest, RunsOfEarlierSessionsAreForgottenInTheEnd) {
  Ledger ledger;
  IndexFeed feed(ledger);
  MemoryIndex index;
  std::vector<format::ChunkRow> rows;
  for (size_t i = 0; i <= IndexFeed::kMaxRecoveredRuns; ++i) {
    rows.push_back(Chunk(0, 5, true, 8192));
    rows.back().run.bytes[0] = static_cast<uint8_t>(i);
    rows.back().run.bytes[1] = static_cast<uint8_t>(i >> 8);
    rows.back().run.bytes[2] = static_cast<uint8_t>(i >> 16);
  }
  feed.AddSegment(Sealed(1), rows);
  format::ChunkRow next = Chunk(5, 5, false, 8192);
  next.run = rows[0].run;
  ASSERT_TRUE(feed.Flush(index).ok());
  feed.AddSegment(Sealed(2), {next});
  ASSERT_TRUE(feed.Flush(index).ok());
  size_t alone = 0;
  const std::vector<GopRow> gops = *index.Gops(Stream(), {5000}, Direction::kForward, 10);
  for (const GopRow& gop : gops) alone += gop.first_unit.value == 5 ? 1U : 0U;
  EXPECT_EQ(alone, 1U);
}

}  // namespace
}  // namespace reel
