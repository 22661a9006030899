// The MP4 writer: files appear whole or not at all, time and parameter sets survive.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "engine/av/av_handle.h"
#include "engine/av/mp4_writer.h"
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

  std::unique_ptr<Mp4Writer> Create() {
    Result<std::unique_ptr<Mp4Writer>> writer = Mp4Writer::Create(path_);
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    return std::move(writer).value();
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

 private:
  TempFolder folder_;
  std::string path_ = folder_.Path("out.mp4");
};

TEST_F(Mp4, AppearsOnlyWhenFinished) {
  const ReadMedia media = Footage(kPlain);
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks(media.first_tracks).ok());
  for (const ReadUnit& unit : media.units) ASSERT_TRUE(writer->Write(View(unit)).ok());
  EXPECT_EQ(folder().Files(), std::vector<std::string>{"out.mp4.partial"});
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(folder().Files(), std::vector<std::string>{"out.mp4"});
  EXPECT_TRUE(SampleEntryIs("avc1"));
  const ReadMedia written = Written();
  ASSERT_EQ(written.units.size(), media.units.size());
  for (size_t i = 0; i < media.units.size(); ++i) {
    EXPECT_EQ(written.units[i].bytes, media.units[i].bytes);
    EXPECT_EQ(written.units[i].unit.flags, media.units[i].unit.flags);
  }
}

TEST_F(Mp4, NothingStaysOfAnAbandonedFile) {
  const ReadMedia media = Footage(kPlain);
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks(media.first_tracks).ok());
  for (const ReadUnit& unit : media.units) ASSERT_TRUE(writer->Write(View(unit)).ok());
  writer.reset();
  EXPECT_TRUE(folder().Files().empty());
}

TEST_F(Mp4, RefusesToReplaceUnlessTold) {
  WriteFile(path(), AsBytes("evidence"));
  const auto writer = Mp4Writer::Create(path());
  ASSERT_EQ(writer.status().code(), Code::kAlreadyExists);
  EXPECT_TRUE(Mp4Writer::Create(path(), {.replace_existing = true}).ok());
  EXPECT_EQ(AsText(ReadFile(path())), "evidence");
}

TEST_F(Mp4, FolderThatIsNotThere) {
  const auto writer = Mp4Writer::Create(folder().Path("none/out.mp4"));
  ASSERT_EQ(writer.status().code(), Code::kNotFound) << writer.status().ToString();
}

TEST_F(Mp4, NothingToWrite) {
  const ReadMedia media = Footage(kPlain);
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks(media.first_tracks).ok());
  EXPECT_EQ(writer->Finish().code(), Code::kFailedPrecondition);
}

TEST_F(Mp4, UnknownTrackAndBrokenUnitAreRefusedAlone) {
  const ReadMedia media = Footage(kPlain);
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks(media.first_tracks).ok());
  UnitView stranger = View(media.units[0]);
  stranger.track = TrackId{7};
  EXPECT_EQ(writer->Write(stranger).code(), Code::kInvalidArgument);
  for (const ReadUnit& unit : media.units) {
    UnitView broken = View(unit);
    broken.bytes = broken.bytes.first(broken.bytes.size() - 1);
    EXPECT_EQ(writer->Write(broken).code(), Code::kInvalidArgument);
    EXPECT_TRUE(writer->Write(View(unit)).ok());
  }
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(Written().units.size(), media.units.size());
}

TEST_F(Mp4, FullDiskIsFinalAndLeavesNothing) {
  const ReadMedia media = Footage(kPlain);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks(media.first_tracks).ok());
  const rlimit small{32U << 10, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status;
  for (int round = 0; round < 100 && status.ok(); ++round) {
    for (const ReadUnit& unit : media.units) status = writer->Write(View(unit, seconds(3 * round)));
  }
  if (status.ok()) status = writer->Finish();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(writer->Finish().code(), status.code());
  writer.reset();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_TRUE(folder().Files().empty());
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
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks(media->first_tracks).ok());
  for (size_t i = begin; i < media->units.size(); ++i) {
    ASSERT_TRUE(writer->Write(View(media->units[i])).ok());
  }
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(DecodedHashes(path(), "v", "").size(), media->units.size() - begin);
}

