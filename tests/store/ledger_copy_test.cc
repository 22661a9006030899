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
  void Start(uint64_t segments = 24) {
    WorldOptions options;
    options.segments = segments;
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
  EXPECT_LT(LedgerFiles().size(), 12U);
  EXPECT_EQ(GapsFoundAnew(), 2000U);
}

// Sessions too short for the copy that each begins with: closing finishes it.
TEST_F(LedgerCopyTest, ManyShortSessionsDoNotFillTheVolume) {
  Start();
  RecordGaps(0, 2000);
  for (int64_t session = 0; session < 30; ++session) {
    ASSERT_TRUE(store_->Close().ok()) << session;
    store_.reset();
    Reopen();
    RecordGaps(2000 + session, 2001 + session);
    ASSERT_LT(LedgerFiles().size(), 12U) << session;
  }
  EXPECT_EQ(GapsFoundAnew(), 2030U);
}

// More runs end at once than the ledger's buffer has room for.
TEST_F(LedgerCopyTest, EndsOfRunsWaitForRoomInTheLedger) {
  constexpr size_t kRuns = 3000;
  Start(400);  // nothing is recycled: what is known of runs goes with their footage
  std::vector<std::unique_ptr<RunWriter>> writers;
  const Bytes bytes(100);
  for (size_t i = 0; i < kRuns; ++i) {
    RunOptions options;
    options.tracks = {TrackInfo{}};
    auto writer = store_->BeginRun(stream_, options);
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    UnitView unit;
    unit.bytes = bytes;
    unit.flags = kUnitClean;
    unit.wall = {static_cast<int64_t>(i) * 1'000'000};
    ASSERT_TRUE((*writer)->Append({0}, unit, AppendMode::kBulk).ok());
    (*writer)->Flush();
    writers.push_back(std::move(*writer));
    if (i % 50 != 0) continue;
    ASSERT_TRUE(writers.back()->WaitDurable({1}, seconds(10)).ok());
  }
  for (const auto& writer : writers) ASSERT_TRUE(writer->End(EndCause::kSourceLost).ok());
  writers.clear();
  ASSERT_TRUE(store_->WaitIdle(seconds(60)).ok());
  ASSERT_TRUE(store_->Close().ok());
  store_.reset();
  MemoryIndex fresh;
  auto opened = world_->Open(fresh);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  ASSERT_TRUE((*opened)->WaitIdle(seconds(60)).ok());
  const auto runs = fresh.Runs(stream_, {kWallMin, kWallMax}, 10'000);
  const auto ended = std::count_if(runs->begin(), runs->end(), [](const RunRow& run) {
    return run.cause == EndCause::kSourceLost;
  });
  EXPECT_EQ(static_cast<size_t>(ended), kRuns);
}

// Where imported footage came from lives as long as the ledger: copied forward, read anew without
// an index, after an orderly stop and after a power cut.
TEST_F(LedgerCopyTest, ImportsSurviveCopyingCrashesAndALostIndex) {
  Start();
  ImportRow first;
  first.stream = stream_;
  first.run = {{1}};
  first.begin = {1'000'000};
  first.imported = {5};
  first.owner = "shop at no. 5";
  first.source = "cam.mp4";
  first.source_bytes = 77;
  first.source_sha256.fill(9);
  first.clock_offset = std::chrono::milliseconds(-2500);
  ASSERT_TRUE(store_->RecordImport(first).ok());
  EXPECT_EQ(store_->Imports(), std::vector<ImportRow>{first});
  ImportRow whole = first;
  whole.end = {2'000'000};
  ASSERT_TRUE(store_->RecordImport(whole).ok());
  ImportRow broken_off = first;
  broken_off.run = {{2}};
  broken_off.imported = {6};
  ASSERT_TRUE(store_->RecordImport(broken_off).ok());
  const std::vector<ImportRow> all = {whole, broken_off};
  EXPECT_EQ(store_->Imports(), all);

  RecordGaps(0, 1500);  // the segments of the records above are long recycled
  CrashTraits drop;
  drop.mode = CrashTraits::Mode::kDropAll;
  SimWorld after(*world_, world_->CutAt(world_->now()), 9, drop);
  MemoryIndex fresh;
  auto crashed = after.Open(fresh);
  ASSERT_TRUE(crashed.ok()) << crashed.status().ToString();
  EXPECT_EQ((*crashed)->Imports(), all) << "at once, before salvage is through";
  ASSERT_TRUE((*crashed)->WaitIdle(seconds(60)).ok());
  EXPECT_EQ((*crashed)->Imports(), all);

  ASSERT_TRUE(store_->Close().ok());
  store_.reset();
  Reopen();
  EXPECT_EQ(store_->Imports(), all);
}

TEST_F(LedgerCopyTest, ImportsOfNoStreamOrWithBadTextsAreRefused) {
  Start();
  ImportRow import;
  import.stream = stream_;
  import.run = {{ 1 }};
  import.owner = "line\nbreak";
  EXPECT_EQ(store_->RecordImport(import).code(), Code::kInvalidArgument);
  import.owner = std::string(256, 'x');
  EXPECT_EQ(store_->RecordImport(import).code(), Code::kInvalidArgument);
  import.owner = "";
  import.stream = {{ 99 }};
  EXPECT_EQ(store_->RecordImport(import).code(), Code::kNotFound);
  EXPECT_TRUE(store_->Imports().empty());
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
  EXPECT_EQ(GapsFoundAnew(), 400U);
}

}  // namespace
}  // namespace reel
