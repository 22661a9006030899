// kill -9 of a real process on real disks: at the n-th point of the disks' seam, n swept over a
// whole life of a node (made, opened, recorded to, recycled, recovered), and at a random moment.
// Several generations on one directory, some killed while they recover from the one before, some
// with the index deleted or an older one put in its place.
//
// REEL_SEED=<seed> runs one directory's generations alone; a failure keeps the directory.
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "tests/faults/share.h"
#include "tests/io/temp_directory.h"
#include "tests/kill/node_check.h"
#include "tests/kill/victim.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kKillsWanted = 2000;
constexpr uint64_t kUnitsOfALife = 600;
constexpr uint32_t kLeaving = 100;
constexpr Duration kLifeMax = seconds(100);

struct Tally {
  uint64_t kills = 0;
  uint64_t at_random = 0;
  uint64_t survived = 0;
  uint64_t units_checked = 0;
  // Of the first one, which is let run to its end: how far the sweep has to go.
  uint64_t points_of_a_life = 0;
  Duration length_of_a_life{0};
  std::map<std::string, uint64_t> by_call;
};

std::string CallName(uint32_t fatal_call) {
  static const std::array<const char*, 10> names = {"any",    "probe", "list", "create", "open",
                                                    "remove", "lock",  "read", "write",  "sync"};
  return (fatal_call >= kLeaving ? "after " : "before ") +
         std::string(names.at(fatal_call % kLeaving));
}

// One directory, killed generation by generation.
class Generations {
 public:
  Generations(uint64_t seed, Tally* tally)
      : seed_(seed),
        random_(seed),
        tally_(tally),
        directory_(testing::TempDir() + "reel-kill-" + std::to_string(seed)),
        setting_{seed % 3 == 0},
        engine_(seed % 2 == 0 ? DiskEngine::kUring : DiskEngine::kPwrite),
        placement_(seed % 4 < 2 ? "gop" : "log") {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    journal_ = std::make_unique<MappedJournal>(directory_ + "/journal");
    node_ = setting_.Node(directory_, engine_, placement_);
  }
  ~Generations() {
    if (problems_.empty()) fs::remove_all(directory_);
  }

  void Run() {
    const uint64_t generations = 2 + Below(7);
    for (uint64_t g = 0; g < generations && problems_.empty(); ++g) {
      const uint64_t kills = Below(3) == 0 ? 1 + Below(3) : 1;
      for (uint64_t k = 0; k < kills && problems_.empty(); ++k) KillOnce();
      if (problems_.empty()) Tamper();
      if (problems_.empty()) Check();
    }
  }
  std::string Report() const {
    std::string text = "engine " + std::string(engine_ == DiskEngine::kUring ? "uring" : "pwrite") +
                       ", placement " + placement_ + (setting_.roomy ? ", roomy" : ", small") +
                       ", life " + std::to_string((*journal_)->life) + ", " + how_ + "\n";
    for (const std::string& problem : problems_) text += "  " + problem + "\n";
    text += TextOf(**journal_);
    return text + "  directory kept: " + directory_ +
           "\n  replay: REEL_SEED=" + std::to_string(seed_) +
           " kill_test --gtest_filter='Kill.*'\n";
  }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  std::vector<std::string> Words(uint64_t seed, uint64_t nth) const {
    return {REEL_KILL_RECORDER,
            directory_ + "/journal",
            directory_,
            engine_ == DiskEngine::kUring ? "uring" : "pwrite",
            placement_,
            setting_.roomy ? "1" : "0",
            std::to_string(seed),
            std::to_string(nth),
            std::to_string(kUnitsOfALife)};
  }

