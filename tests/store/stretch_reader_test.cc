#include "engine/store/stretch_reader.h"

#include "tests/store/read_fixture.h"

namespace reel {
namespace {

using Kind = StretchReader::Step::Kind;

// A GOP of twelve chunks of five units; windows of the reader are smaller, but with small units.
class StretchReaderTest : public ReadTest {
 protected:
  StretchReaderTest() : ReadTest(64U << 20) {}

  void OpenGop(size_t unit_bytes, StretchReader::Extent extent) {
    for (size_t i = 0; i < 12; ++i) {
      Store({.first = 5 * i,
             .begin = At(10 + 0.2 * static_cast<double>(i)),
             .clean = i == 0,
             .unit_bytes = unit_bytes});
    }
    const auto gops = index_.Gops(kStream, kWallMin, Direction::kForward, 1).value();
    ASSERT_TRUE(reader_.Open(StretchOf(gops[0]), {0}, kWallMax, extent).ok());
  }
  // Units from `first` up to `end`, as they were recorded.
  void ExpectUnits(uint64_t first, uint64_t end, size_t unit_bytes) {
    for (uint64_t number = first; number < end; ++number) {
      const StretchReader::Step step = reader_.Next();
      ASSERT_EQ(step.kind, Kind::kUnit);
      EXPECT_EQ(step.unit.number.value, number);
      EXPECT_EQ(step.unit.bytes, UnitContent('A', number, unit_bytes));
    }
  }

  StretchReader reader_{footage_, kStream};
};

// Recycle fails on a segment that is held.
TEST_F(StretchReaderTest, AReaderThatWaitsHoldsNothing) {
  OpenGop(400'000, StretchReader::Extent::kWhole);
  ExpectUnits(0, 8, 400'000);
  Recycle(1, /*tell=*/false);
  const StretchReader::Step step = reader_.Next();
  EXPECT_EQ(step.kind, Kind::kMissing);
  EXPECT_EQ(step.cause, GapCause::kExpired);
  EXPECT_EQ(step.lost.first_unit.value, 8U);
  EXPECT_EQ(step.lost.end_unit.value, 60U);
  EXPECT_EQ(reader_.Next().kind, Kind::kEnd);
  EXPECT_TRUE(footage_.damage.empty());
}

TEST_F(StretchReaderTest, AReaderThatWaitedGoesOn) {
  OpenGop(400'000, StretchReader::Extent::kLeadFirst);
  ExpectUnits(0, 60, 400'000);
  EXPECT_EQ(reader_.Next().kind, Kind::kEnd);
}

TEST_F(StretchReaderTest, WhatHasBeenReadIsGiven) {
  OpenGop(900, StretchReader::Extent::kWhole);
  ExpectUnits(0, 8, 900);
  Recycle(1, /*tell=*/false);
  ExpectUnits(8, 60, 900);
  EXPECT_EQ(reader_.Next().kind, Kind::kEnd);
}

// The first picture was read alone.
TEST_F(StretchReaderTest, APictureThatIsLookedAtHoldsNothing) {
  OpenGop(900, StretchReader::Extent::kLeadFirst);
  ExpectUnits(0, 1, 900);
  footage_.offline.insert(1);
  Recycle(1, /*tell=*/false);
  const StretchReader::Step step = reader_.Next();
  EXPECT_EQ(step.kind, Kind::kMissing);
  EXPECT_EQ(step.cause, GapCause::kVolumeOffline);
  EXPECT_EQ(step.lost.first_unit.value, 1U);
}

}  // namespace
}  // namespace reel
