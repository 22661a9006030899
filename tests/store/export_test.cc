// Virtual MP4 files of a simulated node: what they hold and show, that any part can be had alone,
// and what becomes of damage, gaps and changes on the way.
#include "tests/store/export_fixture.h"

namespace reel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

TEST_F(ExportTest, HoldsTheRangeByteForByte) {
  BeginRun({Video()});
  Pictures(100, begin_);
  EndRun();
  for (const bool fragmented : {false, true}) {
    ExportOptions options = From(seconds(0), seconds(10));
    options.fragmented = fragmented;
    const Files files = Open(options);
    ASSERT_EQ(files.size(), 1U);
    VirtualMp4& file = *files[0];
    EXPECT_EQ(file.frame_count(), 100U);
    ASSERT_NO_FATAL_FAILURE(ExpectFramesAreUnits(file));
    EXPECT_EQ(file.media_type(), "video/mp4; codecs=\"avc1.64000A\"");
    EXPECT_EQ(file.info().name, "gate east");
    EXPECT_EQ(file.info().given.begin, begin_);
    EXPECT_EQ(file.info().given.end, At(kStep * 99));
    EXPECT_EQ(file.frame(7).uncertainty_us, 1500U);
    EXPECT_EQ(file.frame(7).time, At(kStep * 7));
    EXPECT_EQ(file.frame(7).pts, 7 * 3600);
  }
}

TEST_F(ExportTest, AnyPartIsTheSameEveryTime) {
  BeginRun({Video()});
  Pictures(60, begin_);
  EndRun();
  const Files files = Open(From(seconds(0), seconds(10)));
  const Bytes whole = ReadWhole(*files[0]);
  const Files again = Open(From(seconds(0), seconds(10)));
  EXPECT_EQ(again[0]->identity(), files[0]->identity());
  EXPECT_EQ(Open(From(milliseconds(40), seconds(10)))[0]->identity().size(), 64U);
  EXPECT_NE(Open(From(milliseconds(40), seconds(10)))[0]->identity(), files[0]->identity());
  Rng rng(5);
  for (int i = 0; i < 200; ++i) {
    const uint64_t from = rng.Below(whole.size());
    const uint64_t size = rng.Below(9000) + 1;
    const Bytes part = ReadAt(*again[0], from, size);
    const auto expected_end = std::min<uint64_t>(from + size, whole.size());
    ASSERT_EQ(part, Bytes(whole.begin() + static_cast<ptrdiff_t>(from),
                          whole.begin() + static_cast<ptrdiff_t>(expected_end)));
  }
  EXPECT_EQ(ReadAt(*again[0], whole.size(), 10).size(), 0U);
}