TEST_F(Mp4, GapStaysAndRunsFollowTheWallClock) {
  const ReadMedia media = Footage(kPlain);
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks(media.first_tracks).ok());
  for (const ReadUnit& unit : media.units) ASSERT_TRUE(writer->Write(View(unit)).ok());
  // The camera came back two hours later, its time stamps from the beginning again.
  writer->BeginRun();
  for (const ReadUnit& unit : media.units) ASSERT_TRUE(writer->Write(View(unit, hours(2))).ok());
  ASSERT_TRUE(writer->Finish().ok());
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
TEST_F(Mp4, ParameterSetsThatChangeOutsideTheUnitsArePutIntoThem) {
  if (!HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const std::string options = "-c:v libx264 -g 10 -bf 0";
  for (const std::string name : {"small", "large"}) {
    const std::string size = name == "small" ? "64x64" : "128x96";
    ASSERT_TRUE(Ffmpeg({"-f lavfi -i", "testsrc=rate=10:duration=1:size=" + size, options,
                        Quoted(folder().Path(name + ".mp4"))})
                    .ok());
  }
  auto writer = Create();
  Duration later{0};
  Bytes first_unit;
  for (const char* name : {"small.mp4", "large.mp4"}) {
    const Result<ReadMedia> media = ReadAll(folder().Path(name));
    ASSERT_TRUE(media.ok());
    if (first_unit.empty()) first_unit = media->units[0].bytes;
    ASSERT_TRUE(writer->SetTracks(media->first_tracks).ok());
    writer->BeginRun();
    for (const ReadUnit& unit : media->units) {
      ASSERT_TRUE(writer->Write(View(unit, later)).ok());
    }
    later = seconds(1);
  }
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_TRUE(SampleEntryIs("avc3"));
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

TEST_F(Mp4, CodecThatChangesNeedsAnotherFile) {
  ReadMedia media = Footage(kPlain);
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks(media.first_tracks).ok());
  for (const ReadUnit& unit : media.units) ASSERT_TRUE(writer->Write(View(unit)).ok());
  media.first_tracks[0].codec = Codec::kH265;
  EXPECT_EQ(writer->SetTracks(media.first_tracks).code(), Code::kUnimplemented);
  media.first_tracks[0].codec = Codec::kH264;
  media.first_tracks[0].id = TrackId{1};
  EXPECT_EQ(writer->SetTracks(media.first_tracks).code(), Code::kUnimplemented);
  media.first_tracks[0].timescale = 0;
  EXPECT_EQ(writer->SetTracks(media.first_tracks).code(), Code::kInvalidArgument);
}

TEST_F(Mp4, DataTrackIsLeftOutWithANote) {
  ReadMedia media = Footage(kPlain);
  TrackInfo data;
  data.id = TrackId{1};
  data.kind = TrackKind::kData;
  data.codec = Codec::kOnvifMetadata;
  media.first_tracks.push_back(data);
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks(media.first_tracks).ok());
  for (const ReadUnit& unit : media.units) {
    ASSERT_TRUE(writer->Write(View(unit)).ok());
    UnitView beside = View(unit);
    beside.track = data.id;
    ASSERT_TRUE(writer->Write(beside).ok());
  }
  ASSERT_TRUE(writer->Finish().ok());
  ASSERT_EQ(writer->notes().size(), 1U);
  EXPECT_NE(writer->notes()[0].find("track 1"), std::string::npos);
  EXPECT_EQ(Written().first_tracks.size(), 1U);
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
  auto writer = Create();
  ASSERT_TRUE(writer->SetTracks({&info, 1}).ok());
  const Bytes frame(50, std::byte{0x21});
  for (int64_t i = 0; i < 20; ++i) {
    const Bytes adts = WithAdts(frame);
    UnitView unit;
    unit.pts = unit.dts = i * 1024;
    unit.wall = kStart + i * std::chrono::milliseconds(128);
    unit.bytes = i % 2 == 0 ? ByteSpan(frame) : ByteSpan(adts);
    ASSERT_TRUE(writer->Write(unit).ok());
    unit.bytes = ByteSpan(adts).first(adts.size() - 1);
    EXPECT_EQ(writer->Write(unit).code(), Code::kInvalidArgument);
  }
  ASSERT_TRUE(writer->Finish().ok());
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

}  // namespace
}  // namespace reel::av_testing
