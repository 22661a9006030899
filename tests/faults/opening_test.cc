// Opening a node of several disks: they are read side by side, and each may fail for itself.
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "engine/testing/fault_disk.h"
#include "engine/testing/memory_index.h"
#include "tests/faults/real_node.h"

namespace reel {
namespace {

// Where the openings of all volumes meet: whoever comes waits for the others.
class Meeting {
 public:
  explicit Meeting(size_t expected) : expected_(expected) {}
  void Come() {
    std::unique_lock lock(mutex_);
    ++come_;
    all_.notify_all();
    all_.wait_for(lock, std::chrono::seconds(20), [this] { return come_ >= expected_; });
    met_ += come_ >= expected_ ? 1U : 0U;
  }
  size_t met() const { return met_; }

 private:
  const size_t expected_;
  std::mutex mutex_;
  std::condition_variable all_;
  size_t come_ = 0;
  size_t met_ = 0;
};

class Opening : public ::testing::Test {
 protected:
  Opening() {
    node_.root =
        std::filesystem::temp_directory_path() / ("reel-opening-" + std::to_string(getpid()));
    node_.volumes = 3;
    std::filesystem::remove_all(node_.root);
    EXPECT_TRUE(node_.Init().ok());
  }
  void TearDown() override { std::filesystem::remove_all(node_.root); }

  RealNode node_;
  MemoryIndex index_;
};

TEST_F(Opening, VolumesAreReadSideBySide) {
  Meeting meeting(node_.volumes);
  node_.wrap = [&](std::unique_ptr<Disk> disk) -> std::unique_ptr<Disk> {
    const bool volume = disk->description().find("volume") != std::string::npos;
    auto watched = std::make_unique<FaultDisk>(std::move(disk));
    watched->OnCall([&meeting, volume](SeamCall call, FaultDisk::When when) {
      if (volume && call == SeamCall::kList && when == FaultDisk::When::kBefore) meeting.Come();
    });
    return watched;
  };
  const auto opened = Store::Open(node_.OptionsFor(&index_));
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(meeting.met(), node_.volumes);
  EXPECT_TRUE((*opened)->Close().ok());
}

TEST_F(Opening, OneThatFailsIsAwayAlone) {
  size_t opened_disks = 0;
  node_.wrap = [&](std::unique_ptr<Disk> disk) -> std::unique_ptr<Disk> {
    auto failing = std::make_unique<FaultDisk>(std::move(disk));
    FaultRule rule;
    rule.call = SeamCall::kList;
    rule.fault = Fault::Error(EIO);
    rule.times = kForEver;
    if (opened_disks++ == 2) failing->faults().Add(rule);  // the state's, then the volumes'
    return failing;
  };
  const auto opened = Store::Open(node_.OptionsFor(&index_));
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  const std::vector<VolumeInfo> volumes = (*opened)->Volumes();
  ASSERT_EQ(volumes.size(), 3U);
  EXPECT_EQ(volumes[0].state, "good");
  EXPECT_NE(volumes[1].state, "good");
  EXPECT_EQ(volumes[2].state, "good");
  EXPECT_TRUE((*opened)->Close().ok());
}

}  // namespace
}  // namespace reel
