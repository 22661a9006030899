// A store on the real index: whatever becomes of the index, the same questions get the same
// answers, and recording goes on meanwhile.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "index/healing_index.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallRange kAll{kWallMin, kWallMax};

struct Answers {
  std::vector<GopRow> gops;
  std::vector<RunRow> runs;
  std::vector<GapRow> gaps;
  std::vector<CoverageRow> coverage;
  bool operator==(const Answers&) const = default;
};

Answers Ask(Index& index, StreamId stream) {
  Answers answers;
  answers.gops = *index.Gops(stream, kWallMin, Direction::kForward, 4096);
  answers.runs = *index.Runs(stream, kAll, 4096);
  answers.gaps = *index.Gaps(stream, kAll, 4096);
  answers.coverage = *index.Coverage(stream, kAll, Bucket::kHour);
  return answers;
}

class StoreIndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() /
            ("reel-index-" + std::to_string(::getpid()) + "-" +
             ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
    world_ = std::make_unique<SimWorld>(WorldOptions{.seed = 3, .segments = 24});
    ASSERT_TRUE(world_->Init().ok());
  }
  void TearDown() override {
    run_.reset();
    store_.reset();
    index_.reset();
    fs::remove_all(root_);
  }

  void OpenStore() {
    auto index = HealingIndex::Open((root_ / "index").string(), {});
    ASSERT_TRUE(index.ok()) << index.status().ToString();
    index_ = std::move(*index);
    auto store = world_->Open(*index_);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
    index_->OnLoss([this] { store_->RebuildIndex(); });
    const auto stream = store_->FindStream("gate");
    if (stream.ok()) stream_ = stream->id;
  }
  void CloseStore() {
    run_.reset();
    ASSERT_TRUE(store_->Close().ok());
    store_.reset();
    index_.reset();
  }
  void Record(size_t units) {
    if (stream_.is_nil()) stream_ = store_->CreateStream("gate")->id;
    if (!run_) {
      RunOptions options;
      options.tracks.resize(1);
      options.tracks[0].id = {1};
      run_ = std::move(*store_->BeginRun(stream_, options));
      next_ = 0;
    }
    for (size_t i = 0; i < units; ++i, ++next_) {
      const Bytes bytes(next_ % 10 == 0 ? 8000 : 900, std::byte{static_cast<uint8_t>(next_)});
      UnitView unit;
      unit.track = {1};
      unit.flags = next_ % 10 == 0 ? kUnitClean : 0;
      unit.wall = world_->clock().WallNow();
      unit.bytes = bytes;
      ASSERT_TRUE(run_->Append({next_}, unit, AppendMode::kBulk).ok());
      world_->clock().Advance(milliseconds(40));
      store_->RunOnce(milliseconds(1));
    }
    ASSERT_TRUE(run_->WaitDurable({next_}, seconds(5)).ok());
    ASSERT_TRUE(store_->WaitIdle(seconds(5)).ok());
  }
  size_t UnitsRead() {
    auto cursor = std::move(*store_->Read(stream_, {}));
    size_t units = 0;
    for (;;) {
      const Result<Item> item = cursor->Next();
      EXPECT_TRUE(item.ok()) << item.status().ToString();
      if (!item.ok() || item->kind == ItemKind::kEnd) return units;
      EXPECT_NE(item->kind, ItemKind::kDamage) << item->status.ToString();
      units += item->kind == ItemKind::kUnit;
    }
  }
  // Largest file of the index directory whose name ends like this.
  fs::path FileEndingIn(const std::string& ending) {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(root_ / "index")) {
      const std::string name = entry.path().filename();
      const bool match = name.size() >= ending.size() &&
                         name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
      if (match && (found.empty() || entry.file_size() > fs::file_size(found)))
        found = entry.path();
    }
    return found;
  }
  static void FlipByte(const fs::path& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 0x40));
  }

  fs::path root_;
  std::unique_ptr<SimWorld> world_;
  std::unique_ptr<HealingIndex> index_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<RunWriter> run_;
  StreamId stream_;
  uint64_t next_ = 0;
};

