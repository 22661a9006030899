// One volume: what is reported durable, what becomes of chunks when the disk fails, and how its
// files go round.
#include "tests/volume/volume_fixture.h"

#include <cerrno>

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(VolumeTest, ReportsWhatASyncCovered) {
  Format(8);
  Open();
  for (uint64_t unit = 0; unit < 5; ++unit) Give(unit);
  FaultRule rule;
  rule.call = SeamCall::kSync;
  rule.fault = Fault::Stall(seconds(1));
  Turn(3);  // both classes have a spare
  disk_->faults().Add(rule);
  Turn(30);
  EXPECT_TRUE(client_.durable.empty());  // written, but the sync is under way
  clock_.Advance(seconds(1));
  Turn(30);
  EXPECT_EQ(client_.durable_units().size(), 5U);
}

// Whoever stops the loop's thread wakes it: that is no answer from the disk.
TEST_F(VolumeTest, QuiescenceOutlastsAWakeUp) {
  Format(8);
  Open();
  Turn(4);
  FaultRule rule;
  rule.call = SeamCall::kWrite;
  rule.fault = Fault::Stall(seconds(1));
  disk_->faults().Add(rule);
  Give(0);
  Turn(2, /*maintain=*/false);
  const MonoTime asked = clock_.MonoNow();
  volume_->Wake();
  volume_->Quiesce();
  EXPECT_GE(clock_.MonoNow() - asked, milliseconds(900)) << "the write was still on its way";
}

// Syncs that hang take slots; writes must still find theirs.
TEST_F(VolumeTest, HangingSyncsLeaveRoomForWrites) {
  Format(64);
  Open();
  Turn(4);
  FaultRule rule;
  rule.call = SeamCall::kSync;
  rule.fault = Fault::Stall(Duration{0});
  rule.times = kForEver;
  uint64_t unit = 0;
  std::set<uint64_t> opened;
  for (int round = 0; round < 40; ++round) {
    // Spares are made by blocking calls, which do not hang; what the loop submits does.
    disk_->faults().Clear();
    volume_->Maintain();
    volume_->Maintain();
    disk_->faults().Add(rule);
    for (int i = 0; i < 3; ++i) Give(unit++, 15000);
    Turn(12, /*maintain=*/false);
    if (volume_->health() == VolumeHealth::kOffline) break;
  }
  for (const SegmentRow& row : client_.segments) opened.insert(row.serial.value);
  EXPECT_GT(opened.size(), 20U);
  EXPECT_TRUE(client_.durable.empty());
}

// The ledger holds all files but two, and both of those are open: recording goes on, by recycling
// what the volume has just recorded.
TEST_F(VolumeTest, AVolumeFullOfLedgerStillRecords) {
  Format(6, format::Placement::kGop);
  Open();
  Turn(4);
  uint64_t unit = 0;
  while (pool().Lives().size() < 4) {
    Give(unit++, 15000, kLedgerClass);
    Turn(12);
    ASSERT_LT(unit, 100U);
  }
  const uint64_t first = unit;
  for (; unit < first + 40; ++unit) {
    Give(unit, 15000);
    Turn(12);
  }
  Turn(100);
  EXPECT_EQ(client_.durable_units().size(), unit);
  for (const SegmentRow& row : client_.recycled) EXPECT_NE(row.retention_class, kLedgerClass);
}

// A receipt is durable before the file's next life: the ledger alone may go on meanwhile.
TEST_F(VolumeTest, AFreedFileWaitsForWhatThereIsToSayOfIt) {
  Format(6);
  Open();
  client_.may_reuse = false;
  Turn(10);
  EXPECT_FALSE(pool().HasSpare(kDefaultClass));
  EXPECT_TRUE(pool().HasSpare(kLedgerClass));
  Give(0, 15000);
  Give(1, 3000, kLedgerClass);  // behind it in the line, and what it is waiting for
  Turn(20);
  EXPECT_EQ(client_.durable_units(), (std::set<uint64_t>{1}));
  client_.may_reuse = true;
  Turn(20);
  EXPECT_EQ(client_.durable_units().size(), 2U);
}

