// Processes around one node: the one that records, a second one that wants to, and readers beside
// it, which see what is durable and nothing else. That reading writes no byte is in
// tests/tools/crash_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/memory_index.h"
#include "tests/io/temp_directory.h"
#include "tests/kill/node_check.h"
#include "tests/kill/victim.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kRefused = 3;

class ProcessesTest : public testing::Test {
 public:
  std::vector<std::string> Recorder(const std::string& journal) const {
    return {REEL_KILL_RECORDER,
            directory_.PathOf(journal),
            directory_.path(),
            "pwrite",
            "log",
            "1",
            "7",
            "0",
            "100000"};
  }
  // True when `done` became true while the process lived.
  static bool WaitUntil(const Victim& writer, const std::function<bool()>& done) {
    while (!done()) {
      if (writer.WaitEnd(milliseconds(5))) return false;
    }
    return true;
  }

  TempDirectory directory_;
  MappedJournal journal_{directory_.PathOf("journal")};
  RealNode node_ = KillSetting{true}.Node(directory_.path(), DiskEngine::kPwrite, "log");
};

TEST_F(ProcessesTest, ASecondWriterIsRefusedByName) {
  Victim writer(Recorder("journal"));
  ASSERT_TRUE(WaitUntil(writer, [&] { return journal_->stint_count > 0; }))
      << journal_->problem.data();
  MappedJournal others(directory_.PathOf("others"));
  others->made = 1;
  Victim second(Recorder("others"));
  EXPECT_EQ(second.Reap(), kRefused);
  const std::string problem = others->problem.data();
  // RocksDB's lock of its own comes first here; the command asks for the node's before.
  EXPECT_THAT(problem, testing::HasSubstr("LOCK"));
  MemoryIndex index;
  const Status refused = Store::Open(node_.OptionsFor(&index)).status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.message(), testing::HasSubstr(std::to_string(writer.pid())));
  EXPECT_FALSE(writer.WaitEnd(milliseconds(0))) << "it goes on undisturbed";
}

// Openings see more and more: all that was acknowledged is there in the end, while the writer goes
// on.
TEST_F(ProcessesTest, ReadersBesideTheWriterSeeWhatIsDurable) {
  Victim writer(Recorder("journal"));
  ASSERT_TRUE(WaitUntil(writer, [&] {
    return journal_->stint_count > 2 && journal_->stints[0].acknowledged > 0;
  })) << journal_->problem.data();
  NodeCheck check(node_, *journal_, false);
  for (int round = 0; round < 3; ++round) {
    const std::vector<uint64_t> told = check.Acknowledged();
    ASSERT_TRUE(WaitUntil(writer, [&] {
      auto reader = KillNode::OpenForReading(node_);
      auto another = KillNode::OpenForReading(node_);
      EXPECT_TRUE(reader.ok()) << reader.status().ToString();
      EXPECT_TRUE(another.ok()) << another.status().ToString();
      if (!reader.ok() || !another.ok()) return true;
      check.ExpectNothingElse((*reader)->store());
      return check.HasAll((*reader)->store(), told) && check.HasAll((*another)->store(), told);
    })) << journal_->problem.data();
    ASSERT_THAT(check.problems(), testing::IsEmpty());
  }
  writer.Kill();
  writer.Reap();
  // Nobody writes any more: a reader makes up in memory for what the index lacks.
  auto reader = KillNode::OpenForReading(node_);
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  check.ExpectNothingElse((*reader)->store());
  EXPECT_TRUE(check.HasAll((*reader)->store(), check.Acknowledged()));
  EXPECT_THAT(check.problems(), testing::IsEmpty());
}

}  // namespace
}  // namespace reel