TEST_F(StoreIndexTest, RebuiltFromSegmentsAloneItAnswersTheSame) {
  OpenStore();
  Record(120);
  run_.reset();
  ASSERT_TRUE(store_->WaitIdle(seconds(5)).ok());
  Record(60);
  ASSERT_TRUE(store_->RecordGap({stream_, {1000}, {2000}, GapCause::kSourceLost, 3}).ok());
  ASSERT_TRUE(run_->End(EndCause::kSourceLost).ok());
  CloseStore();
  OpenStore();
  ASSERT_TRUE(store_->WaitIdle(seconds(5)).ok());
  const Answers before = Ask(*index_, stream_);
  EXPECT_EQ(before.runs.size(), 2U);
  EXPECT_EQ(UnitsRead(), 180U);
  CloseStore();

  fs::remove_all(root_ / "index");
  stream_ = {};
  OpenStore();
  ASSERT_FALSE(stream_.is_nil()) << "names come from the ledger";
  ASSERT_TRUE(store_->WaitIdle(seconds(5)).ok());
  EXPECT_EQ(Ask(*index_, stream_), before);
  EXPECT_EQ(UnitsRead(), 180U);
}

// Sealing what is open, for the index to read, is not the end of recording.
TEST_F(StoreIndexTest, RecordingGoesOnBehindARebuild) {
  OpenStore();
  Record(50);
  store_->RebuildIndex();
  ASSERT_TRUE(store_->WaitIdle(seconds(5)).ok());
  Record(400);  // more than the segment that is open holds
  EXPECT_EQ(UnitsRead(), 450U);
  CloseStore();
}

TEST_F(StoreIndexTest, AnOlderIndexIsBroughtUpToDate) {
  OpenStore();
  Record(40);
  CloseStore();
  fs::copy(root_ / "index", root_ / "older", fs::copy_options::recursive);
  OpenStore();
  Record(80);
  CloseStore();
  fs::remove_all(root_ / "index");
  fs::rename(root_ / "older", root_ / "index");
  OpenStore();
  ASSERT_TRUE(store_->WaitIdle(seconds(5)).ok());
  EXPECT_EQ(UnitsRead(), 120U);
}

TEST_F(StoreIndexTest, ACutManifestIsPutAsideAndRebuiltWhileRecordingGoesOn) {
  OpenStore();
  Record(60);
  CloseStore();
  for (const auto& entry : fs::directory_iterator(root_ / "index")) {
    const std::string name = entry.path().filename();
    if (name.rfind("MANIFEST", 0) == 0) fs::resize_file(entry.path(), entry.file_size() / 2);
  }
  OpenStore();
  EXPECT_FALSE(index_->opening().moved_to.empty());
  EXPECT_TRUE(fs::exists(index_->opening().moved_to)) << "put aside, not deleted";
  ASSERT_FALSE(stream_.is_nil());
  Record(30);
  EXPECT_EQ(UnitsRead(), 90U);
}

TEST_F(StoreIndexTest, AFlippedByteFoundWhileRunningIsHealed) {
  OpenStore();
  Record(200);
  ASSERT_TRUE(index_->rocks().Compact().ok());
  CloseStore();
  const fs::path table = FileEndingIn(".sst");
  ASSERT_FALSE(table.empty());
  FlipByte(table, static_cast<std::streamoff>(fs::file_size(table) / 4));
  OpenStore();
  Record(30);
  (void)store_->Seek(stream_, world_->clock().WallNow(), SeekRule::kBackward);
  (void)store_->GetTimeline(stream_, kAll, Bucket::kHour);
  ASSERT_TRUE(store_->WaitIdle(seconds(20)).ok());
  EXPECT_EQ(UnitsRead(), 230U);
  ASSERT_TRUE(store_->WaitIdle(seconds(20)).ok());
  EXPECT_EQ(UnitsRead(), 230U);
}

}  // namespace
}  // namespace reel
