#include "engine/io/transfer.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "engine/testing/sim_disk.h"
#include "tests/io/aligned_buffer.h"

namespace reel {
namespace {

constexpr uint64_t kBlock = 4096;
using Next = IoTransfer::Next;

class TransferTest : public testing::Test {
 public:
  void SetUp() override { file_ = disk_.Create("f", 16 * kBlock).value(); }

  void Plan(SeamCall call, Fault fault, uint64_t nth, uint64_t times) {
    disk_.faults().Add({call, std::move(fault), nth, times, ""});
  }

  SimDisk disk_;
  std::unique_ptr<File> file_;
  AlignedBuffer data_{8 * kBlock, 1};
};

TEST_F(TransferTest, ShortAndInterruptedTransfersAreFinished) {
  for (const SeamCall call : {SeamCall::kWrite, SeamCall::kRead}) {
    Plan(call, Fault::Short(), 1, 3);
    Plan(call, Fault::Error(EINTR), 1, 2);  // counted with the ones above, which act first
    Plan(call, Fault::Error(EAGAIN), 4, 2);
  }
  ASSERT_TRUE(WriteFully(*file_, 4 * kBlock, data_.span()).ok());
  EXPECT_EQ(disk_.Peek("f", 4 * kBlock, 8 * kBlock), data_.copy());
  EXPECT_EQ(disk_.faults().count(SeamCall::kWrite), 6U);
  AlignedBuffer read(8 * kBlock);
  EXPECT_EQ(ReadFully(*file_, 4 * kBlock, read.span()).value(), 8 * kBlock);
  EXPECT_EQ(read.copy(), data_.copy());
}

TEST_F(TransferTest, ReadingEndsWithTheFile) {
  EXPECT_EQ(ReadFully(*file_, 12 * kBlock, data_.span()).value(), 4 * kBlock);
  EXPECT_EQ(ReadFully(*file_, 16 * kBlock, data_.span()).value(), 0U);
  disk_.PutFile("odd", Bytes(5000));
  const auto odd = disk_.Open("odd", OpenMode::kReadOnly).value();
  EXPECT_EQ(ReadFully(*odd, 0, data_.span()).value(), 5000U);
}

TEST_F(TransferTest, RealErrorsAreNotRetried) {
  Plan(SeamCall::kWrite, Fault::Error(EIO), 1, 1);
  EXPECT_EQ(WriteFully(*file_, 0, data_.span()).system_errno(), EIO);
  EXPECT_EQ(disk_.faults().count(SeamCall::kWrite), 1U);
}

TEST_F(TransferTest, TriesWithoutProgressAreBounded) {
  Plan(SeamCall::kWrite, Fault::Error(EINTR), 1, kForEver);
  Plan(SeamCall::kRead, Fault::Short(), 1, kForEver);
  EXPECT_EQ(WriteFully(*file_, 0, data_.span()).system_errno(), EINTR);
  EXPECT_EQ(disk_.faults().count(SeamCall::kWrite), uint64_t{kMaxIdleTries} + 1);
  // Halving ends at half a block, which is no progress any more.
  EXPECT_EQ(ReadFully(*file_, 0, data_.span()).status().system_errno(), EIO);
}

TEST_F(TransferTest, TheRestBeginsAtAnAlignedBlock) {
  const IoRequest whole = RequestOf(IoKind::kWrite, file_.get(), 2 * kBlock, data_.span(), 42);
  IoTransfer transfer(whole);
  EXPECT_EQ(transfer.OnCompletion(kBlock + 512), Next::kResubmit);
  EXPECT_EQ(transfer.request().offset_bytes, 3 * kBlock);
  EXPECT_EQ(transfer.request().data, data_.data() + kBlock);
  EXPECT_EQ(transfer.request().length_bytes, 7 * kBlock);
  EXPECT_EQ(transfer.request().tag, 42U);
  EXPECT_EQ(transfer.moved_bytes(), kBlock + 512);
  EXPECT_EQ(transfer.OnCompletion(7 * kBlock), Next::kDone);
  EXPECT_EQ(transfer.moved_bytes(), 8 * kBlock);
}

TEST_F(TransferTest, ProgressRenewsThePatience) {
  IoTransfer transfer(RequestOf(IoKind::kWrite, file_.get(), 0, data_.span(), 1));
  for (uint64_t block = 1; block < 8; ++block) {
    for (int i = 0; i < kMaxIdleTries; ++i) {
      ASSERT_EQ(transfer.OnCompletion(-EINTR), Next::kResubmit);
    }
    ASSERT_EQ(transfer.OnCompletion(kBlock), Next::kResubmit);
  }
  EXPECT_EQ(transfer.OnCompletion(kBlock), Next::kDone);
}

TEST_F(TransferTest, SyncsAreNeverResubmitted) {
  for (const int error : {EIO, EINTR, EAGAIN, ENOSPC}) {
    IoTransfer transfer(SyncOf(file_.get(), 1));
    EXPECT_EQ(transfer.OnCompletion(-error), Next::kFailed);
    EXPECT_EQ(transfer.failed_errno(), error);
  }
  IoTransfer transfer(SyncOf(file_.get(), 1));
  EXPECT_EQ(transfer.OnCompletion(0), Next::kDone);
}

}  // namespace
}  // namespace reel
