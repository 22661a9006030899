// An export whose helpers read ahead gives what one without them gives, on a real disk.
#include <gtest/gtest.h>

#include <fstream>

#include "engine/base/bytes.h"
#include "engine/io/disk_factory.h"
#include "engine/testing/memory_index.h"
#include "tests/io/temp_directory.h"
#include "tests/store/export_fixture.h"

namespace reel {
namespace {

constexpr uint32_t kStreams = 3;
constexpr int kPictures = 300;

class ExportAheadTest : public testing::Test {
 protected:
  ExportAheadTest() {
    std::filesystem::create_directories(folder_.PathOf("state"));
    std::filesystem::create_directories(folder_.PathOf("disk"));
    EXPECT_TRUE(
        Store::Init(Options(), {{folder_.PathOf("disk"), 256U << 20, 8U << 20, 0, "auto"}}).ok());
    Record();
  }

  Store::Options Options() {
    Store::Options options;
    options.state_path = folder_.PathOf("state");
    options.open_disk = [](const std::string& path) { return OpenDisk(path); };
    options.index = &index_;
    options.flush_interval = std::chrono::milliseconds(50);
    return options;
  }

  // Several cameras side by side, so that one's chunks stand between the others'.
  void Record() {
    auto store = Store::Open(Options()).value();
    std::vector<std::unique_ptr<RunWriter>> runs;
    for (uint32_t i = 0; i < kStreams; ++i) {
      streams_.push_back(store->CreateStream("gate " + std::to_string(i))->id);
      RunOptions options;
      options.tracks = {Video()};
      runs.push_back(store->BeginRun(streams_.back(), options).value());
    }
    for (int n = 0; n < kPictures; ++n) {
      const bool clean = n % kGop == 0;
      for (auto& run : runs) {
        Bytes nal(clean ? 80'000 : 12'000);
        rng_.Fill(nal);
        nal[0] = static_cast<std::byte>(clean ? 0x65 : 0x41);
        Bytes picture;
        AppendLengthPrefixed(nal, &picture);
        const UnitView unit{TrackId{1},         static_cast<uint8_t>(clean ? kUnitClean : 0),
                            n * 3600,           n * 3600,
                            begin_ + kStep * n, picture};
        ASSERT_TRUE(run->Append({static_cast<uint64_t>(n)}, unit, AppendMode::kBulk).ok());
        if (run == runs.front() && n == kPictures / 2) last_ = picture;
      }
    }
    for (auto& run : runs) ASSERT_TRUE(run->End(EndCause::kEnded).ok());
    runs.clear();
    ASSERT_TRUE(store->Close().ok());
  }

  struct Exported {
    Status status;
    std::string identity;
    Bytes bytes;
  };
  // `helped`: by the threads of the store.
  Exported Export(uint32_t stream, bool helped) {
    Store::Options options = Options();
    options.read_only = true;
    options.manual = !helped;
    auto store = Store::Open(options).value();
    ExportOptions range;
    range.range = {begin_, begin_ + kStep * kPictures};
    Exported exported;
    auto files = store->OpenExport(streams_[stream], range);
    exported.status = files.status();
    if (!files.ok()) return exported;
    VirtualMp4& file = *files->front();
    exported.identity = file.identity();
    Bytes part(100'000);
    while (exported.bytes.size() < file.size_bytes()) {
      const Result<size_t> got = file.Read(exported.bytes.size(), part);
      exported.status = got.status();
      if (!got.ok()) break;
      exported.bytes.insert(exported.bytes.end(), part.begin(),
                            part.begin() + static_cast<ptrdiff_t>(*got));
    }
    return exported;
  }

  // A byte of the picture in the middle of the first stream.
  void Damage() {
    const std::string needle(AsText(ByteSpan(last_).subspan(100, 64)));
    for (const auto& entry : std::filesystem::directory_iterator(folder_.PathOf("disk"))) {
      if (!entry.is_regular_file()) continue;
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      const std::string all{std::istreambuf_iterator<char>(file), {}};
      const size_t at = all.find(needle);
      if (at == std::string::npos) continue;
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(~needle[0]));
      return;
    }
    FAIL() << "the picture is not on the disk";
  }

  TempDirectory folder_;
  MemoryIndex index_;
  Rng rng_{7};
  WallTime begin_{1'700'000'000'000'000'000};
  std::vector<StreamId> streams_;
  Bytes last_;
};

TEST_F(ExportAheadTest, GivesTheSameBytes) {
  for (uint32_t stream = 0; stream < kStreams; ++stream) {
    const Exported alone = Export(stream, false);
    ASSERT_TRUE(alone.status.ok()) << alone.status.ToString();
    EXPECT_GT(alone.bytes.size(), size_t{kPictures} * 12'000);
    const Exported helped = Export(stream, true);
    EXPECT_TRUE(helped.status.ok()) << helped.status.ToString();
    EXPECT_EQ(helped.identity, alone.identity);
    EXPECT_TRUE(helped.bytes == alone.bytes);
  }
}

TEST_F(ExportAheadTest, StopsAtTheSameDamage) {
  Damage();
  const Exported alone = Export(0, false);
  EXPECT_EQ(alone.status.code(), Code::kDataLoss);
  const Exported helped = Export(0, true);
  EXPECT_EQ(helped.status.ToString(), alone.status.ToString());
  EXPECT_TRUE(helped.bytes == alone.bytes);
  EXPECT_TRUE(Export(1, true).status.ok());
}

}  // namespace
}  // namespace reel
