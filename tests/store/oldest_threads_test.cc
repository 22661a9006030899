// Threads that read what is being recycled, on a real disk: they get footage as it was recorded or
// are told that it is gone.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/io/disk_factory.h"
#include "engine/testing/memory_index.h"
#include "engine/testing/sim_clock.h"
#include "reel/store.h"
#include "tests/io/temp_directory.h"

namespace reel {
namespace {

constexpr size_t kReaders = 16;
constexpr int kUnitsRead = 30;
constexpr uint64_t kSegmentBytes = 1U << 20;
constexpr WallTime kBegin{1'700'000'000'000'000'000};

Bytes ContentOf(uint64_t number) {
  Bytes bytes(number % 10 == 0 ? 30'000 : 5000);
  Rng(number).Fill(bytes);
  return bytes;
}

void ReadOldest(Store& store, StreamId stream) {
  auto cursor = store.Read(stream, {});
  ASSERT_TRUE(cursor.ok());
  for (int units = 0; units < kUnitsRead;) {
    const Result<Item> item = (*cursor)->Next();
    ASSERT_TRUE(item.ok()) << item.status().ToString();
    if (item->kind == ItemKind::kEnd) return;
    ASSERT_NE(item->kind, ItemKind::kDamage) << item->status.ToString();
    // Recording at full speed may pass over what is read (L5); a hole amid what is left is unknown.
    const GapCause cause = item->gap.cause;
    ASSERT_TRUE(item->kind != ItemKind::kGap || cause == GapCause::kExpired ||
                cause == GapCause::kUnknown)
        << GapCauseName(cause);
    if (item->kind != ItemKind::kUnit) continue;
    ASSERT_EQ(item->unit.bytes, ContentOf(item->unit.number.value));
    ++units;
  }
}

TEST(OldestThreadsTest, GetFootageOrAreToldThatItIsGone) {
  const TempDirectory folder;
  std::filesystem::create_directories(folder.PathOf("state"));
  std::filesystem::create_directories(folder.PathOf("disk"));
  MemoryIndex index;
  Store::Options options;
  options.state_path = folder.PathOf("state");
  options.open_disk = [](const std::string& path) { return OpenDisk(path); };
  options.index = &index;
  options.flush_interval = std::chrono::milliseconds(50);
  ASSERT_TRUE(
      Store::Init(options, {{folder.PathOf("disk"), 8 * kSegmentBytes, kSegmentBytes, 0, "auto"}})
          .ok());
  auto store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  const StreamId stream = (*store)->CreateStream("gate")->id;
  TrackInfo track;
  track.id = {1};
  RunOptions run_options;
  run_options.tracks = {track};
  auto run = (*store)->BeginRun(stream, run_options);
  ASSERT_TRUE(run.ok());

  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (size_t i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      while (!stop && !testing::Test::HasFailure()) ReadOldest(**store, stream);
    });
  }
  uint64_t number = 0;
  for (; (*store)->counters().segments_recycled < 12 && number < 20'000; ++number) {
    const Bytes bytes = ContentOf(number);
    UnitView unit;
    unit.track = {1};
    unit.flags = number % 10 == 0 ? uint8_t{kUnitClean} : uint8_t{0};
    unit.wall = kBegin + std::chrono::milliseconds(40) * static_cast<int64_t>(number);
    unit.bytes = bytes;
    EXPECT_TRUE((*run)->Append({number}, unit, AppendMode::kBulk).ok());
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GE((*store)->counters().segments_recycled, 12U);
  EXPECT_TRUE((*run)->End(EndCause::kEnded).ok());
  run->reset();
  EXPECT_TRUE((*store)->Close().ok());
}

}  // namespace
}  // namespace reel
