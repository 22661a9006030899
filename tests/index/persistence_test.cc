// What outlives a closing, a kill and a torn log; and what is said about a damaged index.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include <fstream>

#include "engine/testing/memory_index.h"
#include "index/rocks_index.h"
#include "index/row_codec.h"
#include "tests/index/index_rows.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Batch number `seed_step` of a history; its number is kept as progress of volume 3.
void WriteHistory(Index* index, int from, int to) {
  RandomWriter writer(11);
  for (int i = 1; i <= to; ++i) {
    IndexBatch batch = writer.Next();
    batch.volumes.push_back({{3}, IdOf<VolumeId>(3), {static_cast<uint32_t>(i)}});
    if (i > from) {
      ASSERT_TRUE(index->Write(batch).ok());
    }
  }
}

uint32_t StepsKept(Index& index) {
  const auto progress = index.Progress({3});
  return progress.ok() && *progress ? (*progress)->epoch.value : 0;
}

void ExpectHistory(Index& index, uint32_t steps) {
  MemoryIndex model;
  WriteHistory(&model, 0, static_cast<int>(steps));
  ExpectSameRows(model, index);
}

std::vector<fs::path> FilesWith(const fs::path& directory, std::string_view part) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().find(part) != std::string::npos) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

void FlipByte(const fs::path& path, uint64_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 0x40));
  ASSERT_TRUE(file.good());
}

// An index with its rows in tables, closed.
class DamagedIndex : public ::testing::Test {
 protected:
  DamagedIndex() {
    auto index = *OpenRocksIndex(directory_.index(), {});
    WriteHistory(index.get(), 0, 80);
    EXPECT_TRUE(index->Compact().ok());
  }
  fs::path TheFile(std::string_view part) const {
    const auto files = FilesWith(directory_.index(), part);
    EXPECT_FALSE(files.empty()) << part;
    return files.back();
  }
  Status OpenStatus(bool read_only = false) const {
    IndexOptions options;
    options.read_only = read_only;
    return OpenRocksIndex(directory_.index(), options).status();
  }
  // Opening says DataLoss either way, and moving aside gives an empty index and keeps the old
  // files.
  void ExpectMovedAside() {
    EXPECT_EQ(OpenStatus().code(), Code::kDataLoss) << OpenStatus().ToString();
    EXPECT_EQ(OpenStatus(true).code(), Code::kDataLoss) << OpenStatus(true).ToString();
    const size_t files = FilesWith(directory_.index(), "").size();
    auto opened = OpenOrMoveAside(directory_.index(), {});
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    EXPECT_EQ(opened->moved_to, directory_.index() + ".damaged-1");
    EXPECT_EQ(opened->reason.code(), Code::kDataLoss);
    EXPECT_EQ(FilesWith(opened->moved_to, "").size(), files);
    MemoryIndex empty;
    ExpectSameRows(empty, *opened->index);
    WriteHistory(opened->index.get(), 0, 80);
    ExpectHistory(*opened->index, 80);
  }

  TempDirectory directory_;
};

TEST(PersistentIndex, OutlivesClosing) {
  const TempDirectory directory;
  for (int step = 0; step < 100; step += 20) {
    auto index = *OpenRocksIndex(directory.index(), {});
    EXPECT_EQ(StepsKept(*index), static_cast<uint32_t>(step));
    WriteHistory(index.get(), step, step + 20);
  }
  auto index = *OpenRocksIndex(directory.index(), {});
  ExpectHistory(*index, 100);
}

TEST(PersistentIndex, OutlivesAKillWithoutSync) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // The child runs this body anew up to the statement, so the path must not change with it.
  const char* known = std::getenv("REEL_KILL_TEST_DIR");  // NOLINT(concurrency-mt-unsafe)
  const TempDirectory own;
  const std::string path = known != nullptr ? known : own.index();
  ::setenv("REEL_KILL_TEST_DIR", path.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EXIT(
      {
        auto index = *OpenRocksIndex(path, {});
        WriteHistory(index.get(), 0, 30);
        ::_exit(7);
      },
      ::testing::ExitedWithCode(7), "");
  ::unsetenv("REEL_KILL_TEST_DIR");  // NOLINT(concurrency-mt-unsafe)
  auto index = *OpenRocksIndex(path, {});
  ExpectHistory(*index, 30);
}