TEST_F(ExportTest, BeginsAtThePictureAskedFor) {
  BeginRun({Video()});
  Pictures(60, begin_);
  EndRun();
  const Files files = Open(From(kStep * 25, kStep * 41));
  VirtualMp4& file = *files[0];
  EXPECT_EQ(Units(file, false), Numbers(20, 25)) << "needed to decode";
  EXPECT_EQ(Units(file, true), Numbers(25, 41));
  const Demuxed found = DemuxedOf(file);
  EXPECT_EQ(found.tracks.at(1).edits, (std::vector<DemuxedEdit>{{16 * 3600, 5 * 3600}}));
  EXPECT_EQ(found.created_seconds,
            static_cast<uint64_t>(begin_.ns / 1'000'000'000) + 1 + 2'082'844'800);
  EXPECT_EQ(file.frame(5).pts, 0);
}

TEST_F(ExportTest, OpeningReadsHeadsAlone) {
  BeginRun({Video()});
  Pictures(200, begin_);
  EndRun();
  const Files files = Open(From(seconds(0), seconds(20)));
  CorruptCleanPoint(*files[0], 30);
  EXPECT_TRUE(store_->OpenExport(stream_, From(seconds(0), seconds(20))).ok())
      << "a unit's bytes are not looked at";
}

TEST_F(ExportTest, ExtraGopsAreHidden) {
  BeginRun({Video()});
  Pictures(100, begin_);
  EndRun();
  ExportOptions options = From(kStep * 35, kStep * 52);
  options.extra_gop = true;
  const Files files = Open(options);
  EXPECT_EQ(Units(*files[0], true), Numbers(35, 52));
  EXPECT_EQ(files[0]->frame(0).unit.value, 20U);
  EXPECT_EQ(files[0]->frame(files[0]->frame_count() - 1).unit.value, 69U);
  // At the ends of footage there is no more.
  options.range = {At(kStep * 3), At(kStep * 95)};
  EXPECT_EQ(Open(options)[0]->frame_count(), 100U);
}

TEST_F(ExportTest, LeadingPicturesOfAnOpenGopAreHiddenAtTheStart) {
  BeginRun({Video()});
  // I B B P P ...: two pictures are shown before the first one decoded.
  for (int i = 0; i < 30; ++i) {
    const bool clean = i % kGop == 0;
    const bool leading = i % kGop == 1 || i % kGop == 2;
    const int64_t pts = (clean ? i + 4 : leading ? i + 1 : i + 2) * 3600;
    const uint8_t flags = clean ? kUnitClean | kUnitOpenGop : 0;
    Append({1}, Picture(clean), flags, pts, i * 3600, begin_ + kStep * i);
  }
  EndRun();
  const Files files = Open(From(kStep * 10, seconds(10)));
  EXPECT_THAT(Units(*files[0], false), testing::IsSupersetOf({11U, 12U}));
  EXPECT_EQ(Units(*files[0], true).front(), 10U);
  // In the middle of the file they are shown.
  const std::vector<uint64_t> shown = Units(*files[0], true);
  EXPECT_NE(std::find(shown.begin(), shown.end(), 21U), shown.end());
}

TEST_F(ExportTest, IntraRefreshIsNoSyncSample) {
  BeginRun({Video()});
  Pictures(30, begin_, kUnitClean | kUnitIntraRefresh);
  EndRun();
  const Demuxed found = DemuxedOf(*Open(From(seconds(0), seconds(10)))[0]);
  for (const DemuxedSample& sample : found.tracks.at(1).samples) EXPECT_FALSE(sample.sync);
}

TEST_F(ExportTest, SoundBesideThePictureWithoutAdtsHeaders) {
  TrackInfo metadata;
  metadata.id = {3};
  metadata.kind = TrackKind::kData;
  metadata.codec = Codec::kOnvifMetadata;
  BeginRun({Video(), Sound(), metadata});
  for (int i = 0; i < 30; ++i) {
    const bool clean = i % kGop == 0;
    Append({1}, Picture(clean), clean ? kUnitClean : 0, i * 3600, i * 3600, begin_ + kStep * i);
    Bytes frame = FromHex("fff16c40073ffc");  // 57 bytes with its header
    frame.resize(57, std::byte{0x21});
    Append({2}, frame, 0, i * 320, i * 320, begin_ + kStep * i);
    Append({3}, FromHex("3c3e"), 0, i * 3600, i * 3600, begin_ + kStep * i);
  }
  EndRun();
  const Files files = Open(From(kStep * 15, kStep * 25));
  VirtualMp4& file = *files[0];
  ASSERT_NO_FATAL_FAILURE(ExpectFramesAreUnits(file, 7));
  EXPECT_EQ(file.media_type(), "video/mp4; codecs=\"avc1.64000A,mp4a.40.2\"");
  ASSERT_EQ(file.info().notes.size(), 1U);
  EXPECT_THAT(file.info().notes[0], HasSubstr("track 3 left out"));
  const Demuxed found = DemuxedOf(file);
  EXPECT_EQ(found.tracks.at(1).edits, (std::vector<DemuxedEdit>{{10 * 3600, 5 * 3600}}));
  EXPECT_EQ(found.tracks.at(2).edits, (std::vector<DemuxedEdit>{{10 * 3600, 5 * 320}}));
}

TEST_F(ExportTest, GapsStayOrSplit) {
  BeginRun({Video()});
  Pictures(25, begin_);
  EndRun(EndCause::kSourceLost);
  BeginRun({Video()});
  Pictures(25, At(hours(2)));
  EndRun();
  ExportOptions options = From(seconds(0), hours(3));
  const Files one = Open(options);
  ASSERT_EQ(one.size(), 1U);
  ASSERT_NO_FATAL_FAILURE(ExpectFramesAreUnits(*one[0]));
  ASSERT_EQ(one[0]->info().gaps.size(), 1U);
  EXPECT_EQ(one[0]->info().gaps[0].cause, GapCause::kSourceLost);
  EXPECT_EQ(one[0]->info().runs.size(), 2U);
  EXPECT_EQ(one[0]->frame(25).pts, int64_t{7200} * 90'000);
  const Demuxed found = DemuxedOf(*one[0]);
  EXPECT_EQ(found.tracks.at(1).samples[24].duration, (7200 - 24 * 0.04) * 90'000);

  options.split = true;
  const Files two = Open(options);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0]->frame_count(), 25U);
  EXPECT_EQ(two[1]->info().given.begin, At(hours(2)));
  EXPECT_EQ(two[1]->frame(0).pts, 0);
  EXPECT_TRUE(two[0]->info().gaps.empty() && two[1]->info().gaps.empty());
}

// A camera's own clock says nothing of the time between two runs.
TEST_F(ExportTest, ANewRunFollowsTheWallClock) {
  BeginRun({Video()});
  Append({1}, Picture(true), kUnitClean, 0, 0, begin_);
  EndRun(EndCause::kSourceLost);
  BeginRun({Video()});
  Append({1}, Picture(true), kUnitClean, 3600, 3600, At(seconds(8)));
  EndRun();
  const Files files = Open(From(seconds(0), seconds(20)));
  EXPECT_EQ(files[0]->frame(1).pts, 8 * 90'000);
}

TEST_F(ExportTest, AGapTooLongForOneFile) {
  for (const Duration at : {Duration{0}, Duration{hours(8)}}) {
    BeginRun({Video()});
    Pictures(10, At(at));
    EndRun();
  }
  ExportOptions options = From(seconds(0), hours(9));
  const auto refused = store_->OpenExport(stream_, options);
  EXPECT_EQ(refused.status().code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.status().message(), HasSubstr("split"));
  options.fragmented = true;
  EXPECT_EQ(Open(options)[0]->frame_count(), 20U);
}

TEST_F(ExportTest, ParameterSetsThatChangeHaveEntriesOfTheirOwn) {
  for (int i = 0; i < 3; ++i) {
    BeginRun({Video(i % 2)});
    Pictures(10, At(kStep * 10 * i));
    EndRun();
  }
  const Files files = Open(From(seconds(0), seconds(10)));
  const Demuxed found = DemuxedOf(*files[0]);
  EXPECT_EQ(found.tracks.at(1).entries, (std::vector<std::string>{"avc1", "avc1"}));
  std::vector<uint32_t> entries;
  for (size_t i = 0; i < 30; i += 10) entries.push_back(found.tracks.at(1).samples[i].entry);
  EXPECT_EQ(entries, (std::vector<uint32_t>{0, 1, 0}));
}

TEST_F(ExportTest, ParameterSetsThatComeBehindTheCleanPoint) {
  BeginRun({Video(-1)});
  Append({1}, Picture(true), kUnitClean, 0, 0, begin_);
  ASSERT_TRUE(run_->SetTracks({Video()}).ok());
  for (int i = 1; i < 5; ++i) {
    Append({1}, Picture(false), 0, i * 3600, i * 3600, begin_ + kStep * i);
  }
  EndRun();
  const Files files = Open(From(seconds(0), seconds(10)));
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0]->frame_count(), 5U);
  EXPECT_TRUE(files[0]->info().notes.empty());
}

