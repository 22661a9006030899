// Memory that runs out at any allocation of any call: an error value, no exception, and a store
// that goes on as if the call had not been made. Opening a node is left out: RocksDB's destructors
// need memory themselves.
#include <functional>

#include "tests/embed/allocation_failure.h"
#include "tests/embed/embed_fixture.h"

namespace reel {
namespace {

using std::chrono::milliseconds;

class MemoryTest : public EmbedTest {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "RocksDB leaks what it held when an allocation failed";
#endif
    ASSERT_TRUE(Init().ok());
    auto node = Node::Open(Path(), Options());
    ASSERT_TRUE(node.ok()) << node.status().ToString();
    node_ = *std::move(node);
    auto stream = store().CreateStream("door");
    ASSERT_TRUE(stream.ok()) << stream.status().ToString();
    stream_ = stream->id;
    run_.tracks = SyntheticTracks();
  }

  Store& store() { return node_->store(); }

  void Record(uint64_t units) {
    SyntheticSource source(1, kBegin);
    auto writer = store().BeginRun(stream_, run_);
    ASSERT_TRUE(writer.ok());
    for (uint64_t n = 0; n < units; ++n)
      ASSERT_TRUE((*writer)->Append({n}, source.Make(n), AppendMode::kBulk).ok());
    ASSERT_TRUE((*writer)->WaitDurable({units}, kPatience).ok());
    ASSERT_TRUE((*writer)->End(EndCause::kEnded).ok());
    ASSERT_TRUE(store().WaitIdle(kPatience).ok());
  }

  // Calls with the first, the second, ... allocation failing until none fails any more. Each time
  // but the last it is ResourceExhausted; how many times that was.
  uint64_t FailEach(const std::function<Status()>& call) {
    for (uint64_t n = 1;; ++n) {
      Status status;
      bool happened = false;
      {
        const AllocationFailure failure(n);
        status = call();
        happened = AllocationFailure::happened();
      }
      if (status.ok() && !happened) return n - 1;
      // What memory does not suffice for may also be done without: a cache, a message.
      if (!status.ok()) {
        EXPECT_EQ(status.code(), Code::kResourceExhausted) << status.ToString();
      }
      if (HasFailure() || n == 100'000) return n;
    }
  }

  std::unique_ptr<Node> node_;
  StreamId stream_;
  RunOptions run_;
};

TEST_F(MemoryTest, NoAllocationOfAReadingCallMatters) {
  Record(60);
  const WallTime moment = kBegin + milliseconds(1000);
  const WallRange range{kBegin, kBegin + std::chrono::minutes(1)};
  EXPECT_GT(FailEach([&] { return store().FindStream("door").status(); }), 0U);
  EXPECT_GT(FailEach([&] { return store().Seek(stream_, moment, SeekRule::kAtOrBefore).status(); }),
            0U);
  EXPECT_GT(FailEach([&] { return store().WhyNothing(stream_, moment).status(); }), 0U);
  EXPECT_GT(FailEach([&] { return store().GetTimeline(stream_, range, Bucket::kHour).status(); }),
            0U);
  EXPECT_GT(FailEach([&] {
              REEL_ASSIGN_OR_RETURN(const auto cursor, store().Read(stream_, {}));
              for (;;) {
                REEL_ASSIGN_OR_RETURN(const Item item, cursor->Next());
                if (item.kind == ItemKind::kDamage) return item.status;
                if (item.kind == ItemKind::kEnd) return OkStatus();
              }
            }),
            0U);
  EXPECT_TRUE(node_->Close().ok());
}

TEST_F(MemoryTest, NoAllocationOfAnAppendMatters) {
  constexpr uint64_t kUnits = 2000;
  SyntheticSource source(7, kBegin);
  std::unique_ptr<RunWriter> writer;
  EXPECT_GT(FailEach([&]() -> Status {
              REEL_ASSIGN_OR_RETURN(writer, store().BeginRun(stream_, run_));
              return OkStatus();
            }),
            0U);
  uint64_t failures = 0;
  for (uint64_t n = 0; n < kUnits; ++n) {
    const UnitView unit = source.Make(n);
    Status status;
    {
      const AllocationFailure failure(n % 13 + 1);
      status = writer->Append({n}, unit, AppendMode::kLive);
    }
    if (status.ok()) continue;
    ++failures;
    ASSERT_EQ(status.code(), Code::kResourceExhausted) << status.ToString();
    ASSERT_TRUE(writer->Append({n}, unit, AppendMode::kBulk).ok());
    ASSERT_EQ(writer->watermarks().accepted.value, n + 1);
  }
  EXPECT_GT(failures, 50U);
  ASSERT_TRUE(writer->WaitDurable({kUnits}, kPatience).ok());
  SyntheticSource other(8, kBegin + std::chrono::hours(1));
  const UnitView first = other.Make(0);
  const auto second = store().CreateStream("second");
  ASSERT_TRUE(second.ok());
  EXPECT_GT(FailEach([&] {
              writer = nullptr;
              REEL_ASSIGN_OR_RETURN(writer, store().BeginRun(second->id, run_));
              REEL_RETURN_IF_ERROR(writer->Append({0}, first, AppendMode::kLive));
              return writer->End(EndCause::kEnded);
            }),
            0U);
  const ReadBack back = ReadStream(store(), stream_);
  EXPECT_THAT(back.problems, testing::IsEmpty());
  EXPECT_EQ(Missing(back.units.at(7), 0, kUnits), "");
  EXPECT_TRUE(node_->Close().ok());
}

TEST_F(MemoryTest, NoAllocationOfMakingAStreamMatters) {
  int made = 0;
  FailEach([&] { return store().CreateStream("stream " + std::to_string(made++)).status(); });
  GapRow gap;
  gap.stream = stream_;
  gap.begin = kBegin;
  gap.end = kBegin + milliseconds(10);
  gap.cause = GapCause::kSourceLost;
  FailEach([&] { return store().RecordGap(gap); });
  EXPECT_TRUE(node_->Close().ok());
  EXPECT_THAT(errors(), testing::IsEmpty());
}

}  // namespace
}  // namespace reel
