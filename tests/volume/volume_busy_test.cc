// What a volume has to do at once: write behind a slow disk, salvage and make ready.
#include "tests/volume/volume_fixture.h"

namespace reel {
namespace {

TEST_F(VolumeTest, TellsWhatWaitsBehindASlowDisk) {
  Format(8);
  Open();
  Turn(4);
  FaultRule rule;
  rule.call = SeamCall::kWrite;
  rule.fault = Fault::Stall(Duration{0});
  rule.times = kForEver;
  disk_->faults().Add(rule);
  EXPECT_EQ(volume_->Backlog(), 0U);
  for (uint64_t unit = 0; unit < 40; ++unit) Give(unit, 500);
  Turn(2, /*maintain=*/false);
  EXPECT_EQ(volume_->Backlog(), 40 - OptionsOf().queue_depth);
}

// Salvage of a large segment takes seconds; who records waits for the next segment, not for it.
TEST_F(VolumeTest, ASegmentIsMadeReadyWhileAnotherIsSalvaged) {
  Format(6, format::Placement::kLog, 4096, 4 * kSalvageStepBytes);
  Open();
  for (uint64_t unit = 0; unit < 20; ++unit) {
    Give(unit, 100'000);
    Turn(3);
  }
  ASSERT_EQ(client_.durable_units().size(), 20U);
  CrashTraits drop;
  drop.mode = CrashTraits::Mode::kDropAll;
  std::unique_ptr<SimDisk> after = disk_->CrashImage(disk_->journal_size(), 3, drop, &clock_);
  struct : NotingClient {
    int asked = 0;
    bool MayReuse(VolumeNo) override { return ++asked > 1; }
  } next;
  auto volume = Volume::Open(*after, clock_, random_, next, OptionsOf());
  ASSERT_TRUE(volume.ok()) << volume.status().ToString();
  while (next.salvages.empty()) {
    next.asked = 0;  // the second time within one step: between two reads of salvage
    ASSERT_FALSE((*volume)->pool().HasSpare(kDefaultClass));
    (*volume)->Maintain();
  }
  EXPECT_TRUE((*volume)->pool().HasSpare(kDefaultClass));
  while ((*volume)->HasWork()) (*volume)->Maintain();
  size_t found = 0;
  for (const SalvageReport& report : next.salvages) found += report.rows.size();
  EXPECT_EQ(found, 20U);
}

}  // namespace
}  // namespace reel
