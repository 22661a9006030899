// The ledger on the disk: copied forward on volumes where it is larger than a segment or than its
// own buffer, and never let go unread.
#include <gtest/gtest.h>

#include "engine/segment/segment_file.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::seconds;

class LedgerCopyTest : public ::testing::Test {
 protected:
  void Start() {
    WorldOptions options;
    options.segments = 24;
    options.stream_buffer_bytes = 256U << 10;  // less than what is live in the end
    world_ = std::make_unique<SimWorld>(options);
    ASSERT_TRUE(world_->Init().ok());
    Reopen();
    stream_ = store_->CreateStream("gate")->id;
  }
  void Reopen() {
    auto opened = world_->Open(index_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = std::move(*opened);
  }
  GapRow Gap(int64_t n) {
    return {stream_, {n * 1'000'000}, {n * 1'000'000 + 1}, GapCause::kSourceLost, 0};
  }
  void RecordGaps(int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const Status status = store_->RecordGap(Gap(n));
      ASSERT_TRUE(status.ok()) << n << ": " << status.ToString();
    }
  }
  size_t GapsFoundAnew() {
    store_.reset();
    MemoryIndex fresh;
    auto opened = world_->Open(fresh);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    EXPECT_TRUE((*opened)->WaitIdle(seconds(60)).ok());
    EXPECT_TRUE((*opened)->FindStream("gate").ok());
    return fresh.Gaps(stream_, {kWallMin, kWallMax}, 10'000)->size();
  }
  // File numbers of sealed ledger segments.
  std::vector<uint32_t> LedgerFiles() {
    std::vector<uint32_t> files;
    const std::vector<SegmentRow> segments = *index_.Segments({1});
    for (const SegmentRow& row : segments) {
      if (row.retention_class == kLedgerClass && row.state == SegmentState::kSealed)
        files.push_back(row.file_number);
    }
    return files;
  }

  std::unique_ptr<SimWorld> world_;
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
  StreamId stream_;
};

// A chunk for each record that is waited for: without copying forward this fills the volume thrice.
TEST_F(LedgerCopyTest, TheLedgerNeverFillsItsVolume) {
  Start();
  RecordGaps(0, 2000);
  EXPECT_LT(LedgerFiles().size(), 12u);
  EXPECT_EQ(GapsFoundAnew(), 2000u);
}

// The footer of a sealed segment rots while the index says that it is sealed: what stands there is
// read chunk by chunk, and so is not lost when the ledger is copied forward.
TEST_F(LedgerCopyTest, ARottenFooterLosesNoRecord) {
  Start();
  RecordGaps(0, 40);
  ASSERT_TRUE(store_->Close().ok());
  store_.reset();
  const std::vector<uint32_t> files = LedgerFiles();
  ASSERT_FALSE(files.empty());
  for (const uint32_t file : files) {
    char name[32];
    std::snprintf(name, sizeof name, "segment-%08u", file);
    world_->disk(1).CorruptSector(name, (128U << 10) - 4096);
  }
  Reopen();
  ASSERT_TRUE(store_->FindStream("gate").ok());
  RecordGaps(40, 400);
  EXPECT_EQ(GapsFoundAnew(), 400u);
}

}  // namespace
}  // namespace reel
