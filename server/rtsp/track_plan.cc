// Of the section of an SDP the track to be recorded.
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "engine/base/bytes.h"
#include "engine/media/nal.h"
#include "engine/media/parameter_set_tracker.h"
#include "engine/media/video_format.h"
#include "server/rtsp/sdp.h"
#include "server/rtsp/text.h"

namespace reel::server {
namespace {

constexpr uint32_t kMaxClockRate = 10'000'000;

// As far as it is well formed; cameras leave out the padding or add to it.
Bytes DecodeBase64(std::string_view text) {
  std::string padded(Trim(text));
  padded.resize(padded.find_last_not_of('=') + 1);
  if (padded.size() % 4 == 1) padded.pop_back();
  const size_t padding = (4 - padded.size() % 4) % 4;
  padded.append(padding, '=');
  Bytes out(padded.size() / 4 * 3);
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(padded.data()),
                                   static_cast<int>(padded.size()));
  if (size < 0 || static_cast<size_t>(size) < padding) return {};
  out.resize(static_cast<size_t>(size) - padding);
  return out;
}

Bytes DecodeHex(std::string_view text) {
  Bytes out;
  for (; text.size() >= 2; text.remove_prefix(2)) {
    const std::optional<uint8_t> byte = ParseNumber<uint8_t>(text.substr(0, 2), 16);
    if (!byte) return {};
    out.push_back(static_cast<std::byte>(*byte));
  }
  return out;
}

// The parameter sets of a comma separated list, one or several a piece: cameras end them with a
// start code, or put one between.
void ObserveSets(std::string_view list, ParameterSetTracker* tracker) {
  constexpr size_t kStartCodeBytes = 3;
  while (!list.empty()) {
    const Bytes piece = DecodeBase64(TakeUntil(&list, ','));
    if (piece.empty()) continue;
    Bytes framed(kStartCodeBytes + piece.size());
    framed[kStartCodeBytes - 1] = std::byte{1};
    std::copy(piece.begin(), piece.end(), framed.begin() + kStartCodeBytes);
    const Result<NalList> nals = SplitNals(framed, NalFraming::kAnnexB);
    if (nals.ok()) (void)tracker->Observe(*nals);  // what cannot be read is left out
  }
}

void PlanVideo(const SdpMedia& media, Codec codec, TrackPlan* plan) {
  plan->info.kind = TrackKind::kVideo;
  plan->info.codec = codec;
  ParameterSetTracker tracker(codec);
  if (codec == Codec::kH264) {
    ObserveSets(FindParameter(media.parameters, "sprop-parameter-sets"), &tracker);
  } else {
    for (const char* name : {"sprop-vps", "sprop-sps", "sprop-pps"}) {
      ObserveSets(FindParameter(media.parameters, name), &tracker);
    }
  }
  plan->info.config = tracker.config();
  const Result<VideoFormat> format = DescribeVideo(codec, plan->info.config);
  if (!format.ok()) return;
  plan->info.width = format->width;
  plan->info.height = format->height;
}

// ISO/IEC 14496-3 1.6.2.1 as far as rate and channels.
void ReadAudioSpecificConfig(ByteSpan config, TrackInfo* info) {
  constexpr std::array<uint32_t, 13> kRates = {96'000, 88'200, 64'000, 48'000, 44'100,
                                               32'000, 24'000, 22'050, 16'000, 12'000,
                                               11'025, 8'000,  7'350};
  if (config.size() < 2) return;
  const uint32_t bits =
      std::to_integer<uint32_t>(config[0]) << 8 | std::to_integer<uint32_t>(config[1]);
  const uint32_t rate_index = bits >> 7 & 0xF;
  const uint32_t channels = bits >> 3 & 0xF;
  if (rate_index < kRates.size()) info->sample_rate_hz = kRates[rate_index];
  if (channels >= 1 && channels <= 7) info->channels = channels == 7 ? 8 : channels;
}

Status PlanAac(const SdpMedia& media, TrackPlan* plan) {
  const std::string_view mode = FindParameter(media.parameters, "mode");
  if (!EqualsIgnoringCase(mode, "AAC-hbr") && !EqualsIgnoringCase(mode, "AAC-lbr")) {
    return Unimplemented("mpeg4-generic in mode '" + std::string(mode) + "'");
  }
  const auto bits = [&](const char* name) {
    return ParseNumber<uint32_t>(FindParameter(media.parameters, name)).value_or(0);
  };
  plan->aac = {bits("sizelength"), bits("indexlength"), bits("indexdeltalength")};
  const uint32_t most =
      std::max({plan->aac.size_bits, plan->aac.index_bits, plan->aac.index_delta_bits});
  if (plan->aac.size_bits == 0 || most > 16) return Unimplemented("AAC with such AU headers");
  plan->info.codec = Codec::kAac;
  plan->info.config = DecodeHex(FindParameter(media.parameters, "config"));
  ReadAudioSpecificConfig(plan->info.config, &plan->info);
  return OkStatus();
}

// The ID header (RFC 7845 5.1) that SDP does not carry.
Bytes OpusIdHeader(uint32_t channels) {
  Bytes header;
  ByteWriter writer(&header);
  writer.PutBytes(AsBytes("OpusHead"));
  writer.Put<uint8_t>(1);
  writer.Put(static_cast<uint8_t>(channels));
  writer.Put<uint16_t>(0);       // pre-skip: a stream joined in the middle has none
  writer.Put<uint32_t>(48'000);  // input rate, a hint
  writer.Put<uint16_t>(0);       // gain
  writer.Put<uint8_t>(0);        // mapping: mono or stereo
  return header;
}

Status PlanAudio(const SdpMedia& media, TrackPlan* plan) {
  TrackInfo& info = plan->info;
  info.kind = TrackKind::kAudio;
  info.sample_rate_hz = media.clock_rate;
  info.channels = std::clamp(media.channels, 1U, 8U);
  if (EqualsIgnoringCase(media.encoding, "mpeg4-generic")) return PlanAac(media, plan);
  if (EqualsIgnoringCase(media.encoding, "PCMA")) {
    info.codec = Codec::kPcmALaw;
  } else if (EqualsIgnoringCase(media.encoding, "PCMU")) {
    info.codec = Codec::kPcmMuLaw;
  } else if (EqualsIgnoringCase(media.encoding, "opus")) {
    info.codec = Codec::kOpus;
    info.channels =
        EqualsIgnoringCase(FindParameter(media.parameters, "sprop-stereo"), "0") ? 1 : 2;
    info.config = OpusIdHeader(info.channels);
  } else {
    return Unimplemented("audio in '" + media.encoding + "'");
  }
  return OkStatus();
}

Status Plan(const SdpMedia& media, TrackPlan* plan) {
  if (media.kind == "video") {
    if (EqualsIgnoringCase(media.encoding, "H264")) {
      if (FindParameter(media.parameters, "packetization-mode") == "2") {
        return Unimplemented("H.264 in interleaved packetisation");
      }
      PlanVideo(media, Codec::kH264, plan);
      return OkStatus();
    }
    if (EqualsIgnoringCase(media.encoding, "H265")) {
      const std::string_view apart = FindParameter(media.parameters, "sprop-max-don-diff");
      if (!apart.empty() && apart != "0") {
        return Unimplemented("H.265 in interleaved packetisation");
      }
      PlanVideo(media, Codec::kH265, plan);
      return OkStatus();
    }
    return Unimplemented("video in '" + media.encoding + "'");
  }
  if (media.kind == "audio") return PlanAudio(media, plan);
  if (EqualsIgnoringCase(media.encoding, "vnd.onvif.metadata")) {
    plan->info.kind = TrackKind::kData;
    plan->info.codec = Codec::kOnvifMetadata;
    return OkStatus();
  }
  return Unimplemented(media.kind + " in '" + media.encoding + "'");
}

}  // namespace

Result<TrackPlan> PlanTrack(const SdpMedia& media) {
  if (!StartsIgnoringCase(media.protocol, "RTP/AVP")) {
    return Unimplemented("transport " + media.protocol);
  }
  TrackPlan plan;
  plan.payload_type = media.payload_type;
  plan.control = media.control;
  plan.info.timescale = media.clock_rate;
  REEL_RETURN_IF_ERROR(Plan(media, &plan));
  if (plan.info.timescale == 0) {  // the one a codec has by its RFC
    plan.info.timescale = plan.info.kind == TrackKind::kAudio ? plan.info.sample_rate_hz : 90'000;
  }
  if (plan.info.timescale == 0 || plan.info.timescale > kMaxClockRate) {
    return Unimplemented("a clock of " + std::to_string(media.clock_rate) + " Hz");
  }
  return plan;
}

}  // namespace reel::server