TEST(PersistentIndex, ATornLogKeepsWholeBatchesInOrder) {
  const TempDirectory directory;
  {
    auto index = *OpenRocksIndex(directory.index(), {});
    WriteHistory(index.get(), 0, 40);
  }
  const fs::path log = FilesWith(directory.index(), ".log").back();
  const uint64_t size = fs::file_size(log);
  ASSERT_GT(size, 1000U);
  uint32_t least = 40;
  for (uint64_t kept = 0; kept < size; kept += size / 23) {
    const TempDirectory copy;
    fs::copy(directory.index(), copy.index());
    fs::resize_file(fs::path(copy.index()) / log.filename(), kept);
    auto index = OpenRocksIndex(copy.index(), {});
    ASSERT_TRUE(index.ok()) << index.status().ToString();
    const uint32_t steps = StepsKept(**index);
    ExpectHistory(**index, steps);
    least = std::min(least, steps);
  }
  EXPECT_LT(least, 5U);
}

TEST(PersistentIndex, AFlippedLogByteKeepsWholeBatchesInOrder) {
  const TempDirectory directory;
  {
    auto index = *OpenRocksIndex(directory.index(), {});
    WriteHistory(index.get(), 0, 40);
  }
  const fs::path log = FilesWith(directory.index(), ".log").back();
  const uint64_t size = fs::file_size(log);
  for (uint64_t offset = 40; offset < size; offset += size / 23) {
    const TempDirectory copy;
    fs::copy(directory.index(), copy.index());
    FlipByte(fs::path(copy.index()) / log.filename(), offset);
    auto index = OpenRocksIndex(copy.index(), {});
    ASSERT_TRUE(index.ok()) << index.status().ToString();
    ExpectHistory(**index, StepsKept(**index));
  }
}

TEST(PersistentIndex, ALockedIndexIsUnavailableAndStaysWhereItIs) {
  const TempDirectory directory;
  auto index = *OpenRocksIndex(directory.index(), {});
  EXPECT_EQ(OpenRocksIndex(directory.index(), {}).status().code(), Code::kUnavailable);
  EXPECT_EQ(OpenOrMoveAside(directory.index(), {}).status().code(), Code::kUnavailable);
  EXPECT_TRUE(fs::exists(directory.index()));
}

TEST(PersistentIndex, ASoundIndexIsNotMoved) {
  const TempDirectory directory;
  auto opened = OpenOrMoveAside(directory.index(), {});
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->moved_to, "");
  WriteHistory(opened->index.get(), 0, 5);
  opened->index.reset();
  opened = OpenOrMoveAside(directory.index(), {});
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->moved_to, "");
  ExpectHistory(*opened->index, 5);
}

TEST_F(DamagedIndex, AMissingTable) {
  fs::remove(TheFile(".sst"));
  ExpectMovedAside();
}

TEST_F(DamagedIndex, ACutTable) {
  fs::resize_file(TheFile(".sst"), fs::file_size(TheFile(".sst")) / 2);
  ExpectMovedAside();
}

TEST_F(DamagedIndex, ACutManifest) {
  fs::resize_file(TheFile("MANIFEST"), fs::file_size(TheFile("MANIFEST")) / 2);
  ExpectMovedAside();
}

TEST_F(DamagedIndex, AnEmptyManifest) {
  fs::resize_file(TheFile("MANIFEST"), 0);
  ExpectMovedAside();
}

TEST_F(DamagedIndex, AFlippedManifestByte) {
  FlipByte(TheFile("MANIFEST"), 60);
  ExpectMovedAside();
}

TEST_F(DamagedIndex, AMissingManifest) {
  fs::remove(TheFile("MANIFEST"));
  ExpectMovedAside();
}

TEST_F(DamagedIndex, AMissingCurrent) {
  fs::remove(TheFile("CURRENT"));
  ExpectMovedAside();
}

TEST_F(DamagedIndex, ASecondMoveTakesTheNextName) {
  fs::create_directory(directory_.index() + ".damaged-1");
  fs::remove(TheFile("CURRENT"));
  auto opened = OpenOrMoveAside(directory_.index(), {});
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->moved_to, directory_.index() + ".damaged-2");
}

