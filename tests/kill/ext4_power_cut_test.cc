// Power cuts under the whole engine: a process records to a node on ext4 on a loop device, the file
// system is shut down without flushing its journal, the process is killed while it still tries, and
// after a new mount everything that was acknowledged is there. The index stands on the same file
// system and loses what it had not synced.
//
// REEL_SEED=<seed> runs from that one.
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdio>
#include <random>

#include "tests/faults/share.h"
#include "tests/io/ext4_image.h"
#include "tests/kill/node_check.h"
#include "tests/kill/victim.h"

namespace reel {
namespace {

using std::chrono::milliseconds;

constexpr off_t kImageBytes = 256 << 20;
constexpr uint64_t kCutsWanted = 200;
constexpr uint64_t kUnitsOfALife = 600;
// A cut at most so long after the process has begun, and its end at most so long after the cut.
constexpr uint64_t kCutMaxMs = 600;
constexpr uint64_t kAgonyMaxMs = 80;

// Rings of a killed process are taken down behind its back and hold the file system until then.
bool UnmountWhenLeft(Ext4Image* image) {
  constexpr int kTries = 500;
  constexpr int kTryMs = 10;
  for (int i = 0; i < kTries; ++i) {
    if (image->Unmount()) return true;
    poll(nullptr, 0, kTryMs);
  }
  return false;
}

class PowerCuts {
 public:
  PowerCuts(uint64_t seed, DiskEngine engine)
      : random_(seed), engine_(engine), setting_{seed % 3 == 0} {
    node_ = setting_.Node(image_.path(), engine, seed % 4 < 2 ? "gop" : "log");
  }
  const std::string& lacks() const { return image_.lacks(); }

  void CutOnce() {
    Victim victim({REEL_KILL_RECORDER, outside_.PathOf("journal"), image_.path(),
                   engine_ == DiskEngine::kUring ? "uring" : "pwrite", node_.placement,
                   setting_.roomy ? "1" : "0", std::to_string(random_()), "0",
                   std::to_string(kUnitsOfALife)});
    victim.WaitEnd(milliseconds(random_() % kCutMaxMs));
    ASSERT_TRUE(image_.CutPower());
    victim.WaitEnd(milliseconds(random_() % kAgonyMaxMs));
    victim.Kill();
    victim.Reap();
    ASSERT_TRUE(UnmountWhenLeft(&image_)) << "something still holds the file system";
    ASSERT_TRUE(image_.Mount());
    NodeCheck check(node_, *journal_, !setting_.roomy);
    check.Run(*journal_, random_(), random_() % 2 == 0);
    units_checked_ += check.units_checked();
    std::string problems;
    for (const std::string& problem : check.problems()) problems += "  " + problem + "\n";
    ASSERT_TRUE(problems.empty()) << node_.placement << " placement\n"
                                  << problems << TextOf(*journal_);
  }
  uint64_t units_checked() const { return units_checked_; }

 private:
  std::mt19937_64 random_;
  const DiskEngine engine_;
  const KillSetting setting_;
  Ext4Image image_{kImageBytes};
  TempDirectory outside_;
  MappedJournal journal_{outside_.PathOf("journal")};
  RealNode node_;
  uint64_t units_checked_ = 0;
};

TEST(Ext4PowerCut, WhatWasAcknowledgedSurvives) {
  constexpr uint64_t kCutsOfAnImage = 8;
  const Share share(15);
  uint64_t cuts = 0;
  uint64_t units = 0;
  for (uint64_t seed = share.seed(); !share.over() && !HasFailure(); ++seed) {
    if (share.is_long() && cuts >= kCutsWanted) break;
    PowerCuts power(seed, seed % 2 == 0 ? DiskEngine::kUring : DiskEngine::kPwrite);
    if (!power.lacks().empty()) GTEST_SKIP() << power.lacks();
    SCOPED_TRACE("replay: REEL_SEED=" + std::to_string(seed) + " ext4_power_cut_test");
    for (uint64_t i = 0; i < kCutsOfAnImage && !share.over() && !HasFailure(); ++i) {
      power.CutOnce();
      ++cuts;
    }
    units += power.units_checked();
  }
  std::printf("[  cuts    ] %llu in %.0f s (%.1f/s), %llu units read back, seed %llu\n",
              static_cast<unsigned long long>(cuts), share.seconds(),
              static_cast<double>(cuts) / share.seconds(), static_cast<unsigned long long>(units),
              static_cast<unsigned long long>(share.seed()));
}

}  // namespace
}  // namespace reel
