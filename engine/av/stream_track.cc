#include "engine/av/stream_track.h"

#include <utility>

#include "engine/av/video_track.h"

namespace reel {
namespace {

constexpr uint32_t kFallbackTimescale = 90'000;

TrackKind KindOf(Codec codec) {
  if (codec == Codec::kH264 || codec == Codec::kH265) return TrackKind::kVideo;
  return codec == Codec::kOpaque ? TrackKind::kData : TrackKind::kAudio;
}

}  // namespace

std::optional<Codec> KeptCodec(const AVCodecParameters& parameters) {
  switch (parameters.codec_id) {
    case AV_CODEC_ID_H264:
      return Codec::kH264;
    case AV_CODEC_ID_HEVC:
      return Codec::kH265;
    case AV_CODEC_ID_AAC:
      return Codec::kAac;
    case AV_CODEC_ID_PCM_ALAW:
      return Codec::kPcmALaw;
    case AV_CODEC_ID_PCM_MULAW:
      return Codec::kPcmMuLaw;
    case AV_CODEC_ID_OPUS:
      return Codec::kOpus;
    default:
      if (parameters.codec_type == AVMEDIA_TYPE_DATA) return Codec::kOpaque;
      return std::nullopt;
  }
}

std::string StreamName(const AVStream& stream) {
  const char* kind = av_get_media_type_string(stream.codecpar->codec_type);
  return "track " + std::to_string(stream.index) + " (" + (kind != nullptr ? kind : "unknown") +
         ", " + avcodec_get_name(stream.codecpar->codec_id) + ")";
}

ByteSpan ExtraData(const AVStream& stream) {
  const AVCodecParameters& parameters = *stream.codecpar;
  return AvBytes(parameters.extradata, static_cast<size_t>(parameters.extradata_size));
}

PacketTrack TrackOfStream(const AVStream& stream, Codec codec, TrackId id, const StreamForm& form) {
  const AVCodecParameters& parameters = *stream.codecpar;
  const ByteSpan extra = ExtraData(stream);
  PacketTrack track;
  track.info.id = id;
  track.info.kind = KindOf(codec);
  track.info.codec = codec;
  track.info.timescale =
      stream.time_base.num == 1 ? static_cast<uint32_t>(stream.time_base.den) : kFallbackTimescale;
  if (track.info.kind == TrackKind::kVideo) {
    track.info.width = static_cast<uint32_t>(parameters.width);
    track.info.height = static_cast<uint32_t>(parameters.height);
    track.framing = form.pieces ? PacketFraming::kElementary : PacketFraming::kNals;
    track.times = form.times;
    // A configuration that does not parse leaves the one framing a damaged file most likely has.
    Result<DecoderConfig> config = ParseDecoderConfig(codec, extra);
    track.decoder_config =
        config.ok() ? *std::move(config) : DecoderConfig{NalFraming::kLength4, {}};
    track.info = VideoTrack(track.info, track.decoder_config.parameter_sets).info();
  } else if (track.info.kind == TrackKind::kAudio) {
    track.info.sample_rate_hz = static_cast<uint32_t>(parameters.sample_rate);
    track.info.channels = static_cast<uint32_t>(parameters.ch_layout.nb_channels);
    const bool adts = codec == Codec::kAac && form.adts;
    if (adts) track.framing = PacketFraming::kAdts;
    const bool has_config = codec == Codec::kAac || codec == Codec::kOpus;
    if (has_config && !adts && extra.size() <= kMaxTrackConfigBytes) {
      track.info.config.assign(extra.begin(), extra.end());
    }
  }
  return track;
}

Packet ViewPacket(const AVPacket& from, const AVStream& stream, size_t track) {
  Packet packet;
  packet.track = track;
  packet.pts = AvTime(from.pts);
  packet.dts = AvTime(from.dts);
  const AVRational base = stream.time_base;
  if (base.num != 1) {
    const AVRational fallback{1, static_cast<int>(kFallbackTimescale)};
    if (packet.pts) packet.pts = av_rescale_q(*packet.pts, base, fallback);
    if (packet.dts) packet.dts = av_rescale_q(*packet.dts, base, fallback);
  }
  packet.bytes = AvBytes(from.data, static_cast<size_t>(from.size));
  packet.offset_bytes = from.pos >= 0 ? static_cast<uint64_t>(from.pos) : 0;
  size_t side_bytes = 0;
  const uint8_t* side = av_packet_get_side_data(&from, AV_PKT_DATA_NEW_EXTRADATA, &side_bytes);
  packet.new_decoder_config = AvBytes(side, side_bytes);
  return packet;
}

}  // namespace reel
