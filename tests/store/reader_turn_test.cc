// When cursors wait for their turn, and what they do in it.
#include "engine/store/cursor.h"
#include "tests/store/read_fixture.h"

namespace reel {
namespace {

class ReaderTurnTest : public ReadTest {};

// A seek's first picture never waits for recording, and what comes behind it may.
TEST_F(ReaderTurnTest, YieldsToRecordingBetweenGops) {
  StoreGops('A', 0, At(10), 4);
  CursorOptions options;
  options.range = {At(11.5), At(13.5)};
  const auto cursor = OpenCursor(footage_, kStream, options).value();
  const auto units = [&](int count) {
    while (count > 0) count -= cursor->Next()->kind == ItemKind::kUnit ? 1 : 0;
  };
  units(25);  // all of the first
  EXPECT_EQ(footage_.yields, 0);
  units(1);
  EXPECT_EQ(footage_.yields, 1);
}

// The turn is held where the disk is asked, not only before.
TEST_F(ReaderTurnTest, ReadsAGopWhileItIsItsTurn) {
  struct Gated : FakeFootage {
    using FakeFootage::FakeFootage;
    ReaderGate::Turn WaitForTurn() override { return gate.Enter(); }
    Result<SegmentLease> Lease(VolumeNo volume, SegmentSerial serial) override {
      inside_at_lease.push_back(gate.inside());
      return FakeFootage::Lease(volume, serial);
    }
    ReaderGate gate;
    std::vector<int> inside_at_lease;
  } gated(clock_, index_);
  StoreGops('A', 0, At(10), 4);
  gated.volumes = std::move(footage_.volumes);
  const auto cursor = OpenCursor(gated, kStream, {}).value();
  int units = 0;
  for (ItemKind kind{}; kind != ItemKind::kEnd; units += kind == ItemKind::kUnit ? 1 : 0) {
    kind = cursor->Next()->kind;
    EXPECT_EQ(gated.gate.inside(), 0) << "nobody's turn lasts while the caller has it";
  }
  EXPECT_EQ(units, 100);
  EXPECT_EQ(std::ranges::count(gated.inside_at_lease, 1), 3) << "all GOPs but the first";
}

TEST_F(ReaderTurnTest, AFollowerDoesNotYield) {
  StoreGops('A', 0, At(10), 4);
  CursorOptions options;
  options.follow = true;
  const auto cursor = OpenCursor(footage_, kStream, options).value();
  while (cursor->Next(Duration{0})->kind != ItemKind::kEnd) {
  }
  EXPECT_EQ(footage_.yields, 0);
}

}  // namespace
}  // namespace reel
