// What was recorded comes out as MP4 that FFmpeg reads and decodes as it does the original.

#include <gtest/gtest.h>

#include "engine/av/av_handle.h"
#include "engine/base/bytes.h"
#include "tests/av/av_testing.h"

namespace reel::av_testing {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* kPlain = "made-slices-aud.h264";
constexpr const char* kBFrames = "made-open-gop.h265";

class Mp4 : public testing::Test {
 protected:
  static ReadMedia Footage(const std::string& name) {
    Result<ReadMedia> media = ReadAll(FootagePath(name));
    EXPECT_TRUE(media.ok()) << media.status().ToString();
    return std::move(media).value();
  }

  // As `unit` was, `later` on the wall clock.
  static UnitView View(const ReadUnit& unit, Duration later = {}) {
    return {unit.unit.track,
            unit.unit.flags,
            unit.unit.pts,
            unit.unit.dts,
            kStart + unit.unit.offset + later,
            unit.bytes};
  }

  // Units from `from` on, and the end of the run.
  Status RecordUnits(const ReadMedia& media, Duration later = {}, size_t from = 0) {
    for (size_t i = from; i < media.units.size(); ++i) {
      REEL_RETURN_IF_ERROR(node_.Append(View(media.units[i], later)));
    }
    return node_.EndRun();
  }

  ReadMedia Written() {
    Result<ReadMedia> media = ReadAll(path_);
    EXPECT_TRUE(media.ok()) << media.status().ToString();
    return std::move(media).value();
  }

  bool SampleEntryIs(const std::string& name) {
    const Bytes bytes = ReadFile(path_);
    return AsText(bytes).find(name) != std::string_view::npos;
  }

  const TempFolder& folder() const { return folder_; }
  const std::string& path() const { return path_; }

  TestNode node_;