// Every byte of the data: either opening refuses, or some read says DataLoss and names it, or the
// answers are right because the byte does not matter. Never a wrong answer.
TEST_F(DamagedIndex, AFlippedTableByteIsNeverAWrongAnswer) {
  MemoryIndex model;
  WriteHistory(&model, 0, 80);
  const fs::path table = TheFile(".sst");
  const uint64_t size = fs::file_size(table);
  int refused = 0;
  int found = 0;
  for (uint64_t offset = 0; offset < size; offset += size / 61) {
    const TempDirectory copy;
    fs::copy(directory_.index(), copy.index());
    FlipByte(fs::path(copy.index()) / table.filename(), offset);
    auto index = OpenRocksIndex(copy.index(), {});
    if (!index.ok()) {
      EXPECT_EQ(index.status().code(), Code::kDataLoss) << index.status().ToString();
      ++refused;
      continue;
    }
    const Status verified = (*index)->Verify();
    EXPECT_TRUE(verified.ok() || verified.code() == Code::kDataLoss) << verified.ToString();
    for (uint8_t stream = 1; stream <= 2; ++stream) {
      const auto rows = (*index)->Gops(StreamOf(stream), kWallMin, Direction::kForward, 4096);
      if (rows.ok()) {
        EXPECT_EQ(*rows, *model.Gops(StreamOf(stream), kWallMin, Direction::kForward, 4096));
      } else {
        EXPECT_EQ(rows.status().code(), Code::kDataLoss) << rows.status().ToString();
        EXPECT_EQ(verified.code(), Code::kDataLoss);
        ++found;
      }
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(found, 20);
}

class RawIndex : public ::testing::Test {
 protected:
  // Puts a row behind the index's back.
  void Put(const std::string& key, std::string_view value) {
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, directory_.index(), &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    ASSERT_TRUE(db->Put({}, key, rocksdb::Slice(value)).ok());
  }
  void Create() { ASSERT_TRUE(OpenRocksIndex(directory_.index(), {}).ok()); }
  std::unique_ptr<RocksIndex> Open() { return *OpenRocksIndex(directory_.index(), {}); }

  TempDirectory directory_;
};

TEST_F(RawIndex, AnUnknownFormatIsRefusedAndMovedAside) {
  Create();
  Put(FormatKey(), "\x0areel index\x02");
  const Status status = OpenRocksIndex(directory_.index(), {}).status();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("format 2"));
  IndexOptions options;
  std::vector<std::string> said;
  options.log = [&](LogLevel, std::string_view text) { said.emplace_back(text); };
  auto opened = OpenOrMoveAside(directory_.index(), options);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->reason.code(), Code::kFailedPrecondition);
  EXPECT_THAT(said, testing::IsEmpty()) << "the caller tells what happened";
}

TEST_F(RawIndex, ADatabaseOfSomebodyElseIsRefused) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, directory_.index(), &raw).ok());
  ASSERT_TRUE(raw->Put({}, "x", "y").ok());
  delete raw;
  EXPECT_EQ(OpenRocksIndex(directory_.index(), {}).status().code(), Code::kDataLoss);
}

TEST_F(RawIndex, MalformedRowsAreNamed) {
  Create();
  const StreamId stream = StreamOf(1);
  const MinuteId minute{stream, RunOf(1), MinuteOf(kHourBegin)};
  Put(MinuteKey(minute), "\x01garbage");
  Put(BucketKey({stream, Bucket::kHour, BucketOf(kHourBegin, Bucket::kHour)}), "\xff");
  Put(SpanKey(Table::kRuns, stream, kHourBegin, SpanTail(RunOf(1))), "\x09");
  Put(SpanKey(Table::kGaps, stream, kHourBegin, "\x63"), std::string_view("\0\0", 2));
  Put(StreamKey(stream), "");
  Put(ProgressKey(kVolume), "short");
  auto index = Open();
  const auto expect_named = [](const Status& status, std::string_view key) {
    EXPECT_EQ(status.code(), Code::kDataLoss);
    EXPECT_THAT(status.message(), HasSubstr(KeyForHumans(key)));
  };
  const WallRange all{kWallMin, kWallMax};
  expect_named(index->Gops(stream, kWallMin, Direction::kForward, 1).status(), MinuteKey(minute));
  expect_named(index->Write(GopBatch({MakeGop(stream, RunOf(1), kHourBegin, kSecond, 0, 1, {1})})),
               MinuteKey(minute));
  expect_named(index->Coverage(stream, all, Bucket::kHour).status(), "h");
  expect_named(index->Runs(stream, all, 1).status(), "r");
  expect_named(index->Gaps(stream, all, 1).status(), "g");
  expect_named(index->Streams().status(), "s");
  EXPECT_EQ(index->Progress(kVolume).status().code(), Code::kDataLoss);
}

TEST_F(RawIndex, ACatalogueThatContradictsItselfIsRefused) {
  Create();
  const SegmentRow row = MakeSegment({5}, SegmentState::kRetired);
  const Bytes value = EncodeSegment(row);
  Put(SerialKey(Table::kCatalog, kVolume, {5}),
      {reinterpret_cast<const char*>(value.data()), value.size()});
  EXPECT_EQ(OpenRocksIndex(directory_.index(), {}).status().code(), Code::kDataLoss);
}

}  // namespace
}  // namespace reel
