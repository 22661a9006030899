#include "server/access/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <thread>

#include "engine/testing/sim_clock.h"
#include "server/access/audit_verify.h"
#include "tests/access/memory_audit_files.h"

namespace reel::server {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class AuditLogTest : public testing::Test {
 protected:
  std::unique_ptr<AuditLog> Open(size_t file_bytes = kMaxAuditFile) {
    AuditLogOptions options;
    options.clock = &clock_;
    options.file_bytes = file_bytes;
    options.log = [this](LogLevel, std::string_view line) { told_.emplace_back(line); };
    Result<std::unique_ptr<AuditLog>> log =
        AuditLog::Open(std::make_unique<MemoryAuditFiles>(disk_), std::move(options));
    EXPECT_TRUE(log.ok()) << log.status().ToString();
    return std::move(*log);
  }

  AuditVerdict Verify() {
    MemoryAuditFiles files(disk_);
    Result<AuditVerdict> verdict = VerifyAudit(files);
    EXPECT_TRUE(verdict.ok());
    return *verdict;
  }

  static AuditRecord Export(int number) {
    AuditRecord record;
    record.who = "cn:alice";
    record.what = "export";
    record.stream = "gate-" + std::to_string(number);
    record.range = WallRange{{0}, {1}};
    record.purpose = {"theft", "police", "alice", "case 7"};
    record.result = "allowed";
    return record;
  }

  static constexpr const char* kFirst = "audit-000001.jsonl";
  static constexpr const char* kSecond = "audit-000002.jsonl";

  AuditDisk disk_;
  SimClock clock_;
  std::vector<std::string> told_;
};

TEST_F(AuditLogTest, WhatWasRecordedIsDurableAndInTheChain) {
  const auto log = Open();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(log->Record(Export(i)).ok());
  EXPECT_EQ(disk_.files.at(kFirst).synced, disk_.text(kFirst).size());
  EXPECT_THAT(disk_.text(kFirst), HasSubstr(R"("who":"cn:alice","what":"export","stream":"gate-2",)"
                                            R"("begin":"1970-01-01T00:00:00.000000000Z")"));
  const AuditVerdict verdict = Verify();
  EXPECT_FALSE(verdict.broken.has_value());
  EXPECT_EQ(verdict.lines, 4U);  // and the one that begins the file
  EXPECT_THAT(verdict.notes, IsEmpty());
}

// Counts the lines that are made: each asks for its time.
class CountingClock : public Clock {
 public:
  WallTime WallNow() override {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
    return {count_};
  }
  MonoTime MonoNow() override { return {}; }
  BootId boot_id() override { return {}; }
  void WaitFor(int64_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t count_ = 0;
};

TEST_F(AuditLogTest, CallsThatComeTogetherShareASync) {
  CountingClock clock;
  AuditLogOptions options;
  options.clock = &clock;
  auto log = *AuditLog::Open(std::make_unique<MemoryAuditFiles>(disk_), options);
  constexpr int kThreads = 16;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  {
    // Whoever comes first is held in its write until all others have made their lines.
    const std::lock_guard hold(disk_.mutex);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] { EXPECT_TRUE(log->Record(Export(1)).ok()); });
    }
    clock.WaitFor(kThreads + 1);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Verify().lines, uint64_t{kThreads} + 1);
  EXPECT_EQ(disk_.syncs, 3U);  // the beginning of the file, the first one, all others
}

// More than a batch holds, by two who come together.
TEST_F(AuditLogTest, ManyRecordsOfOneCallAreAllThere) {
  const auto log = Open();
  const std::vector<AuditRecord> many(3000, Export(1));
  std::thread other([&] { EXPECT_TRUE(log->Record(many).ok()); });
  EXPECT_TRUE(log->Record(many).ok());
  other.join();
  EXPECT_EQ(Verify().lines, 6001U);
  EXPECT_EQ(disk_.files.at(kFirst).synced, disk_.text(kFirst).size());
  EXPECT_LT(disk_.syncs, 100U);
}

TEST_F(AuditLogTest, GoesOnBehindACrashAndTellsWhatItLeft) {
  for (const size_t kept : {size_t{0}, size_t{1}, size_t{200}}) {
    disk_.files.clear();
    {
      const auto log = Open();
      EXPECT_TRUE(log->Record(Export(1)).ok());
      disk_.syncs_left = 0;
      EXPECT_EQ(log->Record(Export(2)).code(), Code::kUnavailable);
    }
    disk_.syncs_left = -1;
    disk_.Crash(kept);
    EXPECT_FALSE(Verify().broken.has_value()) << kept;
    const auto log = Open();
    EXPECT_TRUE(log->Record(Export(3)).ok());
    const AuditVerdict verdict = Verify();
    EXPECT_FALSE(verdict.broken.has_value()) << kept << " " << verdict.broken->why;
    EXPECT_EQ(verdict.lines, 4U) << kept;
    EXPECT_THAT(verdict.notes, SizeIs(kept == 0 ? 0 : 1)) << kept;
  }
}

TEST_F(AuditLogTest, AWholeLineThatWasNeverAcknowledgedDoesNotCount) {
  {
    const auto log = Open();
    EXPECT_TRUE(log->Record(Export(1)).ok());
    disk_.syncs_left = 0;
    EXPECT_FALSE(log->Record(Export(2)).ok());
    disk_.syncs_left = -1;
    EXPECT_FALSE(log->Record(Export(3)).ok() && disk_.files.size() == 1) << "same file after EIO";
    clock_.Advance(std::chrono::seconds(6));
    EXPECT_TRUE(log->Record(Export(4)).ok());
  }
  EXPECT_THAT(disk_.files, SizeIs(2));
  EXPECT_THAT(disk_.text(kFirst), HasSubstr("gate-2"));  // append-only: it stays
  const AuditVerdict verdict = Verify();
  EXPECT_FALSE(verdict.broken.has_value()) << verdict.broken->why;
  EXPECT_THAT(verdict.notes, testing::ElementsAre(HasSubstr("never acknowledged")));
}