TEST_F(ExportTest, ParameterSetsThatOnlyUnitsCarry) {
  BeginRun({Video(-1)});
  for (int i = 0; i < 20; ++i) {
    const bool clean = i % kGop == 0;
    const Bytes unit = Picture(clean, clean ? Sets(0) : Bytes());
    Append({1}, unit, clean ? kUnitClean : 0, i * 3600, i * 3600, begin_ + kStep * i);
  }
  EndRun();
  const Files files = Open(From(seconds(0), seconds(10)));
  ASSERT_NO_FATAL_FAILURE(ExpectFramesAreUnits(*files[0]));
  EXPECT_EQ(DemuxedOf(*files[0]).tracks.at(1).entries, std::vector<std::string>{"avc3"});
  EXPECT_EQ(files[0]->media_type(), "video/mp4; codecs=\"avc3.64000A\"");
}

TEST_F(ExportTest, WithoutParameterSetsThereIsNoMp4) {
  BeginRun({Video(-1)});
  Pictures(20, begin_);
  EndRun();
  const auto refused = store_->OpenExport(stream_, From(seconds(0), seconds(10)));
  EXPECT_EQ(refused.status().code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused.status().message(), HasSubstr("parameter sets"));
}

TEST_F(ExportTest, ACodecThatChangesNeedsAnotherFile) {
  BeginRun({Video()});
  Pictures(10, begin_);
  EndRun();
  TrackInfo other = Video();
  other.timescale = 1000;
  BeginRun({other});
  Pictures(10, At(kStep * 10));
  EndRun();
  ExportOptions options = From(seconds(0), seconds(10));
  EXPECT_EQ(store_->OpenExport(stream_, options).status().code(), Code::kFailedPrecondition);
  options.split = true;
  EXPECT_EQ(Open(options).size(), 2U);
}

