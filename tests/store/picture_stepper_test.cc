// Frame step: pictures in order of presentation, across GOPs, runs and gaps, and what decodes them;
// and why there is nothing where there is nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reel/pictures.h"
#include "tests/sim/sim_world.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Duration kStep = milliseconds(40);
constexpr int64_t kTicks = 3600;  // of 90 kHz

// One GOP in decode order: where each unit stands in order of presentation.
struct Shape {
  std::vector<int> shown;
  uint8_t clean_flags = kUnitClean;
};
const Shape kPlain{{0, 1, 2, 3, 4}};
const Shape kBFrames{{0, 3, 1, 2, 4}};
const Shape kOpen{{2, 0, 1, 4, 3}, kUnitClean | kUnitOpenGop};  // two leading pictures
const Shape kRefresh{{0, 1, 2, 3, 4}, kUnitClean | kUnitIntraRefresh};

class PictureTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world_.Init().ok());
    auto opened = world_.Open(index_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = *std::move(opened);
    stream_ = store_->CreateStream("gate")->id;
    begin_ = WallTime{world_.clock().WallNow().ns / 1000 * 1000};
  }

  // Records GOPs as one run that begins at `at`, and ends it.
  void Record(WallTime at, const std::vector<Shape>& gops, std::optional<uint64_t> hole = {}) {
    TrackInfo sound;
    sound.id = {7};
    sound.kind = TrackKind::kAudio;
    sound.codec = Codec::kPcmALaw;
    TrackInfo video;
    video.id = {1};
    RunOptions options;
    options.tracks = {sound, video};
    auto run = store_->BeginRun(stream_, options);
    ASSERT_TRUE(run.ok()) << run.status().ToString();
    uint64_t number = 0;
    int64_t picture = 0;  // the first of the GOP
    for (const Shape& gop : gops) {
      for (size_t i = 0; i < gop.shown.size(); ++i) {
        const Bytes bytes(500, static_cast<std::byte>(picture + gop.shown[i]));
        UnitView unit;
        unit.track = video.id;
        unit.flags = i == 0 ? gop.clean_flags : uint8_t{0};
        unit.dts = (picture + static_cast<int64_t>(i)) * kTicks;
        unit.pts = (picture + gop.shown[i] + 2) * kTicks;  // two pictures of reordering
        unit.wall = at + kStep * (picture + static_cast<int64_t>(i));
        unit.bytes = bytes;
        if (number != hole) Append(**run, number, unit);
        ++number;
        unit.track = sound.id;
        unit.flags = 0;
        Append(**run, number++, unit);
      }
      picture += static_cast<int64_t>(gop.shown.size());
    }
    world_.clock().Advance(kStep * picture);
    ASSERT_TRUE((*run)->End(EndCause::kEnded).ok());
    ASSERT_TRUE(store_->WaitIdle(seconds(10)).ok());
  }
  void Append(RunWriter& run, uint64_t number, const UnitView& unit) {
    ASSERT_TRUE(run.Append(UnitNumber{number}, unit, AppendMode::kBulk).ok());
    store_->RunOnce(milliseconds(1));
  }

  std::unique_ptr<PictureStepper> Open(WallTime time) {
    auto stepper = PictureStepper::Open(*store_, stream_, time);
    EXPECT_TRUE(stepper.ok()) << stepper.status().ToString();
    return stepper.ok() ? *std::move(stepper) : nullptr;
  }

  // What each unit that decodes the present picture shows, in decode order.
  static std::vector<int> Shown(PictureStepper& stepper) {
    const Result<PictureSource> source = stepper.Source();
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    std::vector<int> shown;
    for (const PictureSource::Coded& coded : source->units) {
      shown.push_back(std::to_integer<int>(coded.bytes[0]));
    }
    return shown;
  }
  static int Present(PictureStepper& stepper) { return Shown(stepper).back(); }

  SimWorld world_{{.segment_bytes = 256U << 10, .segments = 24}};
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
  StreamId stream_;
  WallTime begin_;
};

TEST_F(PictureTest, StepsThroughEveryPictureInTheOrderShownAndBack) {
  Record(begin_, {kBFrames, kOpen, kPlain, kOpen, kBFrames});
  const auto stepper = Open(begin_);
  ASSERT_NE(stepper, nullptr);
  int picture = 0;
  EXPECT_EQ(Present(*stepper), 0);
  while (*stepper->Next()) EXPECT_EQ(Present(*stepper), ++picture);
  EXPECT_EQ(picture, 24);
  while (*stepper->Previous()) EXPECT_EQ(Present(*stepper), --picture);
  EXPECT_EQ(picture, 0);
  EXPECT_TRUE(*stepper->Next());
  EXPECT_EQ(Present(*stepper), 1);
}

