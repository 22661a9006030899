// Files that are broken, or are not what they say: one line of error, or all that can be had.

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "engine/base/bytes.h"
#include "engine/media/mp4_layout.h"
#include "engine/media/mp4_sample_entry.h"
#include "engine/media/nal.h"
#include "tests/av/av_testing.h"
#include "tests/media/nal_builder.h"

namespace reel::av_testing {
namespace {

constexpr const char* kMp4 = "axis-test_h264.mp4";  // its index (moov) is at the end
constexpr const char* kRaw = "made-slices-aud.h264";
constexpr const char* kNoSyncRaw = "m26x-input-sps-pps-non-idr.h264";

class BadInput : public testing::Test {
 protected:
  std::string Write(const std::string& name, ByteSpan bytes) {
    WriteFile(folder_.Path(name), bytes);
    return folder_.Path(name);
  }

  // Opening must fail with one line that has all of `words`.
  static void ExpectRefused(const std::string& path, Code code,
                            const std::vector<std::string>& words,
                            const SourceOptions& options = {}) {
    const auto source = OpenMediaFile(path, options);
    ASSERT_FALSE(source.ok());
    EXPECT_EQ(source.status().code(), code);
    const std::string message = source.status().message();
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_NE(message.find(path), std::string::npos) << message;
    for (const std::string& word : words) {
      EXPECT_NE(message.find(word), std::string::npos) << message << " lacks " << word;
    }
  }

  const TempFolder& folder() const { return folder_; }

