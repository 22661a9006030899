// Reading beside the writer: complete up to the opening, and not a byte written.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <map>

#include "engine/testing/memory_index.h"
#include "index/rocks_index.h"
#include "tests/index/index_rows.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

IndexOptions ReadOnly() {
  IndexOptions options;
  options.read_only = true;
  return options;
}

// Name, content, size and times of the directory and of everything in it.
std::map<std::string, std::string> Picture(const fs::path& directory) {
  std::map<std::string, std::string> picture;
  const auto add = [&picture](const fs::path& path) {
    struct stat info = {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    std::string content;
    if (fs::is_regular_file(path)) {
      std::ifstream file(path, std::ios::binary);
      content.assign(std::istreambuf_iterator<char>(file), {});
    }
    picture[path.string()] = std::to_string(info.st_mtim.tv_sec) + "." +
                             std::to_string(info.st_mtim.tv_nsec) + " " +
                             std::to_string(info.st_ctim.tv_nsec) + " " + content;
  };
  add(directory);
  for (const auto& entry : fs::recursive_directory_iterator(directory)) add(entry.path());
  return picture;
}

void WriteSome(Index* index, Index* model, uint64_t seed, int batches) {
  RandomWriter writer(seed);
  for (int i = 0; i < batches; ++i) {
    IndexBatch batch = writer.Next();
    batch.segments.clear();
    ASSERT_TRUE(index->Write(batch).ok());
    ASSERT_TRUE(model->Write(batch).ok());
  }
}

TEST(ReadOnlyIndex, WritesNoByte) {
  const TempDirectory directory;
  MemoryIndex model;
  {
    auto writer = *OpenRocksIndex(directory.index(), {});
    WriteSome(writer.get(), &model, 1, 30);
    ASSERT_TRUE(writer->Compact().ok());
    WriteSome(writer.get(), &model, 2, 30);  // left in the log
    // Stale coverage, which a reader must compute anew but must not repair.
    const IndexBatch retire = SegmentBatch({MakeSegment({1}, SegmentState::kRetired)});
    ASSERT_TRUE(writer->Write(retire).ok());
    ASSERT_TRUE(model.Write(retire).ok());
  }
  const auto before = Picture(directory.path());
  {
    auto reader = OpenRocksIndex(directory.index(), ReadOnly());
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    ExpectSameRows(model, **reader);
    EXPECT_TRUE((*reader)->Verify().ok());
    EXPECT_TRUE((*reader)->Sync().ok());
    EXPECT_EQ((*reader)->Compact().code(), Code::kFailedPrecondition);
    EXPECT_EQ((*reader)->Write({}).code(), Code::kFailedPrecondition);
  }
  EXPECT_EQ(before, Picture(directory.path()));
}

TEST(ReadOnlyIndex, SeesWhatALivingWriterWroteUpToItsOpening) {
  const TempDirectory directory;
  auto writer = *OpenRocksIndex(directory.index(), {});
  MemoryIndex model;
  WriteSome(writer.get(), &model, 1, 20);
  auto early = *OpenRocksIndex(directory.index(), ReadOnly());
  const auto model_then = model.Clone();
  WriteSome(writer.get(), &model, 2, 20);
  ASSERT_TRUE(writer->Compact().ok());  // deletes the files the early reader has open
  WriteSome(writer.get(), &model, 3, 20);
  auto late = *OpenRocksIndex(directory.index(), ReadOnly());
  ExpectSameRows(*model_then, *early);
  ExpectSameRows(model, *late);
}

TEST(ReadOnlyIndex, AMissingIndexIsNotFoundAndNotMade) {
  const TempDirectory directory;
  EXPECT_EQ(OpenRocksIndex(directory.index(), ReadOnly()).status().code(), Code::kNotFound);
  EXPECT_FALSE(fs::exists(directory.index()));
  fs::create_directory(directory.index());
  EXPECT_EQ(OpenRocksIndex(directory.index(), ReadOnly()).status().code(), Code::kNotFound);
  EXPECT_TRUE(fs::is_empty(directory.index()));
}

TEST(ReadOnlyIndex, MovesNothingAside) {
  const TempDirectory directory;
  EXPECT_EQ(OpenOrMoveAside(directory.index(), ReadOnly()).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace reel