// One reader holds the oldest and something waits to be written: the next oldest goes, in order of
// serial, and nothing is written later for it.
TEST_F(VolumeTest, RecordingDoesNotWaitForAReader) {
  Format(8);
  Open();
  uint64_t unit = 0;
  Record(&unit, [&] { return client_.recycled.size() == 1; });
  const SegmentSerial oldest = Oldest();
  Result<SegmentLease> lease = pool().Lease(oldest);
  ASSERT_TRUE(lease.ok());
  const MonoTime begin = clock_.MonoNow();
  Record(&unit, [&] {
    EXPECT_EQ(client_.durable_units().size(), unit);
    return client_.recycled.size() >= 3;
  });
  EXPECT_LT(clock_.MonoNow() - begin, SegmentPool::kVacateMax);
  EXPECT_GT(client_.recycled[1].serial, oldest);
  EXPECT_GT(client_.recycled[2].serial, client_.recycled[1].serial);
  EXPECT_TRUE(pool().Find(oldest).has_value());
  lease->LetGo();
  Record(&unit, [&] { return client_.recycled.size() >= 4; });
  EXPECT_EQ(client_.recycled[3].serial, oldest);
  EXPECT_EQ(client_.durable_units().size(), unit);
}

// Room is wanted before it is needed: so long the oldest is waited for, and no longer than a bound.
class VacatingTest : public VolumeTest {
 protected:
  // Somebody reads the oldest, and its room is wanted; nothing waits to be written.
  void SetUp() override {
    Format(8);
    Open();
    Record(&unit_, [&] { return client_.recycled.size() == 1; });
    oldest_ = Oldest();
    Result<SegmentLease> lease = pool().Lease(oldest_);
    ASSERT_TRUE(lease.ok());
    lease_ = *std::move(lease);
    Record(&unit_, [&] { return pool().IsVacating(oldest_); });
    Turn(400);  // 2 ms each
    EXPECT_EQ(client_.recycled.size(), 1U);
    EXPECT_EQ(client_.durable_units().size(), unit_);
  }
  bool ToldOfPassingOver() const {
    return std::any_of(log_.begin(), log_.end(), [](const std::string& line) {
      return line.find("makes room before") != std::string::npos;
    });
  }

  uint64_t unit_ = 0;
  SegmentSerial oldest_;
  SegmentLease lease_;
};

TEST_F(VacatingTest, TheOldestGoesWhenItsReaderLetsGo) {
  lease_.LetGo();
  Turn(20);
  ASSERT_EQ(client_.recycled.size(), 2U);
  EXPECT_EQ(client_.recycled[1].serial, oldest_);
  EXPECT_GT(client_.recycled[1].chunk_count, 0U) << "what the receipt says";
  EXPECT_FALSE(ToldOfPassingOver());
}

TEST_F(VacatingTest, AStuckReaderIsPassedOver) {
  Turn(200);
  ASSERT_EQ(client_.recycled.size(), 2U);
  EXPECT_GT(client_.recycled[1].serial, oldest_);
  EXPECT_TRUE(ToldOfPassingOver());
}

// What a crash left is looked at first and may be empty: until then nothing has to go.
TEST_F(VolumeTest, NothingIsVacatedWhileAnOlderOneIsNotSealed) {
  Format(8);
  Open();
  uint64_t unit = 0;
  Record(&unit, [&] { return client_.recycled.size() == 1; });
  const SegmentSerial oldest = Oldest();
  volume_.reset();
  client_ = {};
  Open();
  ASSERT_EQ(pool().free_count(), 0U);
  for (const SegmentPool::Opened& life : pool().Lives()) {
    if (life.header.serial != oldest) pool().TrustSealed(life.header.serial);
  }
  const SegmentSerial next = Oldest();
  EXPECT_TRUE(volume_->Maintain());
  ASSERT_EQ(client_.segments.size(), 1U);
  EXPECT_EQ(client_.segments[0].serial, oldest);
  EXPECT_TRUE(pool().Lease(next).ok());
}

