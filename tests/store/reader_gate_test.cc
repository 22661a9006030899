#include "engine/store/reader_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace reel {
namespace {

// Times far enough apart that each note counts.
constexpr Duration kApart = std::chrono::seconds(1);

TEST(ReaderGateTest, IsWideOpenUntilRecordingIsLate) {
  ReaderGate gate;
  std::vector<ReaderGate::Turn> turns(ReaderGate::kMostAtOnce);
  for (ReaderGate::Turn& turn : turns) turn = gate.Enter();
  EXPECT_EQ(gate.inside(), ReaderGate::kMostAtOnce);
  turns.clear();
  EXPECT_EQ(gate.inside(), 0);
}

TEST(ReaderGateTest, LateRecordingHalvesThoseInsideDownToOne) {
  ReaderGate gate;
  std::vector<ReaderGate::Turn> turns(16);
  for (ReaderGate::Turn& turn : turns) turn = gate.Enter();
  MonoTime now{0};
  for (const int expected : {8, 4, 2, 1, 1}) {
    now = now + kApart;
    gate.NoteLate(now);
    EXPECT_EQ(gate.limit(), expected);
  }
}

// Those inside need a while to come out: one lateness is not counted over and over.
TEST(ReaderGateTest, LatenessThatGoesOnIsOneForAMoment) {
  ReaderGate gate;
  std::vector<ReaderGate::Turn> turns(16);
  for (ReaderGate::Turn& turn : turns) turn = gate.Enter();
  const MonoTime now{kApart.count()};
  for (int i = 0; i < 100; ++i) gate.NoteLate(now + Duration{i});
  EXPECT_EQ(gate.limit(), 8);
}

TEST(ReaderGateTest, WidensByOneEachStepWhileRecordingIsInTime) {
  ReaderGate gate;
  const ReaderGate::Turn turn = gate.Enter();
  MonoTime now{kApart.count()};
  gate.NoteLate(now);
  ASSERT_EQ(gate.limit(), 1);
  gate.NoteInTime(now + (kReaderStep - Duration{1}));
  EXPECT_EQ(gate.limit(), 1);
  for (int expected = 2; expected <= ReaderGate::kMostAtOnce; ++expected) {
    now = now + kReaderStep;
    gate.NoteInTime(now);
    EXPECT_EQ(gate.limit(), expected);
  }
  gate.NoteInTime(now + kApart);
  EXPECT_EQ(gate.limit(), ReaderGate::kMostAtOnce);
}

// With recording late all the time readers still get on, a few at a time.
TEST(ReaderGateTest, ReadersPassOneAfterTheOtherAndNoneWaitsForEver) {
  ReaderGate gate;
  const MonoTime now{kApart.count()};
  {
    const ReaderGate::Turn turn = gate.Enter();
    gate.NoteLate(now);
  }
  ASSERT_EQ(gate.limit(), 1);
  std::atomic<int> passed = 0;
  std::vector<std::thread> readers;
  readers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&] {
      for (int n = 0; n < 100; ++n) {
        const ReaderGate::Turn turn = gate.Enter();
        ++passed;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(passed, 800);
  const ReaderGate::Turn held = gate.Enter();
  const ReaderGate::Turn second = gate.Enter();  // after kLongestReaderWait
  EXPECT_EQ(gate.inside(), 2);
}

}  // namespace
}  // namespace reel
