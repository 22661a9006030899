// File systems that are full to the last block: a node is not made there, a node that stands there
// goes on recording by recycling what it has and starts again, and a state directory without room
// costs the index, never the footage.
//
// On ext4 on a loop device; on a small tmpfs where there is none; skipped where neither is to be
// had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "engine/testing/memory_index.h"
#include "tests/faults/synthetic.h"
#include "tests/io/ext4_image.h"
#include "tests/kill/kill_node.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

// A small file system.
class SmallDisk {
 public:
  explicit SmallDisk(off_t size_bytes) : image_(size_bytes) {
    if (image_.lacks().empty()) return;
    const std::string size = "size=" + std::to_string(size_bytes);
    tmpfs_ = mount("reel", directory_.path().c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  ~SmallDisk() {
    if (tmpfs_) umount2(directory_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  std::string lacks() const { return tmpfs_ ? "" : image_.lacks(); }
  const std::string& path() const { return tmpfs_ ? directory_.path() : image_.path(); }

  // With other data, to the last block.
  void Fill() const {
    const UniqueFd file(open((path() + "/other").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
    for (size_t step = 1U << 20; step >= 512; step /= 2) {
      const std::vector<char> data(step, 'x');
      while (write(file.get(), data.data(), data.size()) > 0) {
      }
    }
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_EQ(fsync(file.get()), 0);
  }
  void MakeRoom() const { fs::remove(path() + "/other"); }

 private:
  Ext4Image image_;
  TempDirectory directory_;
  bool tmpfs_ = false;
};

// A node whose state directory and volume may stand on different file systems.
class FullDiskTest : public testing::Test {
 public:
  void SetUp() override {
    if (!disk_.lacks().empty()) GTEST_SKIP() << disk_.lacks() << ", or root for a tmpfs";
    node_ = KillSetting{}.Node(root_.path(), DiskEngine::kAuto, "log");
  }
  void PutOnSmallDisk(const std::string& path) { fs::create_directory_symlink(disk_.path(), path); }
  void Open() {
    auto opened = KillNode::Open(node_, *journal_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    opened_ = std::move(*opened);
    auto stream = store().FindStream("gate");
    if (!stream.ok()) stream = store().CreateStream("gate");
    ASSERT_TRUE(stream.ok()) << stream.status().ToString();
    stream_ = stream->id;
    RunOptions options;
    options.tracks = SyntheticTracks();
    auto run = store().BeginRun(stream_, options);
    ASSERT_TRUE(run.ok()) << run.status().ToString();
    run_ = std::move(*run);
    ++source_number_;
    source_ = std::make_unique<SyntheticSource>(source_number_,
                                                WallTime{} + seconds(10'000 * source_number_));
    next_ = 0;
  }
  void Stop() {
    run_.reset();
    opened_.reset();
  }
  Store& store() { return opened_->store(); }
  void Record(uint64_t units) {
    for (uint64_t i = 0; i < units; ++i, ++next_) {
      const Status status = run_->Append({next_}, source_->Make(next_), AppendMode::kBulk);
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
    run_->Flush();
    const Status durable = run_->WaitDurable({next_}, seconds(30));
    ASSERT_TRUE(durable.ok()) << durable.ToString();
  }
  // The last `newest` units of what was recorded are there, and nothing wrong is.
  void ExpectNewest(uint64_t newest) {
    const ReadBack back = ReadStream(store(), stream_);
    EXPECT_THAT(back.problems, testing::IsEmpty());
    EXPECT_EQ(back.damaged, 0U);
    const auto at = back.units.find(static_cast<uint64_t>(source_number_));
    ASSERT_NE(at, back.units.end());
    EXPECT_EQ(Missing(at->second, next_ - std::min(newest, next_), next_), "");
  }

  SmallDisk disk_{64 << 20};
  TempDirectory root_;
  RealNode node_;
  MappedJournal journal_{root_.PathOf("journal")};
  std::unique_ptr<KillNode> opened_;
  StreamId stream_;
  std::unique_ptr<RunWriter> run_;
  std::unique_ptr<SyntheticSource> source_;
  int source_number_ = 0;
  uint64_t next_ = 0;
};

constexpr uint64_t kUnitsOfASegment = 80;
constexpr uint64_t kUnitsOfAVolume = 32 * 100;

TEST_F(FullDiskTest, ANodeIsNotMadeThere) {
  PutOnSmallDisk(node_.VolumePath(1));
  disk_.Fill();
  const Status made = node_.Init();
  EXPECT_EQ(made.code(), Code::kResourceExhausted) << made.ToString();
  EXPECT_THAT(made.message(), testing::HasSubstr(node_.VolumePath(1)));
  disk_.MakeRoom();
  EXPECT_TRUE(node_.Init().ok()) << "nothing is left half-made";
}

TEST_F(FullDiskTest, ANodeIsNotMadeOnAStateDirectoryWithoutRoom) {
  PutOnSmallDisk(node_.StatePath());
  disk_.Fill();
  const Status made = node_.Init();
  EXPECT_EQ(made.code(), Code::kResourceExhausted) << made.ToString();
  EXPECT_THAT(made.message(), testing::HasSubstr(node_.StatePath()));
  disk_.MakeRoom();
  EXPECT_TRUE(node_.Init().ok()) << "nothing is left half-made";
}

TEST_F(FullDiskTest, RecordingGoesOnWithinWhatTheVolumeHas) {
  PutOnSmallDisk(node_.VolumePath(1));
  Open();
  Record(8 * kUnitsOfASegment);
  disk_.Fill();
  Record(2 * kUnitsOfAVolume);
  EXPECT_GT(store().counters().segments_recycled, 0U);
  ExpectNewest(2 * kUnitsOfASegment);
  EXPECT_EQ(store().counters().units_shed, 0U);

  // Started again, in order or not, it records at once.
  ASSERT_TRUE(store().Close().ok());
  for (int i = 0; i < 2; ++i) {
    Stop();
    Open();
    Record(3 * kUnitsOfASegment);
    EXPECT_TRUE(store().WaitIdle(seconds(30)).ok());
    ExpectNewest(2 * kUnitsOfASegment);
  }
  EXPECT_TRUE(store().Verify([](const std::string&) {}).ok());

  // With room again it grows to its size.
  disk_.MakeRoom();
  Record(2 * kUnitsOfAVolume);
  EXPECT_GT(store().Volumes()[0].segments_in_use, node_.segments / 2);
}

TEST_F(FullDiskTest, AFullStateDirectoryCostsNoFootage) {
  PutOnSmallDisk(node_.StatePath());
  node_.segments = 400;
  Open();
  Record(kUnitsOfASegment);
  disk_.Fill();
  // Its log has room set aside; it notices at the next table that it writes.
  EXPECT_FALSE(opened_->index().rocks().Compact().ok());
  Record(30 * kUnitsOfASegment);
  EXPECT_EQ(run_->watermarks().durable.value, next_);
  EXPECT_THAT(opened_->errors(),
              testing::Contains(testing::HasSubstr("the index cannot be written")));

  disk_.MakeRoom();
  Record(kUnitsOfASegment);
  EXPECT_TRUE(store().WaitIdle(seconds(30)).ok())
      << "the index catches up: " << testing::PrintToString(opened_->errors());
  ExpectNewest(next_);
  Stop();
  Open();
  EXPECT_TRUE(store().WaitIdle(seconds(30)).ok());
}

TEST_F(FullDiskTest, AFullStateDirectoryDoesNotKeepTheNodeFromStarting) {
  PutOnSmallDisk(node_.StatePath());
  node_.segments = 400;
  Open();
  Record(kUnitsOfASegment);
  Stop();
  disk_.Fill();
  Open();
  EXPECT_THAT(opened_->errors(), testing::Contains(testing::HasSubstr("no room for the index")));
  Record(30 * kUnitsOfASegment);
  MemoryIndex other;
  EXPECT_THAT(Store::Open(node_.OptionsFor(&other)).status().message(),
              testing::HasSubstr(std::to_string(getpid())))
      << "the one writer is known by name";
  disk_.MakeRoom();
  Record(1);
  EXPECT_TRUE(store().WaitIdle(seconds(30)).ok());
  ExpectNewest(next_);
}

}  // namespace
}  // namespace reel
