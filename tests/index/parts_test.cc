// The small parts: key order, row codecs, ranges of dead serials, the log's syncing.
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "engine/base/bytes.h"
#include "index/coverage.h"
#include "index/gop_codec.h"
#include "index/row_codec.h"
#include "index/wal_syncer.h"
#include "tests/index/index_rows.h"

namespace reel {
namespace {

TEST(IndexKeys, SortByStreamThenTimeThenRun) {
  const std::vector<MinuteId> ids = {{StreamOf(1), RunOf(9), MinuteOf(kWallMin)},
                                     {StreamOf(1), RunOf(9), -1},
                                     {StreamOf(1), RunOf(1), 0},
                                     {StreamOf(1), RunOf(2), 0},
                                     {StreamOf(1), RunOf(1), 255},
                                     {StreamOf(1), RunOf(1), 256},
                                     {StreamOf(1), RunOf(1), MinuteOf(kWallMax)},
                                     {StreamOf(2), RunOf(1), 0}};
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(ParseMinuteKey(MinuteKey(ids[i])), ids[i]);
    EXPECT_LE(MinuteKeyFirst(ids[i].stream, ids[i].minute), MinuteKey(ids[i]));
    EXPECT_GE(MinuteKeyLast(ids[i].stream, ids[i].minute), MinuteKey(ids[i]));
    if (i > 0) {
      EXPECT_LT(MinuteKey(ids[i - 1]), MinuteKey(ids[i]));
    }
  }
  EXPECT_EQ(ParseMinuteKey("k"), std::nullopt);
  EXPECT_EQ(ParseMinuteKey(MinuteKey(ids[0]) + "x"), std::nullopt);
}

TEST(IndexKeys, PrefixEndIsAboveEveryKeyOfThePrefix) {
  EXPECT_EQ(PrefixEnd("a"), "b");
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
  const StreamId last = StreamOf(255);
  EXPECT_LT(MinuteKey({last, RunOf(255), MinuteOf(kWallMax)}),
            PrefixEnd(StreamPrefix(Table::kKeyframes, last)));
}

TEST(IndexKeys, BucketsRoundDown) {
  EXPECT_EQ(BucketOf(WallTime{-1}, Bucket::kHour), -1);
  EXPECT_EQ(BucketOf(WallTime{0}, Bucket::kDay), 0);
  EXPECT_EQ(BucketBegin(BucketOf(kWallMin, Bucket::kDay), Bucket::kDay), kWallMin);
  EXPECT_EQ(BucketBegin(BucketOf(kWallMax, Bucket::kHour) + 1, Bucket::kHour), kWallMax);
}

TEST(IndexKeys, ASpanIsFoundFromItsEndByItsClass) {
  for (int shift = 0; shift < 63; ++shift) {
    for (const int64_t more : {-1, 0, 1}) {
      const Duration length{(int64_t{1} << shift) + more};
      const WallTime begin = kWallMin + std::chrono::hours{1};
      const uint8_t span_class = SpanClass(length);
      ASSERT_LT(span_class, kSpanClasses);
      EXPECT_LE(SpanClassLookBack(span_class, begin + length), begin) << length.count();
    }
  }
  EXPECT_EQ(SpanClass(kMinute), 0);
  EXPECT_EQ(SpanClass(kMinute + Duration{1}), 1);
  EXPECT_EQ(SpanClass(Duration::max()), kSpanClasses - 1);
}

std::vector<GopRow> SteadyMinute() {
  std::vector<GopRow> rows;
  for (int i = 0; i < 30; ++i) {
    GopRow row = MakeGop(StreamOf(1), RunOf(1), kHourBegin + i * 2 * kSecond,
                         2 * kSecond - std::chrono::milliseconds{40}, static_cast<uint64_t>(i) * 50,
                         50, {static_cast<uint64_t>(i + 7)});
    row.lead_bytes = 61 * 4096;
    row.pieces[0].length_bytes = 240 * 4096;
    row.pieces[0].offset_bytes = 4096 * static_cast<uint64_t>(i * i);
    rows.push_back(row);
  }
  return rows;
}

TEST(GopCodec, KeepsAnyRow) {
  std::mt19937_64 random(3);
  const MinuteId id{StreamOf(1), RunOf(1), MinuteOf(kHourBegin)};
  for (int round = 0; round < 300; ++round) {
    // Numbers of every magnitude.
    const auto any = [&random] { return random() >> (random() % 64); };
    std::vector<GopRow> rows(1 + any() % 8);
    uint64_t offset_ns = any() % 1'000'000'000;
    for (GopRow& row : rows) {
      row.stream = id.stream;
      row.run = id.run;
      row.begin = kHourBegin + Duration{static_cast<int64_t>(offset_ns)};
      row.end = row.begin + Duration{static_cast<int64_t>(any() >> 1)};
      row.first_unit = {any()};
      row.flags = static_cast<uint8_t>(any());
      row.lead_bytes = static_cast<uint32_t>(any());
      row.pieces.resize(1 + any() % 5);
      for (Piece& piece : row.pieces) {
        piece = {{static_cast<uint16_t>(any())}, {any() >> 1}, any(),
                 static_cast<uint32_t>(any()),   {any()},      static_cast<uint32_t>(any())};
      }
      offset_ns += 1 + any() % 1'000'000'000;
    }
    const auto decoded = DecodeMinute(id, EncodeMinute(id, rows));
    ASSERT_TRUE(decoded.ok()) << round;
    EXPECT_EQ(*decoded, rows);
  }
}

TEST(GopCodec, ASteadyMinuteIsSmall) {
  const MinuteId id{StreamOf(1), RunOf(1), MinuteOf(kHourBegin)};
  EXPECT_LE(EncodeMinute(id, SteadyMinute()).size(), 30U * 13);
}

TEST(GopCodec, RefusesWhatItDoesNotWrite) {
  const MinuteId id{StreamOf(1), RunOf(1), MinuteOf(kHourBegin)};
  const Bytes sound = EncodeMinute(id, SteadyMinute());
  for (size_t size = 0; size < sound.size(); ++size) {
    EXPECT_EQ(DecodeMinute(id, ByteSpan(sound).first(size)).status().code(), Code::kDataLoss);
  }
  Bytes longer = sound;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(DecodeMinute(id, longer).ok());
  Bytes many = sound;
  many[0] = std::byte{0};
  EXPECT_FALSE(DecodeMinute(id, many).ok()) << "no rows";
  many.assign(12, std::byte{0xff});
  EXPECT_FALSE(DecodeMinute(id, many).ok()) << "more rows than bytes";
  MinuteId other = id;
  other.minute = MinuteOf(kWallMax);
  EXPECT_FALSE(DecodeMinute(other, sound).ok()) << "beyond the end of time";
}

TEST(GopCodec, RefusesRowsOutOfOrder) {
  const MinuteId id{StreamOf(1), RunOf(1), MinuteOf(kHourBegin)};
  std::vector<GopRow> rows = SteadyMinute();
  std::swap(rows[3], rows[4]);
  EXPECT_FALSE(DecodeMinute(id, EncodeMinute(id, rows)).ok());
  rows = SteadyMinute();
  rows[4] = rows[3];
  EXPECT_FALSE(DecodeMinute(id, EncodeMinute(id, rows)).ok());
  rows = SteadyMinute();
  rows[29].begin = kHourBegin + kMinute;
  rows[29].end = rows[29].begin;
  EXPECT_FALSE(DecodeMinute(id, EncodeMinute(id, rows)).ok()) << "another minute's";
}

TEST(RowCodec, KeepsEveryField) {
  const SegmentRow segment = MakeSegment({77}, SegmentState::kDamaged, 9);
  const std::string key = SerialKey(Table::kCatalog, segment.volume, segment.serial);
  EXPECT_EQ(*DecodeSegment(key, EncodeSegment(segment)), segment);
  EXPECT_FALSE(DecodeSegment(key.substr(1), EncodeSegment(segment)).ok());
  Bytes unknown_state = EncodeSegment(segment);
  unknown_state[16] = std::byte{5};
  EXPECT_FALSE(DecodeSegment(key, unknown_state).ok());
  const RunRow run{StreamOf(1), RunOf(2), kWallMin, kWallMax, EndCause::kShutdown};
  const std::string run_key = SpanKey(Table::kRuns, run.stream, run.begin, SpanTail(run.run));
  EXPECT_EQ(*DecodeRun(run.stream, run_key, EncodeRun(run)), run);
  Bytes before_begin = EncodeRun({run.stream, run.run, {5}, {4}, run.cause});
  EXPECT_FALSE(DecodeRun(run.stream, run_key, ByteSpan(before_begin).first(3)).ok());
}

// A row that cannot be read makes the whole index a damaged one.
TEST(RowCodec, KeepsGapsOfEveryCause) {
  int known = 0;
  for (int number = 0; number < 256; ++number) {
    const GapRow gap{StreamOf(1), {5}, {7}, static_cast<GapCause>(number), 3};
    const std::string tail(1, static_cast<char>(number));
    const auto read =
        DecodeGap(gap.stream, SpanKey(Table::kGaps, gap.stream, gap.begin, tail), EncodeGap(gap));
    const bool named = GapCauseName(gap.cause) != GapCauseName(GapCause::kUnknown);
    ASSERT_EQ(read.ok(), number == 0 || named) << number;
    if (!read.ok()) continue;
    EXPECT_EQ(*read, gap);
    ++known;
  }
  EXPECT_EQ(known, 14);
}

TEST(DeadSegments, CountsLikeASet) {
  std::mt19937_64 random(1);
  DeadSegments dead;
  std::set<uint64_t> model;
  std::map<uint64_t, uint64_t> stored;  // as the database keeps the ranges
  for (int i = 0; i < 400; ++i) {
    const uint64_t serial = random() % 200;
    const auto change = dead.Add(kVolume, {serial});
    EXPECT_EQ(change.has_value(), model.insert(serial).second);
    if (change) {
      if (change->absorbed) {
        EXPECT_EQ(stored.erase(change->absorbed->value), 1U);
      }
      stored[change->merged.first.value] = change->merged.last.value;
    }
    const uint64_t first = random() % 200;
    const uint64_t last = first + random() % 50;
    const auto expected =
        static_cast<uint64_t>(std::distance(model.lower_bound(first), model.upper_bound(last)));
    EXPECT_EQ(dead.Count({kVolume, {first}, {last}}), expected);
    EXPECT_EQ(dead.Contains(kVolume, {first}), model.contains(first));
    EXPECT_FALSE(dead.Contains({2}, {first}));
  }
  DeadSegments loaded;
  for (const auto& [first, last] : stored) EXPECT_TRUE(loaded.Append({kVolume, {first}, {last}}));
  for (uint64_t serial = 0; serial < 210; ++serial) {
    EXPECT_EQ(loaded.Contains(kVolume, {serial}), model.contains(serial)) << serial;
  }
  EXPECT_FALSE(loaded.Append({kVolume, {0}, {1}})) << "overlaps";
}

TEST(WalSyncer, SyncsByItselfAfterAWrite) {
  std::promise<void> synced;
  WalSyncer syncer(
      [&synced] {
        synced.set_value();  // throws when called twice
        return OkStatus();
      },
      std::chrono::milliseconds{1});
  syncer.NoteWrite();
  synced.get_future().wait();
  EXPECT_TRUE(syncer.Sync().ok());
}

TEST(WalSyncer, SyncsOnlyWhatWasWrittenAndTheRestAtTheEnd) {
  int syncs = 0;
  {
    WalSyncer syncer([&syncs] { return ++syncs, OkStatus(); }, std::chrono::hours{1});
    EXPECT_TRUE(syncer.Sync().ok());
    EXPECT_EQ(syncs, 0);
    syncer.NoteWrite();
    EXPECT_TRUE(syncer.Sync().ok());
    EXPECT_TRUE(syncer.Sync().ok());
    EXPECT_EQ(syncs, 1);
    syncer.NoteWrite();
  }
  EXPECT_EQ(syncs, 2);
}

TEST(WalSyncer, AFailedSyncIsFinal) {
  int syncs = 0;
  {
    WalSyncer syncer([&syncs] { return ++syncs, Unavailable("no"); }, std::chrono::hours{1});
    syncer.NoteWrite();
    EXPECT_EQ(syncer.Sync().code(), Code::kUnavailable);
    syncer.NoteWrite();
    EXPECT_EQ(syncer.Sync().code(), Code::kUnavailable);
    EXPECT_EQ(syncer.error().code(), Code::kUnavailable);
  }
  EXPECT_EQ(syncs, 1);
}

}  // namespace
}  // namespace reel
