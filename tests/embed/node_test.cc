// Node: making, opening, reading beside a writer; where callbacks run; last words.
#include <condition_variable>

#include "engine/base/edge.h"
#include "tests/embed/embed_fixture.h"

namespace reel {
namespace {

using testing::HasSubstr;
using NodeTest = EmbedTest;

TEST_F(NodeTest, AVolumeHasToBeThereAndNothingIsLeftHalfMade) {
  Store::InitVolume volume;
  volume.path = Disk() + "/not-mounted";
  const Status status = Node::Init(Path(), {volume});
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("mount the disk"));
  EXPECT_FALSE(std::filesystem::exists(Path()));
  EXPECT_EQ(Node::Open(Path()).status().code(), Code::kNotFound);
  ASSERT_TRUE(Init().ok());
  EXPECT_EQ(Init().code(), Code::kAlreadyExists);
}

TEST_F(NodeTest, OneWritesAndOthersRead) {
  ASSERT_TRUE(Init().ok());
  auto writer = Node::Open(Path(), Options());
  ASSERT_TRUE(writer.ok()) << writer.status().ToString();
  ASSERT_TRUE((*writer)->store().CreateStream("door").ok());
  const Status second = Node::Open(Path()).status();
  EXPECT_EQ(second.code(), Code::kFailedPrecondition);
  EXPECT_THAT(second.message(), HasSubstr(std::to_string(getpid())));
  ASSERT_TRUE((*writer)->store().WaitIdle(kPatience).ok());
  NodeOptions reading = Options();
  reading.read_only = true;
  auto reader = Node::Open(Path(), reading);
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_TRUE((*reader)->store().FindStream("door").ok());
  EXPECT_EQ((*reader)->store().CreateStream("yard").status().code(), Code::kFailedPrecondition);
  EXPECT_TRUE((*writer)->Close().ok());
}

TEST_F(NodeTest, AnUnusableIndexIsPutAsideAndFilledAgain) {
  ASSERT_TRUE(Init().ok());
  StreamId stream;
  {
    auto node = Node::Open(Path(), Options());
    ASSERT_TRUE(node.ok());
    stream = (*node)->store().CreateStream("door")->id;
    RunOptions options;
    options.tracks = SyntheticTracks();
    auto run = (*node)->store().BeginRun(stream, options);
    ASSERT_TRUE(run.ok());
    SyntheticSource source(3, kBegin);
    for (uint64_t n = 0; n < 50; ++n)
      ASSERT_TRUE((*run)->Append({n}, source.Make(n), AppendMode::kBulk).ok());
    run->reset();
    ASSERT_TRUE((*node)->Close().ok());
  }
  std::filesystem::remove(Path() + "/index/CURRENT");
  auto node = Node::Open(Path(), Options());
  ASSERT_TRUE(node.ok()) << node.status().ToString();
  EXPECT_TRUE(std::filesystem::exists(Path() + "/index.damaged-1"));
  ASSERT_TRUE((*node)->store().WaitIdle(kPatience).ok());
  EXPECT_EQ(Missing(ReadStream((*node)->store(), stream).units[3], 0, 50), "");
  EXPECT_TRUE((*node)->Close().ok());
}

// A callback that waits holds up neither the disk nor the durability of others: it runs on none of
// the threads that see to them.
TEST_F(NodeTest, ACallbackThatWaitsHoldsUpNoRecording) {
  ASSERT_TRUE(Init().ok());
  auto node = Node::Open(Path(), Options());
  ASSERT_TRUE(node.ok());
  Store& store = (*node)->store();
  std::mutex mutex;
  std::condition_variable changed;
  bool waiting = false;
  bool released = false;
  RunOptions options;
  options.tracks = SyntheticTracks();
  options.on_durable = [&](const Watermarks&) {
    std::unique_lock lock(mutex);
    waiting = true;
    changed.notify_all();
    changed.wait(lock, [&] { return released; });
  };
  SyntheticSource source(1, kBegin);
  auto held = store.BeginRun(store.CreateStream("held")->id, options);
  ASSERT_TRUE(held.ok());
  ASSERT_TRUE((*held)->Append({0}, source.Make(0), AppendMode::kLive).ok());
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, kPatience, [&] { return waiting; }));
  }
  options.on_durable = nullptr;
  // A stream's creation waits for the disk as well.
  auto other = store.BeginRun(store.CreateStream("other")->id, options);
  ASSERT_TRUE(other.ok());
  for (uint64_t n = 0; n < 100; ++n)
    ASSERT_TRUE((*other)->Append({n}, source.Make(n), AppendMode::kLive).ok());
  EXPECT_TRUE((*other)->WaitDurable({100}, kPatience).ok());
  {
    const std::lock_guard lock(mutex);
    released = true;
  }
  changed.notify_all();
  other->reset();
  held->reset();
  EXPECT_TRUE((*node)->Close().ok());
}

TEST_F(NodeTest, AWaitForEverIsNoOverflow) {
  ASSERT_TRUE(Init().ok());
  auto node = Node::Open(Path(), Options());
  ASSERT_TRUE(node.ok());
  EXPECT_TRUE((*node)->store().WaitIdle(Duration::max()).ok());
  RunOptions options;
  options.tracks = SyntheticTracks();
  auto run = (*node)->store().BeginRun((*node)->store().CreateStream("door")->id, options);
  ASSERT_TRUE(run.ok());
  SyntheticSource source(1, kBegin);
  ASSERT_TRUE((*run)->Append({0}, source.Make(0), AppendMode::kLive).ok());
  EXPECT_TRUE((*run)->WaitDurable({1}, Duration::max()).ok());
  run->reset();
  EXPECT_TRUE((*node)->Close().ok());
}

TEST(EdgeTest, WhatIsThrownBecomesAnErrorValue) {
  EXPECT_EQ(AtEdge([]() -> Status { return std::vector<int>().at(1), OkStatus(); }).code(),
            Code::kInternal);
  const Status full = AtEdge(
      []() -> Status { return InvalidArgument(std::string(std::string().max_size(), 'x')); });
  EXPECT_EQ(full.code(), Code::kResourceExhausted);
  EXPECT_EQ(full.message(), "out of memory");
}

TEST(LastWordsDeathTest, AreTheLogsAlone) {
  const auto fail = [] {
    const LastWords words([](LogLevel, std::string_view line) {
      std::fprintf(stderr, "told(%s)", std::string(line).c_str());
    });
    REEL_CHECK(1 + 1 == 3, "sums");
  };
  // Nothing before it and nothing behind it: the library itself printed nothing.
  EXPECT_DEATH(fail(), "^told\\(reel: invariant broken at .*: 1 \\+ 1 == 3 \\(sums\\)\\)$");
}

}  // namespace
}  // namespace reel
