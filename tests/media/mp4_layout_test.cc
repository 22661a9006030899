// The MP4 layout: what a plain reader finds in the file is what the movie says, any part of the
// file can be had on its own, and what does not fit is refused.
#include "engine/media/mp4_layout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/media/box_writer.h"
#include "engine/testing/sim_clock.h"
#include "tests/media/mp4_demuxer.h"

namespace reel {
namespace {

constexpr WallTime kStart{1'763'845'200'250'000'000};  // 2025-11-22T21:00:00.25Z

Bytes Entry(const char* name) {
  Bytes bytes;
  BoxWriter out(&bytes);
  {
    const BoxWriter::Box box = out.Begin(name);
    out.PutZeros(8);
  }
  return bytes;
}

Mp4Track Track(TrackKind kind, uint32_t timescale) {
  Mp4Track track;
  track.kind = kind;
  track.timescale = timescale;
  track.last_duration = timescale / 25;
  track.entries = {Entry(kind == TrackKind::kVideo ? "avc1" : "mp4a")};
  return track;
}

// `seconds` of 25 pictures and 50 frames of sound each, B pictures, a clean point a second.
Mp4Movie Movie(int seconds, bool fragmented) {
  Mp4Movie movie;
  movie.created = kStart;
  movie.fragmented = fragmented;
  movie.tracks = {Track(TrackKind::kVideo, 90'000), Track(TrackKind::kAudio, 48'000)};
  movie.tracks[0].edits = {{7200, 90'000}};
  movie.tracks[1].edits = {{Mp4Edit::kNothing, 900}, {1024, 45'000}};
  Rng rng(7);
  for (int i = 0; i < seconds * 25; ++i) {
    Mp4Sample picture;
    picture.dts = -7200 + i * 3600;
    picture.delay = i % 3 == 0 ? 7200 : 0;
    picture.size_bytes = static_cast<uint32_t>(1 + rng.Below(3000));
    picture.sync = i % 25 == 0;
    picture.wall = kStart + std::chrono::milliseconds(40) * i;
    movie.samples.push_back(picture);
    for (int half = 0; half < 2; ++half) {
      Mp4Sample sound;
      sound.track = 1;
      sound.dts = 100 + (i * 2 + half) * 960;
      sound.size_bytes = static_cast<uint32_t>(1 + rng.Below(200));
      sound.sync = true;
      movie.samples.push_back(sound);
    }
  }
  return movie;
}

Mp4Layout Planned(Mp4Movie movie) {
  Result<Mp4Layout> layout = Mp4Layout::Plan(std::move(movie));
  EXPECT_TRUE(layout.ok()) << layout.status().ToString();
  return std::move(layout).value();
}

// Each sample's bytes are its number.
Bytes Read(const Mp4Layout& layout, uint64_t offset, uint64_t size) {
  Bytes out(size);
  for (uint64_t done = 0; done < size;) {
    const Mp4Piece piece = layout.At(offset + done);
    EXPECT_LE(piece.begin_bytes, offset + done);
    const uint64_t from = offset + done - piece.begin_bytes;
    const uint64_t part = std::min(piece.size_bytes - from, size - done);
    EXPECT_GT(part, 0U);
    const MutableByteSpan into = MutableByteSpan(out).subspan(done, part);
    if (piece.is_sample) std::fill(into.begin(), into.end(), static_cast<std::byte>(piece.index));
    if (!piece.is_sample) layout.CopyHeader(piece, from, into);
    done += part;
  }
  return out;
}

Demuxed DemuxedOf(const Mp4Layout& layout) {
  return Demux([&](uint64_t offset, uint64_t size) { return Read(layout, offset, size); },
               layout.size_bytes());
}

// Every sample is where a reader looks for it, with all that was said of it.
void ExpectSame(const Mp4Layout& layout, const Demuxed& found) {
  const Mp4Movie& movie = layout.movie();
  const std::vector<int64_t> origins = Mp4Origins(movie);
  std::vector<size_t> next(movie.tracks.size());
  for (size_t i = 0; i < movie.samples.size(); ++i) {
    const Mp4Sample& sample = movie.samples[i];
    const DemuxedTrack& track = found.tracks.at(sample.track + 1U);
    ASSERT_LT(next[sample.track], track.samples.size());
    const DemuxedSample& there = track.samples[next[sample.track]++];
    const DemuxedSample expected{
        there.offset, sample.size_bytes, sample.dts - origins[sample.track],
        sample.delay, sample.duration,   sample.sync,
        sample.entry};
    ASSERT_EQ(there, expected) << i;
    const Mp4Piece piece = layout.At(there.offset);
    ASSERT_TRUE(piece.is_sample && piece.index == i && piece.begin_bytes == there.offset) << i;
  }
  for (size_t i = 0; i < next.size(); ++i) {
    EXPECT_EQ(next[i], found.tracks.at(static_cast<uint32_t>(i + 1)).samples.size());
  }
}

class Layout : public testing::TestWithParam<bool> {};

TEST_P(Layout, AReaderFindsEverySample) {
  const Mp4Layout layout = Planned(Movie(30, GetParam()));
  const Demuxed found = DemuxedOf(layout);
  ASSERT_NO_FATAL_FAILURE(ExpectSame(layout, found));
  EXPECT_EQ(found.created_seconds, 1'763'845'200U + 2'082'844'800U);
  EXPECT_EQ(found.tracks.at(1).handler, "vide");
  EXPECT_EQ(found.tracks.at(2).handler, "soun");
  EXPECT_EQ(found.tracks.at(2).timescale, 48'000U);
  EXPECT_EQ(found.tracks.at(1).edits, (std::vector<DemuxedEdit>{{90'000, 7200}}));
  EXPECT_EQ(found.tracks.at(2).edits, (std::vector<DemuxedEdit>{{900, -1}, {45'000, 1024}}));
  EXPECT_EQ(found.tracks.at(1).entries, std::vector<std::string>{"avc1"});
}

TEST_P(Layout, AnyPartIsTheSameAsInTheWhole) {
  const Mp4Layout layout = Planned(Movie(5, GetParam()));
  const Bytes whole = Read(layout, 0, layout.size_bytes());
  EXPECT_EQ(whole, Read(Planned(Movie(5, GetParam())), 0, layout.size_bytes()));
  Rng rng(11);
  for (int i = 0; i < 500; ++i) {
    const uint64_t from = rng.Below(whole.size());
    const uint64_t size = rng.Below(std::min<uint64_t>(whole.size() - from, 5000)) + 1;
    const Bytes part = Read(layout, from, size);
    const auto begin = whole.begin() + static_cast<ptrdiff_t>(from);
    ASSERT_TRUE(std::equal(part.begin(), part.end(), begin)) << from << " " << size;
  }
}

TEST_P(Layout, BeyondFourGiB) {
  Mp4Movie movie;
  movie.fragmented = GetParam();
  movie.created = kStart;
  movie.tracks = {Track(TrackKind::kVideo, 90'000)};
  for (int i = 0; i < 3000; ++i) {
    Mp4Sample sample;
    sample.dts = i * 3600;
    sample.size_bytes = 2U << 20;
    sample.sync = i % 25 == 0;
    movie.samples.push_back(sample);
  }
  const Mp4Layout layout = Planned(std::move(movie));
  EXPECT_GT(layout.size_bytes(), uint64_t{3000} * (2U << 20));
  const Demuxed found = DemuxedOf(layout);
  ASSERT_NO_FATAL_FAILURE(ExpectSame(layout, found));
  EXPECT_GT(found.tracks.at(1).samples.back().offset, uint64_t{5} << 30);
}

// Offsets grow to 64 bits exactly where 32 no longer do.
TEST(WholeLayout, WidensWhereItMust) {
  const auto layout = [](uint32_t last_bytes) {
    Mp4Movie movie;
    movie.tracks = {Track(TrackKind::kVideo, 90'000)};
    for (int i = 0; i < 5; ++i) {
      Mp4Sample sample;
      sample.dts = i;
      sample.size_bytes = i < 4 ? (1U << 30) - (1U << 20) : last_bytes;
      movie.samples.push_back(sample);
    }
    return Planned(std::move(movie));
  };
  const uint64_t headers = layout(1).size_bytes() - 4 * uint64_t{(1U << 30) - (1U << 20)} - 1;
  const uint64_t room = (uint64_t{1} << 32) - 1 - headers - 4 * uint64_t{(1U << 30) - (1U << 20)};
  for (const uint64_t more : {room, room + 1}) {
    const Mp4Layout at_edge = layout(static_cast<uint32_t>(more));
    EXPECT_EQ(at_edge.size_bytes() <= 0xFFFF'FFFF, more == room);
    ASSERT_NO_FATAL_FAILURE(ExpectSame(at_edge, DemuxedOf(at_edge)));
  }
}

TEST_P(Layout, EntriesSwitchWithinATrack) {
  Mp4Movie movie = Movie(4, GetParam());
  movie.tracks[0].entries.push_back(Entry("avc1"));
  // Pictures alone, so that nothing but the entry parts them.
  std::erase_if(movie.samples, [](const Mp4Sample& sample) { return sample.track == 1; });
  for (Mp4Sample& sample : movie.samples) {
    const bool is_second = sample.dts >= 85'000 && sample.dts < 170'000;
    if (sample.track == 0 && is_second) sample.entry = 1;
  }
  const Mp4Layout layout = Planned(std::move(movie));
  const Demuxed found = DemuxedOf(layout);
  EXPECT_EQ(found.tracks.at(1).entries.size(), 2U);
  ASSERT_NO_FATAL_FAILURE(ExpectSame(layout, found));
}

TEST_P(Layout, PicturesMayBeShownBeforeTheyAreDecoded) {
  Mp4Movie movie = Movie(2, GetParam());
  for (Mp4Sample& sample : movie.samples) sample.delay -= 5000;
  const Mp4Layout layout = Planned(std::move(movie));
  const Demuxed found = DemuxedOf(layout);
  ASSERT_NO_FATAL_FAILURE(ExpectSame(layout, found));
  EXPECT_LT(found.tracks.at(1).samples[1].delay, 0);
}

TEST_P(Layout, NoSamples) {
  Mp4Movie movie = Movie(1, GetParam());
  movie.samples.clear();
  const Mp4Layout layout = Planned(std::move(movie));
  EXPECT_EQ(DemuxedOf(layout).tracks.size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Both, Layout, testing::Bool(), [](const auto& fragmented) {
  return fragmented.param ? "Fragmented" : "Whole";
});

TEST(FragmentedLayout, FragmentsBeginAtCleanPointsAndSayWhen) {
  const Mp4Layout layout = Planned(Movie(3, true));
  const Demuxed found = DemuxedOf(layout);
  const std::vector<std::string> expected = {"ftyp", "moov", "prft", "moof", "mdat", "prft",
                                             "moof", "mdat", "prft", "moof", "mdat", "mfra"};
  EXPECT_EQ(found.boxes, expected);
  ASSERT_EQ(found.start_points.size(), 3U);
  EXPECT_EQ(found.start_points[1].first, 90'000);
  EXPECT_FALSE(layout.At(found.start_points[1].second).is_sample);
  ASSERT_EQ(found.ntp_times.size(), 3U);
  EXPECT_EQ(found.ntp_times[1] >> 32, 1'763'845'201U + 2'208'988'800U);
  EXPECT_NEAR(static_cast<double>(found.ntp_times[1] & 0xFFFF'FFFF) / (uint64_t{1} << 32), 0.25,
              1e-6);
}

TEST(FragmentedLayout, FragmentsAreBounded) {
  Mp4Movie movie = Movie(120, true);
  for (size_t i = 1; i < movie.samples.size(); ++i) {
    if (movie.samples[i].track == 0) movie.samples[i].sync = false;
  }
  const Mp4Layout layout = Planned(std::move(movie));
  const Demuxed found = DemuxedOf(layout);
  EXPECT_GE(std::count(found.boxes.begin(), found.boxes.end(), "moof"), 12);
  EXPECT_EQ(found.start_points.size(), 1U);
}

TEST(LayoutRefuses, WhatMakesNoSense) {
  const auto code = [](const std::function<void(Mp4Movie&)>& change, bool fragmented = false) {
    Mp4Movie movie = Movie(1, fragmented);
    change(movie);
    return Mp4Layout::Plan(std::move(movie)).status().code();
  };
  EXPECT_EQ(code([](Mp4Movie& m) { m.tracks.clear(); }), Code::kInvalidArgument);
  EXPECT_EQ(code([](Mp4Movie& m) { m.timescale = 0; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](Mp4Movie& m) { m.tracks[0].timescale = 0; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](Mp4Movie& m) { m.tracks[0].timescale = 1U << 31; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](Mp4Movie& m) { m.tracks[0].entries.clear(); }), Code::kInvalidArgument);
  EXPECT_EQ(code([](Mp4Movie& m) { m.tracks[0].edits[0].media_time = -2; }),
            Code::kInvalidArgument);
  EXPECT_EQ(code([](Mp4Movie& m) { m.samples[3].size_bytes = 0; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](Mp4Movie& m) { m.samples[3].track = 2; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](Mp4Movie& m) { m.samples[3].entry = 1; }), Code::kInvalidArgument);
  EXPECT_EQ(code([](Mp4Movie& m) { m.samples[3].dts = -9000; }), Code::kInvalidArgument);
  const auto hole = [](Mp4Movie& m) { m.samples.back().dts = int64_t{1} << 33; };
  EXPECT_EQ(code(hole), Code::kFailedPrecondition);
  EXPECT_EQ(code(hole, true), Code::kOk);
}

}  // namespace
}  // namespace reel
