// Decoder configurations and ADTS headers, byte by byte.

#include <gtest/gtest.h>

#include "engine/av/av_handle.h"
#include "engine/av/decoder_config.h"
#include "engine/media/adts.h"
#include "engine/media/decoder_record.h"
#include "tests/av/av_testing.h"

namespace reel::av_testing {
namespace {

Bytes Of(std::initializer_list<int> values) {
  Bytes bytes;
  for (int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

// The decoder configuration as it stands in a file.
Bytes RawConfig(const std::string& name) {
  AVFormatContext* raw = nullptr;
  const std::string url = AvFileUrl(FootagePath(name));
  if (avformat_open_input(&raw, url.c_str(), nullptr, nullptr) < 0) return {};
  const AvPtr<AVFormatContext> context(raw);
  const AVCodecParameters& parameters = *raw->streams[0]->codecpar;
  const ByteSpan bytes =
      AvBytes(parameters.extradata, static_cast<size_t>(parameters.extradata_size));
  return {bytes.begin(), bytes.end()};
}

TEST(DecoderConfig, AvcCIsRebuiltWithTheExtensionTheRecorderLeftOut) {
  const Bytes raw = RawConfig("axis-test_h264.mp4");
  const Result<DecoderConfig> config = ParseDecoderConfig(Codec::kH264, raw);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->framing, NalFraming::kLength4);
  const Result<Bytes> built = BuildDecoderRecord(Codec::kH264, config->parameter_sets);
  ASSERT_TRUE(built.ok());
  Bytes expected = raw;
  for (std::byte b : Of({0xFD, 0xF8, 0xF8, 0})) expected.push_back(b);  // 4:2:0, 8 bits, 8 bits
  EXPECT_EQ(*built, expected);
}

TEST(DecoderConfig, HvcCIsRebuiltButForWhatIsNotStated) {
  const Bytes raw = RawConfig("mediamtx-offline_h265.mp4");
  const Result<DecoderConfig> config = ParseDecoderConfig(Codec::kH265, raw);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  const Result<Bytes> built = BuildDecoderRecord(Codec::kH265, config->parameter_sets);
  ASSERT_TRUE(built.ok()) << built.status().ToString();
  const auto without = [](Bytes bytes) {
    for (size_t i : {13U, 14U, 15U, 19U, 20U}) bytes.at(i) = std::byte{0};
    bytes.at(21) &= std::byte{0x3F};          // constantFrameRate
    for (size_t i = 23; i < bytes.size();) {  // array_completeness
      bytes[i] &= std::byte{0x7F};
      size_t nals =
          std::to_integer<size_t>(bytes.at(i + 1)) << 8 | std::to_integer<size_t>(bytes.at(i + 2));
      for (i += 3; nals > 0; --nals) {
        i += 2 +
             (std::to_integer<size_t>(bytes.at(i)) << 8 | std::to_integer<size_t>(bytes.at(i + 1)));
      }
    }
    return bytes;
  };
  // Other NAL units (SEI) may stand behind the parameter sets.
  const Bytes mine = without(*built);
  Bytes theirs = without(raw);
  theirs.resize(mine.size());
  theirs[22] = mine[22];
  EXPECT_EQ(mine, theirs);
}

TEST(DecoderConfig, CutAnywhereIsAnErrorNotACrash) {
  for (const auto& [name, codec] : {std::pair{"axis-test_h264.mp4", Codec::kH264},
                                    std::pair{"mediamtx-offline_h265.mp4", Codec::kH265}}) {
    const Bytes raw = RawConfig(name);
    for (size_t size = 1; size < raw.size(); ++size) {
      EXPECT_FALSE(ParseDecoderConfig(codec, ByteSpan(raw).first(size)).ok()) << size;
    }
  }
}

TEST(DecoderConfig, NothingOrAnnexB) {
  const Result<DecoderConfig> nothing = ParseDecoderConfig(Codec::kH264, {});
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(nothing->framing, NalFraming::kAnnexB);
  const Bytes annex_b = Of({0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3});
  const Result<DecoderConfig> config = ParseDecoderConfig(Codec::kH264, annex_b);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->framing, NalFraming::kAnnexB);
  EXPECT_EQ(config->parameter_sets, Of({0, 0, 0, 3, 0x67, 1, 2, 0, 0, 0, 2, 0x68, 3}));
}

TEST(DecoderConfig, ThreeByteLengthsAreRefused) {
  EXPECT_FALSE(ParseDecoderConfig(Codec::kH264, Of({1, 66, 0, 30, 0xFE, 0xE0, 0})).ok());
}

TEST(DecoderConfig, MissingParameterSetsAreNamed) {
  const Result<Bytes> built = BuildDecoderRecord(Codec::kH264, {});
  EXPECT_EQ(built.status().code(), Code::kFailedPrecondition);
}

// 48 kHz stereo AAC-LC, a frame of 9 bytes, no check bytes.
Bytes AdtsFrame() { return Of({0xFF, 0xF1, 0x4C, 0x80, 0x01, 0x3F, 0xFC, 0x21, 0x10}); }

TEST(Adts, ReadsAHeader) {
  const std::optional<AdtsHeader> header = ParseAdtsHeader(AdtsFrame());
  ASSERT_TRUE(header);
  EXPECT_EQ(header->header_bytes, 7U);
  EXPECT_EQ(header->frame_bytes, 9U);
  EXPECT_EQ(header->samples, 1024U);
  EXPECT_EQ(header->sample_rate_hz, 48'000U);
  EXPECT_EQ(header->channels, 2U);
  EXPECT_EQ(header->audio_specific_config, Of({0x11, 0x90}));
}

TEST(Adts, RefusesWhatIsNone) {
  EXPECT_FALSE(ParseAdtsHeader({}));
  for (const auto& [at, mask] : {std::pair{0, 0x80}, std::pair{1, 0x02}, std::pair{2, 0x3C}}) {
    Bytes broken = AdtsFrame();
    const auto index = static_cast<size_t>(at);
    broken[index] ^= static_cast<std::byte>(mask);
    if (at == 2) broken[index] |= std::byte{0x3C};  // a rate that does not exist
    EXPECT_FALSE(ParseAdtsHeader(broken)) << at;
  }
  Bytes shorter_than_its_header = AdtsFrame();
  shorter_than_its_header[5] = std::byte{0x00};
  shorter_than_its_header[4] = std::byte{0x00};
  EXPECT_FALSE(ParseAdtsHeader(shorter_than_its_header));
}

}  // namespace
}  // namespace reel::av_testing
