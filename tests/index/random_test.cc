// Random histories, every answer compared with MemoryIndex. A failing seed is printed; give it in
// REEL_SEED to run it alone.
#include <gtest/gtest.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "engine/testing/memory_index.h"
#include "index/rocks_index.h"
#include "tests/index/index_rows.h"

namespace reel {
namespace {

struct History {
  uint64_t seed;
  bool on_disk;
};

void RunHistory(const History& history) {
  SCOPED_TRACE("seed " + std::to_string(history.seed));
  RandomWriter writer(history.seed);
  RandomWriter questions(~history.seed);
  MemoryIndex model;
  const TempDirectory directory;
  auto index = history.on_disk ? *OpenRocksIndex(directory.index(), {}) : *OpenInMemoryIndex({});
  for (int step = 0; step < 120 && !::testing::Test::HasFailure(); ++step) {
    const IndexBatch batch = writer.Next();
    ASSERT_TRUE(model.Write(batch).ok());
    const Status written = index->Write(batch);
    ASSERT_TRUE(written.ok()) << "step " << step << ": " << written.ToString();
    // Coverage repairs what it finds stale, so it must not be asked after each step alone.
    if (questions.Below(3) == 0) ExpectSameAnswers(model, *index, &questions);
    if (questions.Below(20) == 0) ExpectSameRows(model, *index);
    if (questions.Below(25) == 0) {
      const Status compacted = index->Compact();
      ASSERT_TRUE(compacted.ok()) << compacted.ToString();
    }
    if (history.on_disk && questions.Below(25) == 0) {
      index.reset();
      index = *OpenRocksIndex(directory.index(), {});
    }
  }
  ExpectSameRows(model, *index);
  EXPECT_TRUE(index->Verify().ok());
}

TEST(RandomIndex, AnswersLikeTheModel) {
  if (const char* seed = std::getenv("REEL_SEED")) {  // NOLINT(concurrency-mt-unsafe)
    uint64_t number = 0;
    std::from_chars(seed, seed + std::strlen(seed), number);
    RunHistory({number, true});
    return;
  }
  for (uint64_t seed = 1; seed <= 60 && !HasFailure(); ++seed) RunHistory({seed, seed % 10 == 0});
}

// A reader that computes a stale bucket anew must not keep what a write has overtaken.
TEST(RandomIndex, ReadersRepairBesideAWriter) {
  auto index = *OpenInMemoryIndex({});
  MemoryIndex model;
  const auto write = [&](const IndexBatch& batch) {
    ASSERT_TRUE(index->Write(batch).ok());
    ASSERT_TRUE(model.Write(batch).ok());
  };
  const StreamId stream = StreamOf(1);
  const auto gop = [&stream](uint64_t number) {
    return MakeGop(stream, RunOf(1), kHourBegin + number * kSecond, kSecond, number * 25, 25,
                   {1 + number / 300});
  };
  std::vector<GopRow> rows;
  for (uint64_t number = 0; number < 9000; ++number) rows.push_back(gop(number));
  write(GopBatch(rows));
  const WallRange all{kWallMin, kWallMax};
  for (uint64_t round = 1; round <= 10; ++round) {
    write(SegmentBatch({MakeSegment({round}, SegmentState::kRetired)}));
    std::atomic<bool> done = false;
    std::thread reader([&] {
      while (!done) EXPECT_TRUE(index->Coverage(stream, all, Bucket::kDay).ok());
    });
    for (uint32_t i = 0; i < 50; ++i) {
      GopRow changed = gop(8990);
      changed.pieces[0].length_bytes = i + static_cast<uint32_t>(round);
      write(GopBatch({changed}));
    }
    done = true;
    reader.join();
    EXPECT_EQ(*index->Coverage(stream, all, Bucket::kDay),
              *model.Coverage(stream, all, Bucket::kDay));
  }
}

}  // namespace
}  // namespace reel
