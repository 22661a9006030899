#include "engine/store/cursor.h"

#include "tests/store/read_fixture.h"

namespace reel {
namespace {

using testing::HasSubstr;

class CursorTest : public ReadTest {
 protected:
  static CursorOptions Within(WallTime begin, WallTime end,
                              CursorMode mode = CursorMode::kForward) {
    CursorOptions options;
    options.range = {begin, end};
    options.mode = mode;
    return options;
  }
  static CursorOptions Mode(CursorMode mode, Duration min_interval = Duration{0}) {
    CursorOptions options;
    options.mode = mode;
    options.min_interval = min_interval;
    return options;
  }
  std::string Tell(const CursorOptions& options) {
    return Story(*OpenCursor(footage_, kStream, options).value());
  }
  std::unique_ptr<Cursor> Follow() {
    CursorOptions options;
    options.follow = true;
    return OpenCursor(footage_, kStream, options).value();
  }
};

// ---- Forward ----

TEST_F(CursorTest, NothingIsEndAtOnce) { EXPECT_EQ(Tell({}), "end"); }

TEST_F(CursorTest, GivesEveryUnitOfManyBatches) {
  StoreGops('A', 0, At(0), 150);
  std::string story = "run A, tracks 640, ";
  for (int i = 0; i < 150; ++i) {
    story += "A" + std::to_string(25 * i) + "-" + std::to_string(25 * i + 24) + ", ";
  }
  EXPECT_EQ(Tell({}), story + "end");
}

TEST_F(CursorTest, BeginsAtTheCleanPointAndEndsBeforeTheEnd) {
  StoreGops('A', 0, At(10), 4);
  EXPECT_EQ(Tell(Within(At(11.5), At(12.2))), "run A, tracks 640, A25-49, A50-54, end");
  EXPECT_EQ(Tell(Within(At(12), At(12) + Duration{1})), "run A, tracks 640, A50-50, end");
  EXPECT_EQ(Tell(Within(At(12) - Duration{1}, At(12))), "run A, tracks 640, A25-49, end");
}

TEST_F(CursorTest, TellsOfRunsAndWhatLiesBetween) {
  StoreGop('A', 0, At(10));
  AddRun('A', At(10), At(10.96), EndCause::kSourceLost);
  StoreGop('B', 0, At(20));
  StoreGop('C', 0, At(21.2));
  EXPECT_EQ(Tell({}),
            "run A, tracks 640, A0-24, gap source-lost 9040ms, run B, tracks 640, B0-24, "
            "run C, tracks 640, C0-24, end");
}

TEST_F(CursorTest, TellsWhatTheLedgerKnowsOfAHole) {
  StoreGop('A', 0, At(10), 2);
  StoreGop('A', 25, At(11), 1);
  StoreGop('A', 50, At(12), 1);
  AddGap(At(10.4), At(11), GapCause::kOverload, 15);
  EXPECT_EQ(Tell({}),
            "run A, tracks 640, A0-9, gap overload 640ms 15, A25-29, gap unknown 840ms 20, "
            "A50-54, end");
}

TEST_F(CursorTest, ARunRowAheadOfTheReaderIsNotTakenForExpired) {
  StoreGop('A', 0, At(10));
  AddRun('A', At(10), At(12), EndCause::kSourceLost);
  StoreGop('B', 0, At(20));
  EXPECT_THAT(Tell({}), HasSubstr("gap source-lost 9040ms, run B"));
}

TEST_F(CursorTest, UnitsThatStandTwiceAreGivenOnce) {
  for (uint64_t i = 0; i < 4; ++i) {
    Store({.first = 5 * i, .begin = At(10 + 0.2 * static_cast<double>(i)), .clean = i == 0});
  }
  assembler_.Clear();
  Store({.first = 10, .units = 15, .begin = At(10.4), .volume = 2});
  EXPECT_EQ(Tell({}), "run A, tracks 640, A0-24, end");
}

TEST_F(CursorTest, RunsThatOverlapInTimeAreBothGivenWhole) {
  StoreGop('A', 0, At(10));
  StoreGop('B', 0, At(10.5));
  StoreGop('A', 25, At(11));
  EXPECT_EQ(Tell({}),
            "run A, tracks 640, A0-24, run B, tracks 640, B0-24, run A, tracks 640, A25-49, end");
}

TEST_F(CursorTest, TracksAreToldWhenTheyChange) {
  StoreGop('A', 0, At(10));
  Store({.first = 25, .begin = At(11), .clean = true, .width = 1920});
  Store({.first = 30, .begin = At(11.2), .width = 1920});
  Store({.first = 35, .begin = At(11.4), .clean = true, .width = 1920});
  EXPECT_EQ(Tell({}), "run A, tracks 640, A0-24, tracks 1920, A25-34, A35-39, end");
}

TEST_F(CursorTest, ReadsPiecesOnSeveralVolumes) {
  Store({.first = 0, .begin = At(10), .clean = true});
  Store({.first = 5, .begin = At(10.2), .volume = 2});
  Store({.first = 10, .begin = At(10.4)});
  EXPECT_EQ(Tell({}), "run A, tracks 640, A0-14, end");
  footage_.offline.insert(2);
  EXPECT_EQ(Tell({}), "run A, tracks 640, A0-4, gap volume-offline 240ms 5, A10-14, end");
}

TEST_F(CursorTest, WhatHasBeenRecycledIsAGap) {
  Store({.first = 0, .begin = At(10), .clean = true, .volume = 2});
  Store({.first = 5, .begin = At(10.2)});
  Store({.first = 10, .begin = At(10.4), .volume = 2});
  Recycle(1);
  EXPECT_EQ(Tell({}), "run A, tracks 640, A0-4, gap expired 240ms 5, A10-14, end");
  Recycle(2, /*tell=*/false);  // the index does not know yet
  EXPECT_EQ(Tell({}), "run A, gap expired 560ms 15, end");
}

TEST_F(CursorTest, TracksOfARecycledChunkAreUnknownUntilTheyComeAgain) {
  Store({.first = 0, .begin = At(10), .clean = true, .volume = 2});
  Store({.first = 5, .begin = At(10.2)});
  StoreGop('A', 10, At(10.4), 1);
  Recycle(2);
  EXPECT_EQ(Tell({}), "run A, gap expired 200ms 5, tracks unknown, A5-9, tracks 640, A10-14, end");
}

TEST_F(CursorTest, DamageIsToldAndReadingGoesOn) {
  StoreGop('A', 0, At(10), 1);
  const format::ChunkRow row = Store({.first = 5, .begin = At(10.2)});
  Store({.first = 10, .begin = At(10.4)});
  Corrupt(row, 0);
  EXPECT_EQ(Tell({}), "run A, tracks 640, A0-4, damage, A10-14, end");
  ASSERT_EQ(footage_.damage.size(), 1U);
  EXPECT_THAT(footage_.damage[0].message(), HasSubstr("units 5..9"));
}

TEST_F(CursorTest, TheFirstPictureIsReadAloneAndTheRestOnce) {
  StoreGop('A', 0, At(10));
  StoreGop('A', 25, At(11));
  const auto cursor = OpenCursor(footage_, kStream, {}).value();
  const uint64_t before = volume().reads();
  EXPECT_EQ(Story(*cursor, 3), "run A, tracks 640, A0-0, ");
  EXPECT_EQ(volume().reads() - before, 1U);
  EXPECT_EQ(Story(*cursor, 24), "A1-24, ");
  EXPECT_EQ(volume().reads() - before, 2U);
  EXPECT_EQ(Story(*cursor), "A25-49, end");
  EXPECT_EQ(volume().reads() - before, 3U);
}

// ---- Follow ----

TEST_F(CursorTest, FollowsFromDiskIntoMemoryAndBack) {
  StoreGop('A', 0, At(10), 2);
  Buffer({.first = 10, .begin = At(10.4), .durable = false});
  const auto cursor = Follow();
  EXPECT_EQ(Story(*cursor), "run A, tracks 640, A0-9, ~A10-14, end");
  // The chunk moves to disk and the GOP's row grows; another comes behind it.
  footage_.live.clear();
  Store({.first = 10, .begin = At(10.4)});
  Store({.first = 15, .begin = At(10.6)});
  Buffer({.first = 20, .begin = At(10.8), .durable = false});
  EXPECT_EQ(Story(*cursor), "A15-19, ~A20-24, end");
  footage_.live.clear();
  Store({.first = 20, .begin = At(10.8)});
  StoreGop('A', 25, At(11), 1);
  EXPECT_EQ(Story(*cursor), "A25-29, end");
}

TEST_F(CursorTest, FollowsAChunkThatGrowsInMemory) {
  Buffer({.first = 0, .units = 2, .begin = At(10), .clean = true, .durable = false});
  const auto cursor = Follow();
  EXPECT_EQ(Story(*cursor), "run A, tracks 640, ~A0-1, end");
  footage_.live.clear();
  Buffer({.first = 0, .units = 5, .begin = At(10), .clean = true, .durable = false});
  EXPECT_EQ(Story(*cursor), "~A2-4, end");
}

TEST_F(CursorTest, FollowsARowThatGrowsWithoutReadingItAgain) {
  AddSlowVolume();
  Store({.first = 0, .begin = At(10), .clean = true, .volume = 3});
  const auto cursor = Follow();
  EXPECT_EQ(Story(*cursor), "run A, tracks 640, A0-4, end");
  for (uint64_t i = 1; i < 5; ++i) {
    Store({.first = 5 * i, .begin = At(10 + 0.2 * static_cast<double>(i)), .volume = 3});
    const uint64_t reads = volume(3).reads();
    const MonoTime begin = clock_.MonoNow();
    EXPECT_EQ(Story(*cursor),
              "A" + std::to_string(5 * i) + "-" + std::to_string(5 * i + 4) + ", end");
    EXPECT_EQ(volume(3).reads() - reads, 1U);
    EXPECT_LE(clock_.MonoNow() - begin, std::chrono::microseconds(8192));  // one chunk
  }
}

TEST_F(CursorTest, NothingIsLostWhenAChunkLeavesMemoryBetweenTwoLooks) {
  StoreGop('A', 0, At(10), 1);
  Buffer({.first = 5, .begin = At(10.2), .durable = false});
  const auto cursor = Follow();
  footage_.after_live = [this] {
    footage_.live.clear();
    Store({.first = 5, .begin = At(10.2)});
  };
  EXPECT_EQ(Story(*cursor), "run A, tracks 640, A0-9, end");
}

TEST_F(CursorTest, WaitsForMoreAndThenGivesIt) {
  const auto cursor = Follow();
  footage_.on_wait = [this] {
    if (footage_.waits < 3) ++footage_.counter;  // something that is not for this reader
    if (footage_.waits != 3) return;
    Buffer({.first = 0, .begin = At(10), .clean = true, .durable = false});
    ++footage_.counter;
  };
  EXPECT_EQ(Story(*cursor), "run A, tracks 640, ~A0-4, end");
}

TEST_F(CursorTest, ALateUnitOfAnEarlierRunIsGivenToo) {
  StoreGop('A', 0, At(10), 1);
  const auto cursor = Follow();
  EXPECT_EQ(Story(*cursor), "run A, tracks 640, A0-4, end");
  StoreGop('B', 0, At(11), 1);
  EXPECT_EQ(Story(*cursor), "gap unknown 840ms, run B, tracks 640, B0-4, end");
  Store({.first = 5, .begin = At(10.2)});
  EXPECT_EQ(Story(*cursor), "run A, tracks 640, A5-9, end");
}

TEST_F(CursorTest, ABoundedFollowEnds) {
  StoreGops('A', 0, At(10), 2);
  CursorOptions options = Within(At(10), At(11));
  options.follow = true;
  footage_.on_wait = [this] { ++footage_.counter; };
  EXPECT_EQ(Tell(options), "run A, tracks 640, A0-24, end");
  EXPECT_EQ(footage_.waits, 0);
}

TEST_F(CursorTest, OnlyForwardFollows) {
  CursorOptions options = Mode(CursorMode::kReverse);
  options.follow = true;
  EXPECT_EQ(OpenCursor(footage_, kStream, options).status().code(), Code::kInvalidArgument);
}

// ---- Clean points ----

TEST_F(CursorTest, CleanPointsAreOneReadEach) {
  StoreGops('A', 0, At(10), 4);
  const uint64_t before = volume().reads();
  EXPECT_EQ(Tell(Mode(CursorMode::kCleanPoints)),
            "run A, tracks 640, A0-0, A25-25, A50-50, A75-75, end");
  EXPECT_EQ(volume().reads() - before, 4U);
}

TEST_F(CursorTest, CleanPointsKeepTheirDistance) {
  StoreGops('A', 0, At(10), 200);
  Buffer({.first = 5000, .begin = At(210), .clean = true, .durable = false});
  EXPECT_EQ(Tell(Mode(CursorMode::kCleanPoints, std::chrono::seconds(100))),
            "run A, tracks 640, A0-0, A2500-2500, ~A5000-5000, end");
  EXPECT_EQ(Tell(Within(At(10.5), At(12), CursorMode::kCleanPoints)),
            "run A, tracks 640, A25-25, end");
}

TEST_F(CursorTest, CleanPointsTellOfGapsBetweenRuns) {
  StoreGops('A', 0, At(10), 3);
  AddRun('A', At(10), At(12.96), EndCause::kSourceLost);
  StoreGop('B', 0, At(20));
  EXPECT_EQ(Tell(Mode(CursorMode::kCleanPoints, std::chrono::seconds(5))),
            "run A, tracks 640, A0-0, gap source-lost 7040ms, run B, tracks 640, B0-0, end");
}

// ---- Reverse ----

TEST_F(CursorTest, ReverseGivesGopsFromTheLatestBack) {
  StoreGops('A', 0, At(10), 3);
  Buffer({.first = 75, .begin = At(13), .clean = true, .durable = false});
  EXPECT_EQ(Tell(Mode(CursorMode::kReverse)),
            "run A, tracks 640, ~A75-79, A50-74, A25-49, A0-24, end");
  EXPECT_EQ(Tell(Within(At(11.5), At(12.2), CursorMode::kReverse)),
            "run A, tracks 640, A50-54, A25-49, end");
}

TEST_F(CursorTest, ReverseJoinsWhatIsInSeveralRowsAndInMemory) {
  StoreGop('A', 0, At(10), 2);
  assembler_.Clear();
  Store({.first = 10, .begin = At(10.4)});
  Buffer({.first = 10, .begin = At(10.4)});
  Buffer({.first = 15, .begin = At(10.6), .durable = false});
  EXPECT_EQ(Tell(Mode(CursorMode::kReverse)), "run A, tracks 640, A0-14, ~A15-19, end");
}

TEST_F(CursorTest, ReverseTellsOfGapsAndHoles) {
  StoreGop('A', 0, At(10), 2);
  StoreGop('A', 25, At(11));
  StoreGop('B', 0, At(20));
  EXPECT_EQ(Tell(Mode(CursorMode::kReverse)),
            "run B, tracks 640, B0-24, gap unknown 8040ms, run A, tracks 640, A25-49, "
            "gap unknown 640ms 15, A0-9, end");
}

TEST_F(CursorTest, ReverseTellsWhereRecycledFootageWas) {
  Store({.first = 0, .begin = At(10), .clean = true, .volume = 2});
  for (uint64_t i = 1; i < 5; ++i) {
    Store({.first = 5 * i, .begin = At(10 + 0.2 * static_cast<double>(i))});
  }
  StoreGop('A', 25, At(11));
  Recycle(2);
  EXPECT_EQ(Tell(Mode(CursorMode::kReverse)),
            "run A, tracks 640, A25-49, gap expired 200ms 5, A5-24, end");
}

TEST_F(CursorTest, ReverseOfManyBatchesGivesEachGopOnce) {
  StoreGops('A', 0, At(0), 150);
  std::string story = "run A, tracks 640, ";
  for (int i = 149; i >= 0; --i) {
    story += "A" + std::to_string(25 * i) + "-" + std::to_string(25 * i + 24) + ", ";
  }
  EXPECT_EQ(Tell(Mode(CursorMode::kReverse)), story + "end");
}

TEST_F(CursorTest, ReverseGivesUnitsThatStandTwiceOnce) {
  StoreGop('A', 0, At(10), 3);
  assembler_.Clear();
  Store({.first = 10, .units = 10, .begin = At(10.4), .clean = true, .volume = 2});
  EXPECT_EQ(Tell(Mode(CursorMode::kReverse)), "run A, tracks 640, A10-19, A0-9, end");
}

// Parts of a GOP that stand again in rows of their own do not hide the rest of it.
TEST_F(CursorTest, ReverseGivesAGopWholeWherePartsOfItStandTwice) {
  StoreGop('A', 0, At(10), 3);
  for (const uint64_t first : {uint64_t{3}, uint64_t{7}}) {
    assembler_.Clear();
    Store({.first = first,
           .units = 2,
           .begin = At(10) + kUnitStep * static_cast<int64_t>(first),
           .volume = 2});
  }
  EXPECT_EQ(Tell(Mode(CursorMode::kReverse)), "run A, tracks 640, A0-14, end");
  EXPECT_EQ(Tell({}), "run A, tracks 640, A0-14, end");
}

// The GOP's own copy has been recycled but for its end: what was sent again of it is given.
TEST_F(CursorTest, PartsSentAgainAreGivenInTheirPlace) {
  Store({.first = 0, .begin = At(10), .clean = true, .volume = 2});
  Store({.first = 5, .begin = At(10.2)});
  Recycle(2);
  assembler_.Clear();
  Store({.first = 2, .units = 2, .begin = At(10.08)});
  const std::string story =
      "run A, gap expired 80ms 2, tracks unknown, A2-3, gap expired 80ms 1, A5-9, end";
  EXPECT_EQ(Tell({}), story);
  EXPECT_EQ(Tell(Mode(CursorMode::kReverse)), story);
}

}  // namespace
}  // namespace reel