 private:
  TempFolder folder_;
  std::string path_ = folder_.Path("out.mp4");
};

TEST_F(Mp4, UnitsComeBackAsTheyWere) {
  const ReadMedia media = Footage(kPlain);
  ASSERT_TRUE(node_.BeginRun(media.first_tracks).ok());
  ASSERT_TRUE(RecordUnits(media).ok());
  ASSERT_TRUE(node_.Write(path()).ok());
  EXPECT_TRUE(SampleEntryIs("avc1"));
  const ReadMedia written = Written();
  ASSERT_EQ(written.units.size(), media.units.size());
  for (size_t i = 0; i < media.units.size(); ++i) {
    EXPECT_EQ(written.units[i].bytes, media.units[i].bytes);
    EXPECT_EQ(written.units[i].unit.flags, media.units[i].unit.flags);
  }
}

TEST_F(Mp4, BFramesBeginAtZeroInOrder) {
  const ReadMedia media = Footage(kBFrames);
  ASSERT_GT(media.units[1].unit.pts, media.units[2].unit.pts);
  ASSERT_TRUE(Export(FootagePath(kBFrames), path()).ok());
  const ReadMedia written = Written();
  ASSERT_EQ(written.units.size(), media.units.size());
  EXPECT_EQ(written.units[0].unit.pts, 0);
  const auto& first = media.units[0].unit;
  for (size_t i = 0; i < media.units.size(); ++i) {
    EXPECT_EQ(written.units[i].unit.pts, media.units[i].unit.pts - first.pts) << i;
    EXPECT_EQ(written.units[i].unit.dts, media.units[i].unit.dts - first.pts) << i;
  }
}

// Which samples a player may start at, by the index of the file.
TEST_F(Mp4, SyncSamplesAreTheCleanPoints) {
  for (const char* name : {kPlain, kBFrames, "made-intra-refresh.h264"}) {
    const std::string to = folder().Path(name);
    ASSERT_TRUE(Export(FootagePath(name), to).ok());
    AVFormatContext* raw = avformat_alloc_context();
    raw->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;  // no opinion of its own
    ASSERT_GE(avformat_open_input(&raw, AvFileUrl(to).c_str(), nullptr, nullptr), 0);
    const AvPtr<AVFormatContext> context(raw);
    const AvPtr<AVPacket> packet(av_packet_alloc());
    for (const ReadUnit& unit : Footage(name).units) {
      ASSERT_GE(av_read_frame(raw, packet.get()), 0);
      const bool is_clean = (unit.unit.flags & (kUnitClean | kUnitIntraRefresh)) == kUnitClean;
      EXPECT_EQ((packet->flags & AV_PKT_FLAG_KEY) != 0, is_clean) << name;
      av_packet_unref(packet.get());
    }
  }
}

// Pictures shown before the first one decoded, and decodable without anything before it.
TEST_F(Mp4, LeadingPicturesThatDecodeAreShown) {
  if (!HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const std::string from = folder().Path("radl.h265");
  ASSERT_TRUE(
      Ffmpeg({"-f lavfi -i testsrc=size=128x128:rate=10:duration=3 -c:v libx265",
              "-x265-params open-gop=0:radl=2:keyint=10:min-keyint=10:bframes=3:log-level=0",
              Quoted(from)})
          .ok());
  const Result<ReadMedia> media = ReadAll(from);
  ASSERT_TRUE(media.ok());
  size_t begin = 1;
  while ((media->units[begin].unit.flags & kUnitClean) == 0) ++begin;
  ASSERT_LT(media->units[begin + 1].unit.pts, media->units[begin].unit.pts);
  ASSERT_TRUE(node_.BeginRun(media->first_tracks).ok());
  ASSERT_TRUE(RecordUnits(*media, {}, begin).ok());
  ASSERT_TRUE(node_.Write(path()).ok());
  EXPECT_EQ(DecodedHashes(path(), "v", "").size(), media->units.size() - begin);
}

TEST_F(Mp4, GapStaysAndRunsFollowTheWallClock) {
  const ReadMedia media = Footage(kPlain);
  // The camera came back two hours later, its time stamps from the beginning again.
  for (const Duration later : {Duration{0}, Duration{hours(2)}}) {
    ASSERT_TRUE(node_.BeginRun(media.first_tracks).ok());
    ASSERT_TRUE(RecordUnits(media, later).ok());
  }
  ASSERT_TRUE(node_.Write(path()).ok());
  const ReadMedia written = Written();
  const size_t count = media.units.size();
  ASSERT_EQ(written.units.size(), 2 * count);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(written.units[i].unit.offset, media.units[i].unit.offset);
    EXPECT_EQ(written.units[count + i].unit.offset, hours(2) + media.units[i].unit.offset);
  }
}

TEST_F(Mp4, CreationTimeIsTheWallClock) {
  ASSERT_TRUE(Export(FootagePath(kPlain), path()).ok());
  AVFormatContext* raw = nullptr;
  ASSERT_GE(avformat_open_input(&raw, AvFileUrl(path()).c_str(), nullptr, nullptr), 0);
  const AvPtr<AVFormatContext> context(raw);
  const AVDictionaryEntry* entry = av_dict_get(raw->metadata, "creation_time", nullptr, 0);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(std::string(entry->value).substr(0, 19), FormatWall(kStart, 0).substr(0, 19));
}

// Parameter sets of another size, held apart from the units, must reach the decoder all the same.
TEST_F(Mp4, ParameterSetsThatChangeOutsideTheUnitsReachTheDecoder) {
  if (!HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const std::string options = "-c:v libx264 -g 10 -bf 0";
  for (const std::string name : {"small", "large"}) {
    const std::string size = name == "small" ? "64x64" : "128x96";
    ASSERT_TRUE(Ffmpeg({"-f lavfi -i", "testsrc=rate=10:duration=1:size=" + size, options,
                        Quoted(folder().Path(name + ".mp4"))})
                    .ok());
  }
  Duration later{0};
  Bytes first_unit;
  for (const char* name : {"small.mp4", "large.mp4"}) {
    const Result<ReadMedia> media = ReadAll(folder().Path(name));
    ASSERT_TRUE(media.ok());
    if (first_unit.empty()) first_unit = media->units[0].bytes;
    ASSERT_TRUE(node_.BeginRun(media->first_tracks).ok());
    ASSERT_TRUE(RecordUnits(*media, later).ok());
    later = seconds(1);
  }
  ASSERT_TRUE(node_.Write(path()).ok());
  const ReadMedia written = Written();
  EXPECT_EQ(written.units[0].bytes, first_unit);
  EXPECT_EQ(written.first_tracks[0].width, 64U);
  EXPECT_EQ(written.last_tracks[0].width, 128U);
  std::vector<std::string> expected;
  for (const char* name : {"small.mp4", "large.mp4"}) {
    for (std::string& hash : DecodedHashes(folder().Path(name), "v", "")) {
      expected.push_back(std::move(hash));
    }
  }
  const Result<std::string> hashes =
      Ffmpeg({"-i", Quoted(path()), "-autoscale 0 -map 0:v -fps_mode passthrough -f framemd5 -"});
  ASSERT_TRUE(hashes.ok());
  for (const std::string& hash : expected) {
    EXPECT_NE(hashes->find(hash), std::string::npos) << hash;
  }
  EXPECT_EQ(expected.size(), 20U);
}

// An ADTS header of 7 bytes for 8 kHz mono AAC-LC in front of `frame`.
Bytes WithAdts(ByteSpan frame) {
  const size_t size = 7 + frame.size();
  Bytes unit;
  for (size_t b : {size_t{0xFF}, size_t{0xF1}, size_t{0x6C}, 0x40 | size >> 11, size >> 3 & 0xFF,
                   (size & 7) << 5 | 0x1F, size_t{0xFC}}) {
    unit.push_back(static_cast<std::byte>(b));
  }
  unit.insert(unit.end(), frame.begin(), frame.end());
  return unit;
}

TEST_F(Mp4, AdtsHeadersComeOffWhereverTheyAre) {
  TrackInfo info;
  info.kind = TrackKind::kAudio;
  info.codec = Codec::kAac;
  info.timescale = 8000;
  info.sample_rate_hz = 8000;
  info.channels = 1;
  info.config = {std::byte{0x15}, std::byte{0x88}};
  ASSERT_TRUE(node_.BeginRun({info}).ok());
  const Bytes frame(50, std::byte{0x21});
  const Bytes adts = WithAdts(frame);
  for (int64_t i = 0; i < 20; ++i) {
    UnitView unit;
    unit.pts = unit.dts = i * 1024;
    unit.wall = kStart + i * std::chrono::milliseconds(128);
    unit.bytes = i % 2 == 0 ? ByteSpan(frame) : ByteSpan(adts);
    ASSERT_TRUE(node_.Append(unit).ok());
  }
  ASSERT_TRUE(node_.EndRun().ok());
  // Whether there are headers is looked up once, unless each unit is read anyway.
  const auto files = node_.Open();
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  Bytes bytes((*files)[0]->size_bytes());
  EXPECT_EQ((*files)[0]->Read(0, bytes).status().code(), Code::kFailedPrecondition);
  ExportOptions options;
  options.damage = DamagePolicy::kLeaveOut;
  ASSERT_TRUE(node_.Write(path(), options).ok());
  const ReadMedia written = Written();
  ASSERT_EQ(written.units.size(), 20U);
  for (const ReadUnit& unit : written.units) EXPECT_EQ(unit.bytes, frame);
}

// Sound of each codec from each container it comes in: kept, exported beside the picture, and heard
// the same.
struct Sound {
  std::string encoder;
  std::string container;
  Codec codec;
};

class Mp4Sound : public Mp4, public testing::WithParamInterface<Sound> {};

TEST_P(Mp4Sound, IsKeptBesideThePicture) {
  if (!HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const Sound& sound = GetParam();
  const std::string from = folder().Path("from." + sound.container);
  const std::string rate = sound.codec == Codec::kOpus ? "48000" : "8000";
  ASSERT_TRUE(Ffmpeg({"-i", Quoted(FootagePath("axis-test_h264.mp4")), "-f lavfi -i",
                      "sine=frequency=500:duration=10:sample_rate=" + rate,
                      "-map 0 -map 1 -c:v copy -ac 1 -c:a", sound.encoder, Quoted(from)})
                  .ok());
  const Result<ReadMedia> media = ReadAll(from);
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  ASSERT_EQ(media->first_tracks.size(), 2U);
  const TrackInfo& info = media->first_tracks[1];
  EXPECT_EQ(info.codec, sound.codec);
  EXPECT_EQ(info.channels, 1U);
  EXPECT_EQ(info.sample_rate_hz, sound.codec == Codec::kOpus ? 48'000U : 8'000U);
  const bool needs_config = sound.codec == Codec::kAac || sound.codec == Codec::kOpus;
  EXPECT_EQ(info.config.empty(), !needs_config);
  EXPECT_EQ(media->OfTrack(0).size(), 256U);

  ASSERT_TRUE(Export(from, path()).ok());
  EXPECT_EQ(DecodedHashes(path(), "v", "").size(), 256U);
  // Frames may be cut differently; the samples may not. What a codec needs to get going is heard in
  // both: containers have different ways of hiding it.
  const auto listen = [](const std::string& options, const std::string& path) {
    return Ffmpeg({options, "-flags2 +skip_manual -i", Quoted(path), "-map 0:a -f md5 -"});
  };
  const Result<std::string> heard = listen("", path());
  const Result<std::string> original =
      listen(sound.container == "mp4" ? "-ignore_editlist 1" : "", from);
  ASSERT_TRUE(heard.ok() && original.ok());
  EXPECT_EQ(*heard, *original);
}

INSTANTIATE_TEST_SUITE_P(All, Mp4Sound,
                         testing::Values(Sound{"aac", "mp4", Codec::kAac},
                                         Sound{"aac", "ts", Codec::kAac},
                                         Sound{"aac", "mkv", Codec::kAac},
                                         Sound{"pcm_alaw", "mov", Codec::kPcmALaw},
                                         Sound{"pcm_mulaw", "mkv", Codec::kPcmMuLaw},
                                         Sound{"libopus", "mkv", Codec::kOpus}),
                         [](const testing::TestParamInfo<Sound>& sound) {
                           return sound.param.encoder + "_" + sound.param.container;
                         });

// Kept byte for byte as a track of the stream; an MP4 file has no place for it and says so.
TEST_F(Mp4, DataIsKeptAndNamedWhereItIsLeftOut) {
  if (!HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const std::string from = folder().Path("from.mov");
  ASSERT_TRUE(Ffmpeg({"-i", Quoted(FootagePath("axis-test_h264.mp4")),
                      "-c:v copy -timecode 01:02:03:04", Quoted(from)})
                  .ok());
  const Result<ReadMedia> media = ReadAll(from);
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  ASSERT_EQ(media->first_tracks.size(), 2U);
  EXPECT_EQ(media->first_tracks[1].kind, TrackKind::kData);
  const Result<std::string> original = Ffmpeg({"-i", Quoted(from), "-map 0:d -c copy -f data -"});
  ASSERT_TRUE(original.ok());
  const auto data = media->OfTrack(1);
  ASSERT_EQ(data.size(), 1U);
  EXPECT_EQ(AsText(data[0]->bytes), *original);

  ASSERT_TRUE(Record(from, &node_).ok());
  const auto files = node_.Open();
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ((*files)[0]->info().tracks.size(), 1U);
  ASSERT_EQ((*files)[0]->info().notes.size(), 1U);
  EXPECT_NE((*files)[0]->info().notes[0].find("left out"), std::string::npos);
}

}  // namespace
}  // namespace reel::av_testing