// What the client keeps stays as it was, to readers too.
TEST_F(VolumeTest, WhatMayNotBeRecycledCanBeRead) {
  Format(8);
  Open();
  client_.may_recycle = false;
  for (uint64_t unit = 0; unit < 40; ++unit) Give(unit, 15000);
  Turn(500);
  EXPECT_TRUE(client_.recycled.empty());
  EXPECT_TRUE(pool().Lease(Oldest()).ok());
}

// A failed write: the segment is given up, what was not durable there is written again with the
// same content, and salvage finds no chunk twice.
TEST_F(VolumeTest, AFailedWriteMovesWhatWasNotDurable) {
  Format(8);
  Open();
  Turn(4);
  for (uint64_t unit = 0; unit < 3; ++unit) Give(unit);
  Turn(40);
  ASSERT_EQ(client_.durable.size(), 3U);
  FaultRule rule;
  rule.call = SeamCall::kWrite;
  rule.fault = Fault::Error(EIO);
  disk_->faults().Add(rule);
  for (uint64_t unit = 3; unit < 6; ++unit) Give(unit);
  Turn(1, /*maintain=*/false);
  disk_->faults().Clear();
  Turn(40);
  EXPECT_EQ(client_.troubles, std::vector<VolumeHealth>{VolumeHealth::kSuspect});
  ASSERT_EQ(client_.durable.size(), 6U);
  EXPECT_NE(client_.durable[2]->serial, client_.durable[3]->serial);
  clock_.Advance(seconds(21));
  Turn(5);
  ASSERT_EQ(client_.salvages.size(), 1U);
  EXPECT_FALSE(client_.salvages[0].damaged());
  EXPECT_TRUE(pool().Find(client_.durable[0]->serial)->state == SegmentPool::FileState::kSealed);
}

TEST_F(VolumeTest, ThreeFailuresInARowTakeItOffline) {
  Format(12);
  Open();
  Turn(4);
  FaultRule rule;
  rule.call = SeamCall::kWrite;
  rule.fault = Fault::Error(EIO);
  rule.times = kForEver;
  Give(0);
  for (int i = 0; i < 6 && volume_->health() != VolumeHealth::kOffline; ++i) {
    disk_->faults().Clear();
    volume_->Maintain();  // a spare can be made all the same
    disk_->faults().Add(rule);
    Turn(12, /*maintain=*/false);
  }
  EXPECT_EQ(volume_->health(), VolumeHealth::kOffline);
  ASSERT_EQ(client_.handed_back.size(), 1U);
  EXPECT_EQ(client_.handed_back[0]->row.first_unit.value, 0U);
  EXPECT_TRUE(client_.durable.empty());
}

TEST_F(VolumeTest, AStallHandsOverWhatIsUnderWayAndWaiting) {
  Format(12);
  Open();
  Turn(4);
  FaultRule rule;
  rule.call = SeamCall::kWrite;
  rule.fault = Fault::Stall(Duration{0});
  disk_->faults().Add(rule);
  Give(0);
  Turn(2, /*maintain=*/false);
  clock_.Advance(milliseconds(2100));
  Turn(2, /*maintain=*/false);
  ASSERT_EQ(client_.troubles, std::vector<VolumeHealth>{VolumeHealth::kStalled});
  ASSERT_EQ(client_.handed_back.size(), 1U);
  EXPECT_NE(client_.handed_back[0]->serial.value, 0U);  // may still come through here
  disk_->ReleaseStalled();
  Turn(40, /*maintain=*/false);
  EXPECT_EQ(client_.durable.size(), 1U);
  EXPECT_EQ(volume_->health(), VolumeHealth::kSuspect);
}