 private:
  TempFolder folder_;
};

TEST_F(BadInput, Missing) {
  ExpectRefused(folder().Path("none.mp4"), Code::kNotFound, {"no such file"});
}

TEST_F(BadInput, Directory) {
  ExpectRefused(folder().Path(""), Code::kInvalidArgument, {"a directory"});
}

TEST_F(BadInput, Empty) {
  ExpectRefused(Write("empty.mp4", {}), Code::kInvalidArgument, {"empty"});
}

TEST_F(BadInput, NotMedia) {
  ExpectRefused(Write("notes.txt", AsBytes("Dear diary, today nothing happened.\n")),
                Code::kInvalidArgument, {"not a media file", "convert"});
}

TEST_F(BadInput, KindNotRead) {
  std::string flv("FLV\x01\x05\0\0\0\x09", 9);
  flv.resize(256);
  ExpectRefused(Write("camera.mp4", AsBytes(flv)), Code::kInvalidArgument, {"FLV", "convert"});
}

// What was written down of a network is no file of pictures, and is said to be what it is.
TEST_F(BadInput, CapturesSayWhatTheyAre) {
  const std::string zeros(64, '\0');
  const std::string rtp = std::string("$\0\0\4abcd", 8);
  const std::string sdp = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\nm=video 0 RTP/AVP 96\r\n";
  const std::map<std::string, std::string> files = {
      {"\xD4\xC3\xB2\xA1" + zeros, "(pcap)"},
      {"\x4D\x3C\xB2\xA1" + zeros, "(pcap)"},
      {"\x0A\x0D\x0D\x0A" + zeros, "(pcapng)"},
      {rtp + rtp + rtp + rtp, "interleaved RTP"},
      {"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", "RTSP session"},
      {"RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\n\r\n" + sdp, "(SDP)"},
      {sdp, "(SDP)"},
  };
  for (const auto& [bytes, words] : files) {
    for (const char* name : {"capture", "capture.h264"}) {
      ExpectRefused(Write(name, AsBytes(bytes)), Code::kInvalidArgument,
                    {words, "not a media file"});
    }
  }
}

TEST_F(BadInput, LengthPrefixedUnderRawName) {
  const Result<ReadMedia> media = ReadAll(FootagePath(kMp4));
  ASSERT_TRUE(media.ok());
  Bytes bytes;
  bool has_start_code = false;  // a length of 256..511 reads as one
  for (const ReadUnit& unit : media->units) {
    bytes.insert(bytes.end(), unit.bytes.begin(), unit.bytes.end());
    has_start_code = has_start_code || FindStartCode(unit.bytes, 0);
    ExpectRefused(Write("wrong.h264", unit.bytes), Code::kInvalidArgument, {"behind lengths"});
  }
  EXPECT_TRUE(has_start_code);
  ExpectRefused(Write("wrong.h264", bytes), Code::kInvalidArgument, {"behind lengths"});
}

TEST_F(BadInput, Mp4UnderRawNameIsReadAsMp4) {
  const Result<ReadMedia> media = ReadAll(Write("wrong.h264", ReadFile(FootagePath(kMp4))));
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  EXPECT_EQ(media->units.size(), 256U);
}

TEST_F(BadInput, RawVideoWithoutAName) {
  const Result<ReadMedia> media = ReadAll(Write("recording", ReadFile(FootagePath(kRaw))));
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  EXPECT_EQ(media->units.size(), 30U);
}

TEST_F(BadInput, Mp4CutBeforeItsIndex) {
  const Bytes whole = ReadFile(FootagePath(kMp4));
  ExpectRefused(Write("cut.mp4", ByteSpan(whole).first(whole.size() / 2)), Code::kInvalidArgument,
                {"cut short", "mdat", "moov"});
}

// Units of `path` cut to `bytes` are the first units of all of it.
void ExpectPrefix(const std::string& cut_path, const ReadMedia& whole, size_t at_least) {
  const Result<ReadMedia> cut = ReadAll(cut_path);
  ASSERT_TRUE(cut.ok()) << cut.status().ToString();
  EXPECT_TRUE(cut->end.ok());
  ASSERT_GE(cut->units.size(), at_least);
  ASSERT_LT(cut->units.size(), whole.units.size());
  for (size_t i = 0; i + 1 < cut->units.size(); ++i) {
    EXPECT_EQ(cut->units[i].bytes, whole.units[i].bytes) << i;
  }
  const Bytes& last = cut->units.back().bytes;  // may be cut itself in a raw stream
  EXPECT_LE(last.size(), whole.units[cut->units.size() - 1].bytes.size());
}

TEST_F(BadInput, RawCut) {
  const Bytes whole = ReadFile(FootagePath(kRaw));
  const Result<ReadMedia> media = ReadAll(FootagePath(kRaw));
  ASSERT_TRUE(media.ok());
  ExpectPrefix(Write("cut.h264", ByteSpan(whole).first(whole.size() / 2)), *media, 5);
}

TEST_F(BadInput, CutContainersGiveWhatIsThereAndANote) {
  if (!HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const std::string from = Quoted(FootagePath(kMp4));
  const std::map<std::string, std::string> options = {
      {"cut.mp4", "-movflags +faststart"},
      {"fragmented.mp4", "-movflags +frag_keyframe+empty_moov"},
      {"cut.mkv", ""},
      {"cut.ts", ""}};
  for (const auto& [name, option] : options) {
    SCOPED_TRACE(name);
    const std::string path = folder().Path(name);
    ASSERT_TRUE(Ffmpeg({"-i", from, "-c copy", option, Quoted(path)}).ok());
    const Result<ReadMedia> whole = ReadAll(path);
    ASSERT_TRUE(whole.ok()) << whole.status().ToString();
    EXPECT_TRUE(whole->notes.empty());
    const Bytes bytes = ReadFile(path);
    const std::string cut = Write(name, ByteSpan(bytes).first(bytes.size() / 2 | 1));
    ExpectPrefix(cut, *whole, 50);
    const Result<ReadMedia> media = ReadAll(cut);
    ASSERT_TRUE(media.ok());
    EXPECT_TRUE(media->left_out.empty()) << media->left_out[0].ToString();
    ASSERT_EQ(media->notes.size(), 1U);
    EXPECT_NE(media->notes[0].find("cut short"), std::string::npos) << media->notes[0];
  }
}

TEST_F(BadInput, FlippedBitsNeverBreakTheReader) {
  for (const char* name : {kMp4, kRaw, "mp4ff-ed_hevc.mp4", "made-open-gop.h265"}) {
    const Bytes whole = ReadFile(FootagePath(name));
    std::mt19937_64 random(7);  // NOLINT(cert-msc51-cpp): the same each time
    for (int round = 0; round < 40; ++round) {
      Bytes broken = whole;
      const size_t flips = 1 + random() % 64;
      for (size_t i = 0; i < flips; ++i) {
        broken[random() % broken.size()] ^= static_cast<std::byte>(1U << random() % 8);
      }
      const std::string path = Write(name, broken);
      const Result<ReadMedia> media = ReadAll(path);
      if (!media.ok()) continue;
      for (const ReadUnit& unit : media->units) {
        EXPECT_GE(unit.bytes.size(), 1U);
        EXPECT_LE(unit.bytes.size(), kMaxUnitBytes);
      }
      std::filesystem::remove(folder().Path("out.mp4"));
      (void)Export(path, folder().Path("out.mp4"));
    }
  }
}

TEST_F(BadInput, NoParameterSets) {
  Bytes without;
  for (const Bytes& nal : PlainNals(ReadFile(FootagePath(kRaw)))) {
    const auto type = std::to_integer<int>(nal[0]) & 0x1F;
    if (type == 7 || type == 8) continue;
    for (int b : {0, 0, 1}) without.push_back(static_cast<std::byte>(b));
    without.insert(without.end(), nal.begin(), nal.end());
  }
  const std::string path = Write("bare.h264", without);
  const Result<ReadMedia> media = ReadAll(path);
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  EXPECT_EQ(media->units.size(), 30U);
  EXPECT_TRUE(media->last_tracks[0].config.empty());
  const Status status = Export(path, folder().Path("out.mp4"));
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_NE(status.message().find("parameter sets"), std::string::npos);
}

TEST_F(BadInput, NoCleanPointAtAll) {
  Bytes without;
  for (const Bytes& nal : PlainNals(ReadFile(FootagePath(kRaw)))) {
    if ((std::to_integer<int>(nal[0]) & 0x1F) == 5) continue;
    for (int b : {0, 0, 1}) without.push_back(static_cast<std::byte>(b));
    without.insert(without.end(), nal.begin(), nal.end());
  }
  const std::string path = Write("no_idr.h264", without);
  const Result<ReadMedia> media = ReadAll(path);
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  EXPECT_EQ(media->units.size(), 27U);
  EXPECT_EQ(media->Count(kUnitClean), 0U);
  EXPECT_TRUE(Export(path, folder().Path("out.mp4")).ok());
}

TEST_F(BadInput, BeginsWithoutACleanPoint) {
  const Result<ReadMedia> media = ReadAll(FootagePath(kNoSyncRaw));
  ASSERT_TRUE(media.ok());
  EXPECT_EQ(media->units[0].unit.flags & kUnitClean, 0);
}

TEST_F(BadInput, OversizeUnitInARawFileCostsOneUnit) {
  Bytes bytes = ReadFile(FootagePath(kRaw));
  const size_t offset_bytes = bytes.size();
  for (int b : {0, 0, 1, 0x65}) bytes.push_back(static_cast<std::byte>(b));
  bytes.resize(bytes.size() + kMaxUnitBytes, std::byte{0xAA});
  const Bytes again = ReadFile(FootagePath(kRaw));
  bytes.insert(bytes.end(), again.begin(), again.end());
  const Result<ReadMedia> media = ReadAll(Write("huge.h264", bytes));
  ASSERT_TRUE(media.ok());
  ASSERT_EQ(media->left_out.size(), 1U);
  const std::string message = media->left_out[0].message();
  EXPECT_NE(message.find(std::to_string(offset_bytes + 3)), std::string::npos) << message;
  EXPECT_NE(message.find(std::to_string(kMaxUnitBytes)), std::string::npos) << message;
  ASSERT_EQ(media->units.size(), 60U);
  EXPECT_EQ(media->Count(kUnitLossBefore), 1U);
  EXPECT_EQ(media->units[30].unit.flags & kUnitLossBefore, kUnitLossBefore);
}

// A picture in more pieces than any camera makes costs that picture alone.
TEST_F(BadInput, ThousandsOfNalUnitsCostOneUnit) {
  const Bytes whole = ReadFile(FootagePath(kRaw));
  Bytes bytes = whole;
  const Bytes filler = {std::byte{0}, std::byte{0}, std::byte{1}, std::byte{0x0C}, std::byte{0x80}};
  for (size_t i = 0; i < 2 * kMaxNalsPerUnit; ++i) {
    bytes.insert(bytes.end(), filler.begin(), filler.end());
  }
  bytes.insert(bytes.end(), whole.begin(), whole.end());
  const Result<ReadMedia> media = ReadAll(Write("pieces.h264", bytes));
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  ASSERT_EQ(media->left_out.size(), 1U);
  EXPECT_NE(media->left_out[0].message().find(std::to_string(kMaxNalsPerUnit)), std::string::npos)
      << media->left_out[0].ToString();
  EXPECT_EQ(media->units.size(), 59U);
  EXPECT_EQ(media->Count(kUnitLossBefore), 1U);
}

// Pictures of a size that cannot be are kept as they came; nobody believes the size.
TEST_F(BadInput, AbsurdSizesInParameterSetsAreNotBelieved) {
  NalBuilder sps({0x67});
  sps.Bits(66, 8).Bits(0, 8).Bits(30, 8).Ue(0).Ue(0).Ue(2).Ue(1).Bits(0, 1);
  sps.Ue(1'000'000).Ue(4'000'000'000).Bits(1, 1).Bits(0, 3);
  Bytes bytes;
  for (Bytes nal : PlainNals(ReadFile(FootagePath(kRaw)))) {
    if ((std::to_integer<int>(nal[0]) & 0x1F) == 7) nal = sps.Build();
    for (int b : {0, 0, 0, 1}) bytes.push_back(static_cast<std::byte>(b));
    bytes.insert(bytes.end(), nal.begin(), nal.end());
  }
  const Result<ReadMedia> media = ReadAll(Write("absurd.h264", bytes));
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  EXPECT_EQ(media->units.size(), 30U);
  EXPECT_EQ(media->last_tracks[0].width, 0U);
  EXPECT_EQ(media->last_tracks[0].height, 0U);
}

// An MP4 of three samples, the middle one as given.
std::string MakeMp4(const TempFolder& folder, ByteSpan middle) {
  const Result<ReadMedia> media = ReadAll(FootagePath(kMp4));
  Mp4Movie movie;
  movie.tracks.resize(1);
  movie.tracks[0].entries = {MakeMp4SampleEntry(media->first_tracks[0], false)->box};
  std::vector<ByteSpan> samples = {media->units[0].bytes, middle, media->units[2].bytes};
  for (size_t i = 0; i < samples.size(); ++i) {
    Mp4Sample sample;
    sample.dts = static_cast<int64_t>(i) * 3600;
    sample.size_bytes = static_cast<uint32_t>(samples[i].size());
    sample.sync = i == 0;
    movie.samples.push_back(sample);
  }
  const Result<Mp4Layout> layout = Mp4Layout::Plan(std::move(movie));
  EXPECT_TRUE(layout.ok());
  const Mp4Piece head = layout->At(0);
  Bytes bytes(head.size_bytes);
  layout->CopyHeader(head, 0, bytes);
  for (ByteSpan sample : samples) bytes.insert(bytes.end(), sample.begin(), sample.end());
  WriteFile(folder.Path("made.mp4"), bytes);
  return folder.Path("made.mp4");
}

TEST_F(BadInput, OversizeSampleCostsOneUnit) {
  const Bytes huge(kMaxUnitBytes + 1, std::byte{1});
  const Result<ReadMedia> media = ReadAll(MakeMp4(folder(), huge));
  ASSERT_TRUE(media.ok());
  ASSERT_EQ(media->left_out.size(), 1U);
  const std::string message = media->left_out[0].message();
  EXPECT_NE(message.find("track 0, unit 1"), std::string::npos) << message;
  EXPECT_NE(message.find("limit 8388608"), std::string::npos) << message;
  ASSERT_EQ(media->units.size(), 2U);
  EXPECT_EQ(media->units[1].unit.flags & kUnitLossBefore, kUnitLossBefore);
}

TEST_F(BadInput, LengthsThatDoNotAddUpCostOneUnit) {
  const Bytes wrong = {std::byte{0}, std::byte{0}, std::byte{0}, std::byte{9}, std::byte{0x41}};
  const Result<ReadMedia> media = ReadAll(MakeMp4(folder(), wrong));
  ASSERT_TRUE(media.ok());
  ASSERT_EQ(media->left_out.size(), 1U);
  EXPECT_NE(media->left_out[0].message().find("runs past the unit"), std::string::npos);
  EXPECT_EQ(media->units.size(), 2U);
}

// What an edit list leaves out of the presentation was recorded all the same.
TEST_F(BadInput, EditListHidesNothing) {
  const std::string path = folder().Path("edited.mp4");
  ASSERT_TRUE(Export(FootagePath("made-open-gop.h265"), path).ok());
  Bytes bytes = ReadFile(path);
  const size_t elst = AsText(bytes).find("elst");
  ASSERT_NE(elst, std::string_view::npos);
  // Behind the type: version and flags, count, 4 bytes each; duration, media time, 8 bytes each.
  const size_t media_time = elst + 20;
  const uint64_t behind_two_gops = 90'000 * 5 / 2;
  for (size_t i = 0; i < 8; ++i) {
    bytes[media_time + i] = static_cast<std::byte>(behind_two_gops >> (56 - 8 * i) & 0xFF);
  }
  const Result<ReadMedia> media = ReadAll(Write("edited.mp4", bytes));
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  EXPECT_EQ(media->units.size(), 30U);
  EXPECT_LT(media->units[0].unit.pts, 0);
}

// This file's sound stands a second before its picture, and so it comes out of a demuxer.
TEST(Source, TracksComeInTheOrderOfTime) {
  const std::string path = FootagePath("androidx-sample_2_byte_NAL_length.mp4");
  if (path.empty()) GTEST_SKIP() << "shared/media is not here";
  const Result<ReadMedia> media = ReadAll(path);
  ASSERT_TRUE(media.ok());
  const std::vector<const ReadUnit*> video = media->OfTrack(0);
  for (const ReadUnit* unit : video) {
    const int64_t elapsed_ns = (unit->unit.dts - video[0]->unit.dts) * 1'000'000'000 / 90'000;
    EXPECT_LE(std::abs(unit->unit.offset.count() - elapsed_ns), 1);
  }
}

TEST_F(BadInput, CodecNotKept) {
  if (!HasFfmpeg()) GTEST_SKIP() << "no ffmpeg program here";
  const std::string alone = folder().Path("mpeg4.mp4");
  const std::string video = "-f lavfi -i testsrc=size=64x64:duration=1 ";
  ASSERT_TRUE(Ffmpeg({video, "-c:v mpeg4", Quoted(alone)}).ok());
  ExpectRefused(alone, Code::kInvalidArgument, {"no video or audio", "mpeg4", "convert"});

  const std::string beside = folder().Path("beside.mkv");
  ASSERT_TRUE(Ffmpeg({"-i", Quoted(FootagePath(kMp4)), "-f lavfi -i sine=duration=1 -map 0 -map 1",
                      "-c:v copy -c:a flac", Quoted(beside)})
                  .ok());
  const Result<ReadMedia> media = ReadAll(beside);
  ASSERT_TRUE(media.ok()) << media.status().ToString();
  EXPECT_EQ(media->first_tracks.size(), 1U);
  ASSERT_EQ(media->notes.size(), 1U);
  EXPECT_NE(media->notes[0].find("flac"), std::string::npos) << media->notes[0];
  ExpectRefused(beside, Code::kUnimplemented, {"flac"}, {.refuse_other_codecs = true});
}

}  // namespace
}  // namespace reel::av_testing