TEST_F(AuditLogTest, FullDiskRefusesAndRecoversWhenThereIsRoom) {
  const auto log = Open();
  disk_.appends_left = 0;
  disk_.full = true;
  EXPECT_EQ(log->Record(Export(1)).code(), Code::kUnavailable);
  EXPECT_EQ(log->Record(Export(2)).code(), Code::kUnavailable);
  EXPECT_THAT(told_, testing::Contains(HasSubstr("no space")));
  disk_.appends_left = -1;
  disk_.full = false;
  clock_.Advance(std::chrono::seconds(6));
  EXPECT_TRUE(log->Record(Export(3)).ok());
  EXPECT_FALSE(Verify().broken.has_value());
}

TEST_F(AuditLogTest, AFullFileIsFollowedByAnother) {
  const auto log = Open(2000);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(log->Record(Export(i)).ok());
  EXPECT_GT(disk_.files.size(), 3U);
  EXPECT_FALSE(Verify().broken.has_value());
  disk_.files.erase(kSecond);
  const AuditVerdict verdict = Verify();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->file, "audit-000003.jsonl");
}

// ---- Tampering ----

class AuditTamperTest : public AuditLogTest {
 protected:
  AuditTamperTest() {
    const auto log = Open();
    for (int i = 0; i < 2000; ++i) EXPECT_TRUE(log->Record(Export(i)).ok());
  }
  std::string& text() { return disk_.text(kFirst); }
  // Where line `number` begins, from 1.
  size_t Line(uint64_t number) {
    size_t at = 0;
    for (uint64_t i = 1; i < number; ++i) at = text().find('\n', at) + 1;
    return at;
  }
  void ExpectBrokenAt(uint64_t line) {
    const AuditVerdict verdict = Verify();
    ASSERT_TRUE(verdict.broken.has_value());
    EXPECT_EQ(verdict.broken->line, line);
    // A start behind it does not heal it.
    Open();
    ASSERT_TRUE(Verify().broken.has_value());
    EXPECT_EQ(Verify().broken->line, line);
    EXPECT_THAT(told_, testing::Contains(HasSubstr("line " + std::to_string(line))));
  }
};

TEST_F(AuditTamperTest, AChangedLineIsNamed) {
  const size_t at = text().find("gate-100\"");
  text()[at] = 'G';
  ExpectBrokenAt(102);
}

TEST_F(AuditTamperTest, ARemovedLineIsNamed) {
  text().erase(Line(500), Line(501) - Line(500));
  ExpectBrokenAt(500);
}

TEST_F(AuditTamperTest, LinesThatChangedPlacesAreNamed) {
  const std::string line = text().substr(Line(500), Line(501) - Line(500));
  text().erase(Line(500), line.size());
  text().insert(Line(501), line);
  ExpectBrokenAt(500);
}

TEST_F(AuditTamperTest, ALineMadeWithoutTheChainIsNamed) {
  const std::string line =
      EncodeAuditLine({501, std::string(kAuditOrigin)}, {0}, FieldsOf(Export(1)));
  text().insert(Line(501), line + "\n");
  ExpectBrokenAt(501);
}

TEST_F(AuditTamperTest, EveryFlippedBitIsFound) {
  const size_t end = Line(4);
  const std::string whole = text();
  for (size_t at = 0; at < end; ++at) {
    text()[at] = static_cast<char>(text()[at] ^ 0x04);
    EXPECT_TRUE(Verify().broken.has_value()) << at;
    text() = whole;
  }
}

// ---- Lines ----

TEST(AuditLine, ForeignTextCannotLeaveItsPlace) {
  AuditRecord record;
  record.who = "x\",\"result\":\"allowed\"}\n{\"n\":1";
  record.stream = std::string("\xff\xc0\xaf \x01 \xe2\x82\xac", 9);
  record.result = std::string(5000, '"');
  const std::string line = EncodeAuditLine({1, std::string(kAuditOrigin)}, {0}, FieldsOf(record));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_THAT(line, HasSubstr(R"(x\",\"result\":\"allowed\"}\u000a)"));
  EXPECT_THAT(line, HasSubstr("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \\u0001 \xe2\x82\xac"));
  EXPECT_TRUE(ReadAuditLine(line).has_value());
  EXPECT_LT(line.size(), 2500U);
}

TEST(AuditDirectory, KeepsFilesAcrossOpenings) {
  std::string path = testing::TempDir() + "reel_audit_XXXXXX";
  ASSERT_NE(mkdtemp(path.data()), nullptr);
  for (int round = 1; round <= 2; ++round) {
    auto files = OpenAuditDirectory(path + "/audit");
    ASSERT_TRUE(files.ok()) << files.status().ToString();
    auto log = AuditLog::Open(std::move(*files), {});
    ASSERT_TRUE(log.ok()) << log.status().ToString();
    EXPECT_TRUE((*log)->Record(AuditRecord{}).ok());
    auto again = OpenAuditDirectory(path + "/audit");
    const Result<AuditVerdict> verdict = VerifyAudit(**again);
    ASSERT_TRUE(verdict.ok());
    EXPECT_FALSE(verdict->broken.has_value());
    EXPECT_EQ(verdict->lines, uint64_t{2} * static_cast<uint64_t>(round));
  }
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace reel::server