// Chunks of one group may share a granule; chunks of two never do.
TEST_F(VolumeTest, NoGranuleIsWrittenAgainOnceAnythingInItWasReported) {
  constexpr uint32_t kGranule = 16384;
  Format(12, format::Placement::kGop, kGranule, 256U << 10);
  Open();
  Turn(4);
  std::set<std::pair<uint64_t, uint64_t>> reported;
  size_t seen = 0;
  size_t shared = 0;
  for (uint64_t unit = 0; unit < 60; ++unit) {
    Give(unit, 1000 + static_cast<uint32_t>(unit % 7) * 2500);
    if (unit % 4 != 3) continue;
    Turn(16);
    std::set<std::pair<uint64_t, uint64_t>> now;
    for (; seen < client_.durable.size(); ++seen) {
      const ChunkPtr& chunk = client_.durable[seen];
      const uint64_t end = chunk->row.offset_bytes + chunk->row.chunk_bytes;
      for (uint64_t at = chunk->row.offset_bytes / kGranule; at * kGranule < end; ++at) {
        const std::pair granule{chunk->serial.value, at};
        EXPECT_EQ(reported.count(granule), 0U) << granule.first << " " << granule.second;
        if (!now.insert(granule).second) ++shared;
      }
    }
    reported.insert(now.begin(), now.end());
  }
  EXPECT_EQ(client_.durable_units().size(), 60U);
  EXPECT_GT(shared, 0U);
}

TEST_F(VolumeTest, WhatWasDurableIsFoundByTheNextOpening) {
  Format(8);
  Open();
  for (uint64_t unit = 0; unit < 9; ++unit) {
    Give(unit, 5000);
    Turn(3);
  }
  Turn(20);
  const std::set<uint64_t> durable = client_.durable_units();
  ASSERT_EQ(durable.size(), 9U);
  CrashTraits drop;
  drop.mode = CrashTraits::Mode::kDropAll;
  std::unique_ptr<SimDisk> after = disk_->CrashImage(disk_->journal_size(), 3, drop, &clock_);
  NotingClient next;
  auto volume = Volume::Open(*after, clock_, random_, next, OptionsOf());
  ASSERT_TRUE(volume.ok()) << volume.status().ToString();
  EXPECT_EQ((*volume)->superblock().epoch.value, 2U);
  while ((*volume)->HasWork()) (*volume)->Maintain();
  uint32_t found = 0;
  for (const SegmentRow& row : next.segments) found += row.chunk_count;
  EXPECT_EQ(found, 9U);
  for (const SalvageReport& report : next.salvages) EXPECT_FALSE(report.damaged());
}

TEST_F(VolumeTest, RefusesWhatIsNotItsVolume) {
  Format(8);
  const auto refusal = [&](const Volume::Options& options) {
    auto volume = Volume::Open(*disk_, clock_, random_, client_, options);
    return volume.ok() ? OkStatus() : volume.status();
  };
  Volume::Options other_node = OptionsOf();
  other_node.node.bytes.fill(8);
  EXPECT_EQ(refusal(other_node).code(), Code::kFailedPrecondition);
  EXPECT_NE(refusal(other_node).message().find("adopt"), std::string::npos);
  Volume::Options remembered = OptionsOf();
  remembered.least_epoch = {5};
  EXPECT_EQ(refusal(remembered).code(), Code::kFailedPrecondition);
  EXPECT_NE(refusal(remembered).message().find("older copy"), std::string::npos);

  disk_->RunAs(2);
  Open();
  disk_->RunAs(1);
  EXPECT_EQ(refusal(OptionsOf()).code(), Code::kFailedPrecondition);
  EXPECT_NE(refusal(OptionsOf()).message().find("2"), std::string::npos);
  volume_.reset();
  disk_->EndProcess(2);
  other_node.take_over = true;
  EXPECT_TRUE(refusal(other_node).ok());

  SimDisk empty;
  auto none = Volume::Open(empty, clock_, random_, client_, OptionsOf());
  EXPECT_EQ(none.status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace reel