TEST_F(PictureTest, StandsAtThePictureSeenAtThatTime) {
  Record(begin_, {kBFrames, kOpen, kBFrames});
  for (int i = 0; i < 15; ++i) {
    // A clean point is seen at its own time, the others around it.
    for (const Duration behind : {Duration{0}, Duration(milliseconds(39))}) {
      const auto stepper = Open(begin_ + kStep * i + behind);
      ASSERT_NE(stepper, nullptr);
      const WallTime shown = stepper->at().shown;
      EXPECT_LE(shown, begin_ + kStep * i + behind);
      const bool more = *stepper->Next();
      EXPECT_TRUE(!more || stepper->at().shown > begin_ + kStep * i + behind) << i;
    }
  }
}

TEST_F(PictureTest, DecodesFromItsCleanPointOrTheOneBefore) {
  Record(begin_, {kBFrames, kOpen, kRefresh});
  const auto stepper = Open(begin_);
  ASSERT_NE(stepper, nullptr);
  const auto step_to = [&](int picture) {
    while (Present(*stepper) != picture) ASSERT_TRUE(*stepper->Next());
  };
  step_to(2);
  EXPECT_THAT(Shown(*stepper), ElementsAre(0, 3, 1, 2));
  step_to(6);  // leading: needs the GOP before
  EXPECT_THAT(Shown(*stepper), ElementsAre(0, 3, 1, 2, 4, 7, 5, 6));
  step_to(8);
  EXPECT_THAT(Shown(*stepper), ElementsAre(7, 5, 6, 9, 8));
  step_to(11);  // behind an intra refresh
  EXPECT_THAT(Shown(*stepper), ElementsAre(7, 5, 6, 9, 8, 10, 11));
  const PictureSource source = *stepper->Source();
  std::vector<uint32_t> ranks;
  for (const auto& coded : source.units) ranks.push_back(coded.rank);
  EXPECT_THAT(ranks, ElementsAre(2, 0, 1, 4, 3, 5, 6)) << "as they are shown";
  EXPECT_EQ(source.track.id, TrackId{1});
}

TEST_F(PictureTest, CrossesGapsAndRuns) {
  Record(begin_, {kPlain});
  world_.clock().Advance(seconds(60));
  const WallTime later = begin_ + seconds(60);
  Record(later, {kOpen});
  const auto stepper = Open(begin_ + kStep * 4);
  ASSERT_NE(stepper, nullptr);
  ASSERT_TRUE(*stepper->Next());
  EXPECT_EQ(Present(*stepper), 0);
  EXPECT_THAT(Shown(*stepper), ElementsAre(2, 0)) << "nothing of the other run";
  ASSERT_TRUE(*stepper->Previous());
  EXPECT_EQ(stepper->at().shown, begin_ + kStep * 4);
}

TEST_F(PictureTest, GoesOnWhenMoreHasComeMeanwhile) {
  Record(begin_, {kPlain});
  const auto stepper = Open(begin_ + kStep * 4);
  ASSERT_NE(stepper, nullptr);
  EXPECT_FALSE(*stepper->Next());
  EXPECT_EQ(Present(*stepper), 4);
  Record(begin_ + kStep * 5, {kBFrames});
  ASSERT_TRUE(*stepper->Next());
  EXPECT_EQ(stepper->at().shown, begin_ + kStep * 5);
}

// A rotten sector is told once in either direction, and what stands around it is shown.
TEST_F(PictureTest, DamageIsToldOnceAndPassed) {
  Record(begin_, {kPlain, kPlain, kPlain});
  const std::vector<GopRow> gops = *index_.Gops(stream_, begin_, Direction::kForward, 3);
  ASSERT_EQ(gops.size(), 3U);
  const Piece& piece = gops[1].pieces[0];
  const std::vector<SegmentRow> segments = *index_.Segments(piece.volume);
  const auto segment = std::find_if(segments.begin(), segments.end(), [&](const SegmentRow& row) {
    return row.serial == piece.serial;
  });
  ASSERT_NE(segment, segments.end());
  char name[32];
  std::snprintf(name, sizeof name, "segment-%08u", segment->file_number);
  // Behind the first picture of the second GOP.
  const uint64_t rotten_bytes = piece.offset_bytes + gops[1].lead_bytes + 600;
  world_.disk(1).CorruptSector(name, rotten_bytes / 512 * 512);

  const auto stepper = Open(begin_);
  ASSERT_NE(stepper, nullptr);
  std::vector<int> seen{Present(*stepper)};
  int damage = 0;
  for (int steps = 0; steps < 40; ++steps) {
    const Result<bool> moved = stepper->Next();
    if (moved.ok() && !*moved) break;
    if (moved.ok()) seen.push_back(Present(*stepper));
    if (moved.ok()) continue;
    EXPECT_EQ(moved.status().code(), Code::kDataLoss);
    ++damage;
  }
  EXPECT_EQ(damage, 1);
  EXPECT_GE(seen.size(), 11U);
  EXPECT_LT(seen.size(), 15U);
  EXPECT_EQ(seen.back(), 14);
  EXPECT_EQ(PictureStepper::Open(*store_, stream_, begin_ + kStep * 9).status().code(),
            Code::kDataLoss)
      << "no other picture stands for one that is damaged";
}

