#include "engine/media/mp4_sample_entry.h"

#include <algorithm>
#include <limits>

#include "engine/base/bytes.h"
#include "engine/media/box_writer.h"
#include "engine/media/decoder_record.h"
#include "engine/media/video_format.h"

namespace reel {
namespace {

// Nominal, for sound whose rate is not stated.
constexpr uint32_t kG711RateHz = 8000;
constexpr uint32_t kDefaultRateHz = 48'000;
constexpr size_t kMaxAudioConfigBytes = 64;

bool IsG711(Codec codec) { return codec == Codec::kPcmALaw || codec == Codec::kPcmMuLaw; }

void PutEntryHead(BoxWriter* out) {
  out->PutZeros(6);
  out->Put16(1);  // data_reference_index
}

void PutVideoEntry(std::string_view name, const VideoFormat& format, ByteSpan record,
                   BoxWriter* out) {
  const BoxWriter::Box box = out->Begin(name);
  PutEntryHead(out);
  out->PutZeros(16);
  out->Put16(format.width);
  out->Put16(format.height);
  constexpr uint32_t k72Dpi = 72U << 16;
  out->Put32(k72Dpi);
  out->Put32(k72Dpi);
  out->PutZeros(4);
  out->Put16(1);       // frames per sample
  out->PutZeros(32);   // compressor name
  out->Put16(24);      // depth: colour
  out->Put16(0xFFFF);  // pre-defined
  const BoxWriter::Box decoder = out->Begin(name.starts_with('a') ? "avcC" : "hvcC");
  out->PutBytes(record);
}

Result<Mp4SampleEntry> VideoEntry(const TrackInfo& info, bool sets_in_band) {
  const bool h264 = info.codec == Codec::kH264;
  REEL_ASSIGN_OR_RETURN(const Bytes record, BuildDecoderRecord(info.codec, info.config));
  REEL_ASSIGN_OR_RETURN(const VideoFormat format, DescribeVideo(info.codec, info.config));
  std::string name = h264 ? "avc1" : "hvc1";
  if (sets_in_band) name = h264 ? "avc3" : "hev1";
  Mp4SampleEntry entry{{}, format.codec_string, format.width, format.height};
  entry.codec.replace(0, name.size(), name);
  BoxWriter out(&entry.box);
  PutVideoEntry(name, format, record, &out);
  return entry;
}

// ISO/IEC 14496-1 7.2.6.5: a decoder's description inside an elementary stream's.
void PutEsds(ByteSpan config, BoxWriter* out) {
  enum : uint8_t { kEsTag = 3, kDecoderTag = 4, kSpecificTag = 5, kSyncTag = 6 };
  constexpr uint8_t kAacObject = 0x40;
  constexpr uint8_t kAudioStream = 0x15;
  const size_t decoder_bytes = 13 + 2 + config.size();
  const BoxWriter::Box box = out->BeginFull("esds", 0, 0);
  out->Put8(kEsTag);
  out->Put8(3 + 2 + decoder_bytes + 3);
  out->Put16(0);  // ES_ID
  out->Put8(0);
  out->Put8(kDecoderTag);
  out->Put8(decoder_bytes);
  out->Put8(kAacObject);
  out->Put8(kAudioStream);
  out->PutZeros(3 + 4 + 4);  // buffer size, bit rates: not stated
  out->Put8(kSpecificTag);
  out->Put8(config.size());
  out->PutBytes(config);
  out->Put8(kSyncTag);
  out->Put8(1);
  out->Put8(2);  // as MP4 wants it
}

Status PutOpusHead(ByteSpan id_header, BoxWriter* out) {
  // "OpusHead", version, channels, pre-skip, rate, gain, mapping: little endian there, big here.
  constexpr size_t kFixedBytes = 19;
  const bool is_head = id_header.size() >= kFixedBytes && AsText(id_header.first(8)) == "OpusHead";
  if (!is_head) return InvalidArgument("the Opus ID header is malformed");
  ByteReader in(id_header.subspan(9));
  const BoxWriter::Box box = out->Begin("dOps");
  out->Put8(0);
  out->Put8(in.Get<uint8_t>());
  out->Put16(in.Get<uint16_t>());
  out->Put32(in.Get<uint32_t>());
  out->Put16(in.Get<uint16_t>());
  out->PutBytes(in.GetBytes(in.remaining()));
  return OkStatus();
}

// RFC 6381: the object type is the first five bits, or the next six where these are all ones.
std::string AacCodecString(ByteSpan config) {
  uint32_t type = std::to_integer<uint32_t>(config[0]) >> 3;
  constexpr uint32_t kEscape = 31;
  if (type == kEscape && config.size() > 1) {
    type = 32 + ((std::to_integer<uint32_t>(config[0]) & 7) << 3 |
                 std::to_integer<uint32_t>(config[1]) >> 5);
  }
  return "mp4a.40." + std::to_string(type);
}

Status PutAudioEntry(std::string_view name, const TrackInfo& info, BoxWriter* out) {
  const BoxWriter::Box box = out->Begin(name);
  PutEntryHead(out);
  out->PutZeros(8);
  out->Put16(std::max<uint32_t>(info.channels, 1));
  out->Put16(16);  // bits per sample, once decoded
  out->PutZeros(4);
  const uint32_t fallback = IsG711(info.codec) ? kG711RateHz : kDefaultRateHz;
  const uint32_t rate = info.sample_rate_hz != 0 ? info.sample_rate_hz : fallback;
  out->Put16(rate <= std::numeric_limits<uint16_t>::max() ? rate : 0);
  out->Put16(0);
  if (info.codec == Codec::kAac) PutEsds(info.config, out);
  return info.codec == Codec::kOpus ? PutOpusHead(info.config, out) : OkStatus();
}

Result<Mp4SampleEntry> AudioEntry(const TrackInfo& info) {
  if (!IsG711(info.codec) && info.config.empty()) {
    return FailedPrecondition("its codec configuration is not known");
  }
  if (info.codec == Codec::kAac && info.config.size() > kMaxAudioConfigBytes) {
    return InvalidArgument("its codec configuration is too long for MP4");
  }
  std::string name = info.codec == Codec::kPcmALaw ? "alaw" : "ulaw";
  Mp4SampleEntry entry{{}, name, 0, 0};
  if (info.codec == Codec::kAac) {
    name = "mp4a";
    entry.codec = AacCodecString(info.config);
  } else if (info.codec == Codec::kOpus) {
    name = "Opus";
    entry.codec = "opus";
  }
  BoxWriter out(&entry.box);
  REEL_RETURN_IF_ERROR(PutAudioEntry(name, info, &out));
  return entry;
}

}  // namespace

std::optional<std::string> WhyNotInMp4(const TrackInfo& info) {
  constexpr uint32_t kMaxTimescale = std::numeric_limits<int32_t>::max();
  if (info.kind == TrackKind::kData) return "MP4 has no place for it";
  if (info.timescale == 0 || info.timescale > kMaxTimescale) return "its clock is none of MP4's";
  return std::nullopt;
}

Result<Mp4SampleEntry> MakeMp4SampleEntry(const TrackInfo& info, bool sets_in_band) {
  return info.kind == TrackKind::kVideo ? VideoEntry(info, sets_in_band) : AudioEntry(info);
}

}  // namespace reel