TEST_F(ExportTest, DamageIsAnErrorThatNamesCameraAndTime) {
  BeginRun({Video()});
  Pictures(100, begin_);
  EndRun();
  ExportOptions options = From(seconds(0), seconds(10));
  const Files files = Open(options);
  CorruptCleanPoint(*files[0], 40);
  Bytes bytes(files[0]->size_bytes());
  const Result<size_t> read = files[0]->Read(0, bytes);
  ASSERT_EQ(read.status().code(), Code::kDataLoss);
  EXPECT_THAT(read.status().message(), HasSubstr("gate east"));
  EXPECT_THAT(read.status().message(), HasSubstr(FormatWall(At(kStep * 40))));
  EXPECT_GT(store_->counters().reads_refused_damaged, 0U);

  options.damage = DamagePolicy::kLeaveOut;
  const Files left = Open(options);
  ASSERT_EQ(left.size(), 1U);
  ASSERT_NO_FATAL_FAILURE(ExpectFramesAreUnits(*left[0]));
  EXPECT_EQ(left[0]->frame_count(), 99U);
  ASSERT_EQ(left[0]->info().damage.size(), 1U);
  EXPECT_THAT(left[0]->info().damage[0], HasSubstr("units"));
  options.split = true;
  EXPECT_EQ(Open(options).size(), 2U);
}

TEST_F(ExportTest, ContentIdsAreTheFootersOnes) {
  BeginRun({Video()});
  Pictures(40, begin_);
  EndRun();
  ExportOptions options = From(seconds(0), seconds(10));
  options.content_ids = true;
  const Files with = Open(options);
  ReadWhole(*with[0]);
  options.content_ids = false;
  const Files without = Open(options);
  for (size_t i = 0; i < with[0]->info().chunks.size(); ++i) {
    const Result<ContentId> a = with[0]->ContentIdOf(i);
    const Result<ContentId> b = without[0]->ContentIdOf(i);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(*a, *b);
    EXPECT_NE(*a, ContentId{});
  }
}

TEST_F(ExportTest, WhatIsRecycledMeanwhileIsSaid) {
  BeginRun({Video()});
  Pictures(20, begin_);
  EndRun();
  const Files files = Open(From(seconds(0), seconds(10)));
  BeginRun({Video()});
  for (int i = 0; i < 200; ++i) Pictures(20, At(seconds(100 + i)));
  EndRun();
  Bytes bytes(files[0]->size_bytes());
  const Result<size_t> read = files[0]->Read(0, bytes);
  if (store_->counters().segments_recycled == 0) GTEST_SKIP() << "the volume is too large";
  EXPECT_EQ(read.status().code(), Code::kNotFound) << read.status().ToString();
}

// What was read last makes room first, though the export goes on.
TEST_F(ExportTest, AnExportThatWaitsKeepsNothing) {
  BeginRun({Video()});
  Pictures(200, begin_);
  EndRun();
  const Files files = Open(From(seconds(0), seconds(8)));
  (void)ReadAt(*files[0], files[0]->size_bytes() / 2, 1000);
  BeginRun({Video()});
  for (int i = 0; store_->counters().segments_recycled < 4 && i < 1000; ++i)
    Pictures(20, At(seconds(100 + i)));
  EndRun();
  for (const std::string& line : world_->log)
    EXPECT_EQ(line.find("makes room before"), std::string::npos) << line;
  Bytes bytes(files[0]->size_bytes());
  EXPECT_EQ(files[0]->Read(0, bytes).status().code(), Code::kNotFound);
}

TEST_F(ExportTest, NothingThere) {
  BeginRun({Video()});
  Pictures(20, begin_);
  EndRun();
  EXPECT_EQ(store_->OpenExport(stream_, From(hours(1), hours(2))).status().code(), Code::kNotFound);
  EXPECT_EQ(store_->OpenExport(stream_, From(seconds(2), seconds(1))).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(store_->OpenExport(StreamId{{7}}, From(hours(1), hours(2))).status().code(),
            Code::kNotFound);
}

}  // namespace
}  // namespace reel
