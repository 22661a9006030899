// A power cut at every instant of an adoption: done again it is done, no stream is lost, and no
// name ever stands for two.
#include <gtest/gtest.h>

#include <set>

#include "engine/testing/memory_index.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Who is on which disk of the world. Two nodes with a stream "gate" each.
constexpr size_t kTheirState = 0;
constexpr size_t kTheirVolume = 1;
constexpr size_t kOurState = 2;
constexpr size_t kOurVolume = 3;
constexpr size_t kScratch = 4;
constexpr uint64_t kUnits = 40;

Store::Options OptionsAt(SimWorld& world, size_t state, Index* index) {
  Store::Options options = world.OptionsFor(index);
  options.state_path = SimWorld::PathOf(state);
  return options;
}

Store::AdoptVolume Pulled() { return {SimWorld::PathOf(kTheirVolume), SimWorld::PathOf(kScratch)}; }

void Record(SimWorld& world, size_t state, const std::string& name) {
  MemoryIndex index;
  auto store = Store::Open(OptionsAt(world, state, &index));
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  const auto stream = (*store)->CreateStream(name);
  ASSERT_TRUE(stream.ok());
  RunOptions run_options;
  TrackInfo track;
  track.id = TrackId{1};
  run_options.tracks = {track};
  auto run = (*store)->BeginRun(stream->id, run_options);
  ASSERT_TRUE(run.ok());
  const Bytes bytes(500, std::byte{7});
  for (uint64_t number = 0; number < kUnits; ++number) {
    UnitView unit;
    unit.track = TrackId{1};
    unit.flags = number % 10 == 0 ? uint8_t{kUnitClean} : uint8_t{0};
    unit.wall = world.clock().WallNow() + milliseconds(40 * number);
    unit.bytes = bytes;
    ASSERT_TRUE((*run)->Append(UnitNumber{number}, unit, AppendMode::kBulk).ok());
  }
  ASSERT_TRUE((*run)->End(EndCause::kEnded).ok());
  run->reset();
  ASSERT_TRUE((*store)->Close().ok());
}

uint64_t UnitsOf(Store& store, StreamId stream) {
  auto cursor = store.Read(stream, {});
  if (!cursor.ok()) return 0;
  uint64_t units = 0;
  while (true) {
    const Result<Item> item = (*cursor)->Next();
    if (!item.ok() || item->kind == ItemKind::kEnd) return units;
    units += item->kind == ItemKind::kUnit ? 1U : 0U;
  }
}

class AdoptCrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WorldOptions options;
    options.volumes = 4;
    world_ = std::make_unique<SimWorld>(options);
    Init(kTheirState, kTheirVolume);
    Init(kOurState, kOurVolume);
    Record(*world_, kTheirState, "gate");
    Record(*world_, kTheirState, "yard");
    Record(*world_, kOurState, "gate");
    begin_ = world_->now();
    const auto adopted = Store::Adopt(OptionsAt(*world_, kOurState, nullptr), Pulled());
    ASSERT_TRUE(adopted.ok()) << adopted.status().ToString();
  }
  void Init(size_t state, size_t volume) {
    Store::InitVolume init;
    init.path = SimWorld::PathOf(volume);
    init.segment_bytes = world_->options().segment_bytes;
    init.bytes = init.segment_bytes * world_->options().segments;
    ASSERT_TRUE(Store::Init(OptionsAt(*world_, state, nullptr), {init}).ok());
  }
  // What a power cut at `instant` leaves, looked at by who takes up the work.
  void AdoptAgain(size_t instant, uint64_t tear_seed) {
    CrashTraits traits;
    traits.mode = CrashTraits::Mode::kSeeded;
    SimWorld after(*world_, world_->CutAt(instant), tear_seed, traits);
    const auto again = Store::Adopt(OptionsAt(after, kOurState, nullptr), Pulled());
    const bool was_done = again.status().code() == Code::kAlreadyExists;
    ASSERT_TRUE(again.ok() || was_done) << again.status().ToString();
    MemoryIndex index;
    auto store = Store::Open(OptionsAt(after, kOurState, &index));
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    ASSERT_TRUE((*store)->WaitIdle(seconds(60)).ok());
    std::set<std::string> names;
    for (const StreamInfo& stream : (*store)->Streams()) {
      names.insert(stream.name);
      EXPECT_EQ(UnitsOf(**store, stream.id), kUnits) << stream.name;
    }
    EXPECT_EQ(names.size(), 3U) << testing::PrintToString(names);
    EXPECT_EQ(names.count("gate") + names.count("yard"), 2U) << testing::PrintToString(names);
  }

  std::unique_ptr<SimWorld> world_;
  size_t begin_ = 0;
};

TEST_F(AdoptCrashTest, DoneAgainItIsDone) {
  ASSERT_GT(world_->now(), begin_ + 10);
  for (size_t instant = begin_; instant <= world_->now() && !HasFailure(); ++instant) {
    for (uint64_t tear_seed = 1; tear_seed <= 8 && !HasFailure(); ++tear_seed) {
      SCOPED_TRACE("cut at instant " + std::to_string(instant) + " of " + std::to_string(begin_) +
                   ".." + std::to_string(world_->now()) + ", tear seed " +
                   std::to_string(tear_seed));
      AdoptAgain(instant, tear_seed);
    }
  }
}

// Until the volume is another's, its node goes on as if nothing had been.
TEST_F(AdoptCrashTest, ItsOwnerHasItBackWhenTheAdoptionIsGivenUp) {
  size_t kept = 0;
  for (size_t instant = begin_; instant <= world_->now(); ++instant) {
    CrashTraits traits;
    traits.mode = CrashTraits::Mode::kSeeded;
    SimWorld after(*world_, world_->CutAt(instant), instant, traits);
    MemoryIndex index;
    auto store = Store::Open(OptionsAt(after, kTheirState, &index));
    if (!store.ok()) {
      EXPECT_EQ(store.status().code(), Code::kFailedPrecondition) << store.status().ToString();
      continue;
    }
    ++kept;
    ASSERT_TRUE((*store)->WaitIdle(seconds(60)).ok());
    for (const StreamInfo& stream : (*store)->Streams())
      EXPECT_EQ(UnitsOf(**store, stream.id), kUnits) << stream.name << " at " << instant;
  }
  EXPECT_GT(kept, 0U);
  EXPECT_LT(kept, world_->now() - begin_ + 1);
}

}  // namespace
}  // namespace reel
