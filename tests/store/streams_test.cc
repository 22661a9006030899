// What streams are called and whether they are recorded: durable when the call returns, whatever
// comes after, and never at the cost of footage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr StreamId kElsewhere{{7, 7, 7}};

RunOptions OneTrack() {
  RunOptions options;
  options.tracks = {TrackInfo{}};
  return options;
}

class Streams : public ::testing::Test {
 protected:
  Streams() : world_(WorldOptions{.volumes = 2}) {
    EXPECT_TRUE(world_.Init().ok());
    Reopen();
    stream_ = store_->CreateStream("gate")->id;
  }
  void Reopen() {
    store_.reset();
    auto opened = world_.Open(index_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = std::move(*opened);
  }
  // Some durable footage of the stream.
  void Record() {
    auto run = store_->BeginRun(stream_, OneTrack());
    ASSERT_TRUE(run.ok()) << run.status().ToString();
    const Bytes bytes(900, std::byte{0x65});
    UnitView unit;
    unit.flags = kUnitClean;
    unit.wall = world_.clock().WallNow();
    unit.bytes = bytes;
    ASSERT_TRUE((*run)->Append({0}, unit, AppendMode::kBulk).ok());
    (*run)->Flush();
    ASSERT_TRUE((*run)->WaitDurable({1}, seconds(10)).ok());
    ASSERT_TRUE((*run)->End(EndCause::kEnded).ok());
    ASSERT_TRUE(store_->WaitIdle(seconds(10)).ok());
  }
  // Calls `check` with the store as it is, as a power cut now leaves it, and with the index lost.
  void InEveryLife(const std::function<void(Store&)>& check) {
    check(*store_);
    CrashTraits drop;
    drop.mode = CrashTraits::Mode::kDropAll;
    for (const bool index_is_lost : {false, true}) {
      SCOPED_TRACE(index_is_lost ? "power cut, no index" : "power cut");
      SimWorld after(world_, world_.CutAt(world_.now()), 9, drop);
      MemoryIndex fresh;
      auto opened = after.Open(index_is_lost ? fresh : index_);
      ASSERT_TRUE(opened.ok()) << opened.status().ToString();
      ASSERT_TRUE((*opened)->WaitIdle(seconds(60)).ok());
      check(**opened);
    }
  }

  SimWorld world_;
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
  StreamId stream_;
};

TEST_F(Streams, ANewNameIsDurableAndFootageIsFoundByIt) {
  Record();
  ASSERT_TRUE(store_->RenameStream(stream_, "gate-east").ok());
  const StreamId yard = store_->CreateStream("yard")->id;
  ASSERT_EQ(store_->CreateStream("gate")->name, "gate") << "the name is free again";
  InEveryLife([&](Store& store) {
    EXPECT_EQ(store.FindStream("gate-east")->id, stream_);
    EXPECT_NE(store.FindStream("gate")->id, stream_);
    EXPECT_EQ(store.FindStream("yard")->id, yard);
    EXPECT_TRUE(store.Seek(stream_, kWallMax, SeekRule::kBackward).ok());
  });
}

TEST_F(Streams, TheLastOfManyNamesHolds) {
  for (const char* name : {"a", "b", "c", "gate", "d"}) {
    ASSERT_TRUE(store_->RenameStream(stream_, name).ok()) << name;
  }
  InEveryLife([&](Store& store) {
    ASSERT_EQ(store.Streams().size(), 1U);
    EXPECT_EQ(store.Streams().front().name, "d");
  });
}

TEST_F(Streams, BadTakenAndUnknownNamesAreRefused) {
  ASSERT_TRUE(store_->CreateStream("yard").ok());
  EXPECT_EQ(store_->RenameStream(stream_, "yard").status().code(), Code::kAlreadyExists);
  EXPECT_EQ(store_->RenameStream(stream_, "gate").status().code(), Code::kAlreadyExists);
  EXPECT_EQ(store_->RenameStream(stream_, "a/b").status().code(), Code::kInvalidArgument);
  EXPECT_EQ(store_->RenameStream(kElsewhere, "x").status().code(), Code::kNotFound);
  EXPECT_EQ(store_->RetireStream(kElsewhere, true).status().code(), Code::kNotFound);
  EXPECT_EQ(store_->Streams().front().name, "gate");
}

TEST_F(Streams, ARetiredStreamKeepsItsFootageAndTakesNoMore) {
  Record();
  ASSERT_TRUE(store_->RetireStream(stream_, true).ok());
  InEveryLife([&](Store& store) {
    EXPECT_TRUE(store.FindStream("gate")->retired.has_value());
    EXPECT_TRUE(store.Seek(stream_, kWallMax, SeekRule::kBackward).ok());
    const Status refused = store.BeginRun(stream_, OneTrack()).status();
    EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
    EXPECT_THAT(refused.message(), HasSubstr("retired since"));
    EXPECT_THAT(store.CreateStream("gate").status().message(), HasSubstr("retired"));
  });
  ASSERT_TRUE(store_->RetireStream(stream_, false).ok());
  InEveryLife([&](Store& store) {
    EXPECT_FALSE(store.FindStream("gate")->retired.has_value());
    EXPECT_TRUE(store.BeginRun(stream_, OneTrack()).ok());
  });
}

TEST_F(Streams, WhatIsBeingRecordedIsNotRetired) {
  auto run = store_->BeginRun(stream_, OneTrack());
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(store_->RetireStream(stream_, true).status().code(), Code::kFailedPrecondition);
  ASSERT_TRUE((*run)->End(EndCause::kEnded).ok());
  ASSERT_TRUE(store_->WaitIdle(seconds(10)).ok());
  EXPECT_TRUE(store_->RetireStream(stream_, true).ok());
}

TEST_F(Streams, AUuidOfElsewhereGetsAName) {
  ASSERT_TRUE(store_->CreateStreamAs("moved-here", kElsewhere).ok());
  InEveryLife([&](Store& store) { EXPECT_EQ(store.FindStream("moved-here")->id, kElsewhere); });
  EXPECT_THAT(store_->CreateStreamAs("again", kElsewhere).status().message(),
              HasSubstr("is 'moved-here' already"));
  EXPECT_EQ(store_->CreateStreamAs("nobody", {}).status().code(), Code::kInvalidArgument);
}

// Changes live as long as the ledger does, which is copied forward many times.
TEST_F(Streams, ChangesSurviveCopyingForward) {
  ASSERT_TRUE(store_->RenameStream(stream_, "gate-east").ok());
  ASSERT_TRUE(store_->RetireStream(stream_, true).ok());
  for (int64_t n = 0; n < 1500; ++n) {
    ASSERT_TRUE(store_->RecordGap({stream_, {n}, {n + 1}, GapCause::kSourceLost, 0}).ok());
  }
  InEveryLife(
      [&](Store& store) { EXPECT_TRUE(store.FindStream("gate-east")->retired.has_value()); });
}

// A checked volume is not read twice, and a call that is told to stop says so.
TEST_F(Streams, VerifyGoesOnWhereItWas) {
  Record();
  ASSERT_TRUE(store_->Close().ok());
  Reopen();
  Store::VerifyOptions options;
  options.problem = [](const std::string& text) { ADD_FAILURE() << text; };
  uint64_t paced = 0;
  options.pace = [&](uint64_t bytes) { return (paced += bytes) > 0; };
  options.segment_done = [&](VolumeNo volume, SegmentSerial serial) {
    EXPECT_LT(options.checked[volume], serial) << "rising";
    options.checked[volume] = serial;
  };
  const auto whole = store_->Verify(options);
  ASSERT_TRUE(whole.ok());
  EXPECT_GT(whole->chunks, 0U);
  EXPECT_EQ(whole->bytes, paced);
  EXPECT_FALSE(whole->stopped);
  EXPECT_EQ(store_->Verify(options)->chunks, 0U) << "all of it is checked";
  options.checked.clear();
  options.pace = [](uint64_t) { return false; };
  const auto cut_short = store_->Verify(options);
  EXPECT_TRUE(cut_short->stopped);
  EXPECT_EQ(cut_short->chunks, 1U);
  EXPECT_TRUE(options.checked.empty()) << "the segment was not read whole";
}

// Cameras' main and sub streams come in turn, and no disk gets all the main ones.
TEST_F(Streams, DisksShareWhatThereIsToRecord) {
  std::map<VolumeNo, int> mains;
  std::map<VolumeNo, int> subs;
  std::vector<std::unique_ptr<RunWriter>> writers;
  for (int i = 0; i < 40; ++i) {
    const bool main = i % 2 == 0;
    const StreamId stream = store_->CreateStream("stream-" + std::to_string(i))->id;
    RunOptions options = OneTrack();
    options.tracks[0].width = main ? 1920 : 640;
    options.tracks[0].height = main ? 1080 : 360;
    auto writer = store_->BeginRun(stream, options);
    ASSERT_TRUE(writer.ok());
    writers.push_back(std::move(*writer));
    ++(main ? mains : subs)[store_->FindStream(ToString(stream))->volume];
  }
  ASSERT_EQ(mains.size(), 2U);
  for (const auto& [volume, count] : mains) {
    EXPECT_NEAR(count, 10, 1);
    EXPECT_NEAR(subs[volume], 10, 9) << "a main stream is as much as nine";
  }
  // What ends makes room where it was.
  for (auto& writer : writers) ASSERT_TRUE(writer->End(EndCause::kEnded).ok());
  ASSERT_TRUE(store_->WaitIdle(seconds(10)).ok());
  std::set<VolumeNo> both;
  std::vector<std::unique_ptr<RunWriter>> again;
  for (int i = 0; i < 2; ++i) {
    const StreamId stream = store_->FindStream("stream-" + std::to_string(i))->id;
    auto writer = store_->BeginRun(stream, OneTrack());
    ASSERT_TRUE(writer.ok());
    again.push_back(std::move(*writer));
    both.insert(store_->FindStream(ToString(stream))->volume);
  }
  EXPECT_EQ(both.size(), 2U);
}

// Chunk by chunk it would be a read each, and on a rotating disk a seek.
TEST_F(Streams, VerifyReadsManyChunksAtOnce) {
  for (int run = 0; run < 40; ++run) Record();
  ASSERT_TRUE(store_->Close().ok());
  Reopen();
  const auto reads = [&] {
    return world_.disk(1).faults().count(SeamCall::kRead) +
           world_.disk(2).faults().count(SeamCall::kRead);
  };
  const uint64_t before = reads();
  const auto report = store_->Verify([](const std::string& text) { ADD_FAILURE() << text; });
  ASSERT_TRUE(report.ok());
  EXPECT_GE(report->chunks, 40U);
  EXPECT_LT(reads() - before, report->chunks / 2) << report->segments << " segments";
}

}  // namespace
}  // namespace reel
