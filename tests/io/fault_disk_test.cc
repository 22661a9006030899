#include "engine/testing/fault_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "engine/testing/sim_disk.h"
#include "tests/io/aligned_buffer.h"

namespace reel {
namespace {

constexpr uint64_t kBlock = 4096;
using When = FaultDisk::When;

class FaultDiskTest : public testing::Test {
 public:
  void SetUp() override { file_ = disk_.Create("f", 8 * kBlock).value(); }

  void Plan(SeamCall call, Fault fault, uint64_t nth = 1, uint64_t times = 1) {
    disk_.faults().Add({call, std::move(fault), nth, times, ""});
  }

  FaultDisk disk_{std::make_unique<SimDisk>()};
  SimDisk& sim_ = static_cast<SimDisk&>(disk_.below());
  std::unique_ptr<File> file_;
  AlignedBuffer data_{kBlock, 1};
};

TEST_F(FaultDiskTest, FailedCallsDoNotReachTheDisk) {
  Plan(SeamCall::kWrite, Fault::Error(ENOSPC), 2);
  Plan(SeamCall::kSync, Fault::Error(EIO));
  EXPECT_TRUE(file_->Write(0, data_.span()).ok());
  const uint64_t below = sim_.op_count();
  EXPECT_EQ(file_->Write(kBlock, data_.span()).status().system_errno(), ENOSPC);
  EXPECT_EQ(file_->Sync().system_errno(), EIO);
  EXPECT_EQ(sim_.op_count(), below);
  EXPECT_TRUE(file_->Write(kBlock, data_.span()).ok());
}

TEST_F(FaultDiskTest, ShortTransfersAdmitToHalf) {
  Plan(SeamCall::kAny, Fault::Short(), 1, 2);
  EXPECT_EQ(file_->Write(0, data_.span()).value(), kBlock / 2);
  EXPECT_EQ(file_->Read(0, data_.span()).value(), kBlock / 2);
  EXPECT_EQ(file_->Read(0, data_.span()).value(), kBlock);
}

TEST_F(FaultDiskTest, RequestsOfAQueueFailInTheirCompletion) {
  const auto queue = disk_.NewQueue(4).value();
  Plan(SeamCall::kWrite, Fault::Error(EINTR));
  Plan(SeamCall::kWrite, Fault::Short(), 2);
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file_.get(), i * kBlock, data_.span(), i)));
  }
  std::map<uint64_t, int32_t> results;
  for (const IoCompletion& done : ReapAll(*queue)) results[done.tag] = done.result;
  EXPECT_THAT(results, testing::ElementsAre(testing::Pair(0, -EINTR), testing::Pair(1, kBlock / 2),
                                            testing::Pair(2, kBlock)));
}

TEST_F(FaultDiskTest, EveryCallOfADiskCanFail) {
  Plan(SeamCall::kAny, Fault::Error(EIO), 1, kForEver);
  EXPECT_EQ(disk_.Probe().status().system_errno(), EIO);
  EXPECT_EQ(disk_.List().status().system_errno(), EIO);
  EXPECT_EQ(disk_.Create("g", kBlock).status().system_errno(), EIO);
  EXPECT_EQ(disk_.Open("f", OpenMode::kReadOnly).status().system_errno(), EIO);
  EXPECT_EQ(disk_.Remove("f").system_errno(), EIO);
  EXPECT_EQ(disk_.Lock("lock").status().system_errno(), EIO);
  EXPECT_EQ(disk_.op_count(), 7U) << "one more made the file";
}

TEST_F(FaultDiskTest, ActionsRunBeforeAndAfterEachCall) {
  std::vector<When> points;
  AlignedBuffer data(kBlock, 2);
  disk_.OnCall([&](SeamCall call, When when) {
    EXPECT_EQ(call, SeamCall::kWrite);
    EXPECT_EQ(sim_.Peek("f", 0, kBlock) == data.copy(), when == When::kAfter);
    points.push_back(when);
  });
  ASSERT_TRUE(file_->Write(0, data.span()).ok());
  EXPECT_THAT(points, testing::ElementsAre(When::kBefore, When::kAfter));
}

TEST_F(FaultDiskTest, AfterARequestMeansBeforeItsCompletionIsSeen) {
  const auto queue = disk_.NewQueue(4).value();
  bool acted = false;
  disk_.OnCall([&](SeamCall, When when) { acted = acted || when == When::kAfter; });
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file_.get(), 0, data_.span(), 1)));
  EXPECT_FALSE(acted);
  ReapAll(*queue);
  EXPECT_TRUE(acted);
}

TEST(FaultDiskDeathTest, AnActionMayKillTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        FaultDisk disk(std::make_unique<SimDisk>());
        disk.OnCall([](SeamCall, When) { raise(SIGKILL); });
        static_cast<void>(disk.List());
      },
      testing::KilledBySignal(SIGKILL), "");
}

}  // namespace
}  // namespace reel