TEST_F(PictureTest, WhatStandsBehindAHoleIsPassedOver) {
  Record(begin_, {kPlain, kPlain}, 4);  // the third picture never came
  const auto stepper = Open(begin_);
  ASSERT_NE(stepper, nullptr);
  std::vector<int> seen{Present(*stepper)};
  while (*stepper->Next()) seen.push_back(Present(*stepper));
  EXPECT_THAT(seen, ElementsAre(0, 1, 5, 6, 7, 8, 9));
}

TEST_F(PictureTest, AGapSaysWhy) {
  Record(begin_, {kPlain});
  const auto why = [&](WallTime time) {
    const auto stepper = PictureStepper::Open(*store_, stream_, time);
    EXPECT_EQ(stepper.status().code(), Code::kNotFound);
    return stepper.status().message();
  };
  EXPECT_THAT(why(begin_ - seconds(5)), HasSubstr("not-recorded"));
  world_.clock().Advance(seconds(20));
  EXPECT_THAT(why(begin_ + seconds(5)), HasSubstr("nobody asked for it"));
  EXPECT_THAT(why(begin_ + seconds(500)), HasSubstr("has not come yet"));
  ASSERT_TRUE(
      store_
          ->RecordGap({stream_, begin_ + seconds(2), begin_ + seconds(6), GapCause::kSourceLost, 0})
          .ok());
  ASSERT_TRUE(store_->WaitIdle(seconds(10)).ok());
  EXPECT_THAT(why(begin_ + seconds(5)), HasSubstr("camera or the link"));
}

TEST_F(PictureTest, RecorderThatWasDownIsNamed) {
  Record(begin_, {kPlain});
  ASSERT_TRUE(store_->Close().ok());
  store_.reset();
  world_.clock().Advance(seconds(100));
  store_ = *world_.Open(index_);
  Record(begin_ + seconds(102), {kPlain});
  const auto why = store_->WhyNothing(stream_, begin_ + seconds(50));
  ASSERT_TRUE(why.ok() && why->has_value());
  EXPECT_EQ((*why)->kind, Absence::Kind::kGap);
  EXPECT_EQ((*why)->gap.cause, GapCause::kRecorderDown);
  EXPECT_LE((*why)->gap.begin, begin_ + seconds(1));
  EXPECT_GE((*why)->gap.end, begin_ + seconds(100));
  EXPECT_THAT((*why)->Text(begin_ + seconds(50)), HasSubstr("recorder was not running"));
}

TEST_F(PictureTest, ManyStreamsAtOneInstantEachWithItsAnswer) {
  Record(begin_, {kPlain, kPlain});
  const StreamId empty = store_->CreateStream("yard")->id;
  world_.clock().Advance(seconds(20));
  const WallTime asked = begin_ + kStep * 7;
  const std::vector<StreamMoment> moments =
      store_->SeekAll({stream_, empty, stream_}, asked, SeekRule::kAtOrBefore);
  ASSERT_EQ(moments.size(), 3U);
  EXPECT_EQ(moments[0].stream, stream_);
  EXPECT_EQ(moments[0].point->begin, begin_ + kStep * 5);
  EXPECT_FALSE(moments[0].absence);
  EXPECT_EQ(moments[1].stream, empty);
  EXPECT_EQ(moments[1].point.status().code(), Code::kNotFound);
  ASSERT_TRUE(moments[1].absence);
  EXPECT_EQ(moments[1].absence->gap.cause, GapCause::kNotRecorded);
  EXPECT_TRUE(moments[2].point.ok());
}

}  // namespace
}  // namespace reel