  // A life, cut at the n-th point or at any moment.
  void KillOnce() {
    KillJournal& journal = **journal_;
    const bool to_the_end = tally_->points_of_a_life == 0;
    const bool at_a_point = Below(2) == 0 && !to_the_end;
    const uint64_t nth = at_a_point ? 1 + Below(tally_->points_of_a_life) : 0;
    const bool at_any_moment = !at_a_point && !to_the_end;
    const Duration moment =
        at_any_moment ? tally_->length_of_a_life * static_cast<int64_t>(Below(1000)) / 1000
                      : kLifeMax;
    const MonoTime begin = SystemClock().MonoNow();
    Victim victim(Words(random_(), nth));
    const bool by_itself = victim.WaitEnd(moment);
    if (!by_itself) victim.Kill();
    const int exit_code = victim.Reap();
    if (to_the_end) {
      tally_->points_of_a_life = journal.points;
      tally_->length_of_a_life = SystemClock().MonoNow() - begin;
    }
    how_ = "killed at a random moment";
    if (exit_code >= 0) {
      how_ = "not killed, exit " + std::to_string(exit_code);
      if (exit_code != 0) problems_.push_back(std::string("the life: ") + journal.problem.data());
      ++tally_->survived;
      return;
    }
    ++tally_->kills;
    if (by_itself) {
      how_ = "killed " + CallName(journal.fatal_call) + ", point " + std::to_string(nth);
      ++tally_->by_call[CallName(journal.fatal_call)];
    } else if (at_a_point) {
      problems_.emplace_back("the life hung");
    } else {
      ++tally_->at_random;
    }
  }

  // What else may have happened to the state directory before the node is opened again.
  void Tamper() {
    const std::string older = directory_ + "/index.older";
    const uint64_t what = Below(6);
    if (what == 0) {
      fs::remove_all(node_.IndexPath());
      how_ += ", index deleted";
    } else if (what == 1 && fs::exists(older)) {
      fs::remove_all(node_.IndexPath());
      fs::copy(older, node_.IndexPath(), fs::copy_options::recursive);
      how_ += ", older index";
    }
  }

  void Check() {
    NodeCheck check(node_, **journal_, !setting_.roomy);
    check.Run(**journal_, random_(), Below(2) == 0);
    problems_ = check.problems();
    tally_->units_checked += check.units_checked();
    if (Below(3) != 0) return;
    const std::string older = directory_ + "/index.older";
    fs::remove_all(older);
    fs::copy(node_.IndexPath(), older, fs::copy_options::recursive);
  }

  const uint64_t seed_;
  std::mt19937_64 random_;
  Tally* tally_;
  const std::string directory_;
  const KillSetting setting_;
  const DiskEngine engine_;
  const std::string placement_;
  RealNode node_;
  std::unique_ptr<MappedJournal> journal_;
  std::string how_;
  std::vector<std::string> problems_;
};

TEST(Kill, WhatWasAcknowledgedSurvives) {
  const Share share(60);
  const bool alone = EnvNumber("REEL_SEED").has_value();
  Tally tally;
  for (uint64_t seed = share.seed(); !share.over(); ++seed) {
    if (share.is_long() && tally.kills >= kKillsWanted) break;
    Generations generations(seed, &tally);
    generations.Run();
    EXPECT_TRUE(generations.problems().empty()) << generations.Report();
    if (alone || !generations.problems().empty()) break;
  }
  std::printf("[  kills   ] %llu in %.0f s (%.1f/s), %llu at random, %llu lives ran out; ",
              static_cast<unsigned long long>(tally.kills), share.seconds(),
              static_cast<double>(tally.kills) / share.seconds(),
              static_cast<unsigned long long>(tally.at_random),
              static_cast<unsigned long long>(tally.survived));
  std::printf("%llu points in a life; %llu units read back; seed %llu\n",
              static_cast<unsigned long long>(tally.points_of_a_life),
              static_cast<unsigned long long>(tally.units_checked),
              static_cast<unsigned long long>(share.seed()));
  for (const auto& [call, count] : tally.by_call)
    std::printf("[  kills   ] %s: %llu\n", call.c_str(), static_cast<unsigned long long>(count));
  EXPECT_GT(tally.kills, 0U);
}

}  // namespace
}  // namespace reel
