#include "engine/av/live_source.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/av/av_handle.h"
#include "engine/av/stream_track.h"
#include "engine/av/unit_framer.h"

namespace reel {
namespace {

constexpr size_t kNotKept = kMaxTracks;
// A demuxer that finds nothing but damage must not spin through it for ever.
constexpr int kMaxErrorsInRow = 64;
constexpr uint32_t kFallbackFramesPerSecond = 25;
// libavformat's RTSP client cuts off what is longer.
constexpr size_t kMaxLoginBytes = 120;

// What goes over a network, can be checked where it is encrypted, and opens nothing else.
constexpr std::array<std::string_view, 12> kSchemes = {
    "rtsp", "http", "https", "udp", "tcp", "rtp", "srtp", "srt", "rist", "rtmp", "mmst", "mmsh"};
constexpr const char* kNetworkProtocols =
    "rtsp,http,https,httpproxy,tls,tcp,udp,rtp,srtp,srt,rist,rtmp,mmst,mmsh,crypto";
constexpr const char* kLocalProtocols = "file,udp,rtp,srtp,tcp,crypto";

// RFC 3986 2.1: whatever is not unreserved.
std::string Escape(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kUnreserved.find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      escaped += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return escaped;
}

struct Opening {
  std::string url;
  const char* protocols = kLocalProtocols;
};

Result<Opening> OpeningOf(const MediaAddress& address) {
  const size_t colon = address.url.find("://");
  if (colon == std::string::npos) return Opening{AvFileUrl(address.url), kLocalProtocols};
  const std::string scheme = address.url.substr(0, colon);
  if (std::find(kSchemes.begin(), kSchemes.end(), scheme) == kSchemes.end()) {
    return InvalidArgument("addresses of the kind " + scheme + ":// are not taken");
  }
  Opening opening{address.url, kNetworkProtocols};
  const bool logs_in = scheme == "rtsp" || scheme == "http" || scheme == "https";
  if (!logs_in || address.user.empty()) return opening;
  const std::string login = Escape(address.user) + ":" + Escape(address.password);
  if (login.size() > kMaxLoginBytes) {
    return InvalidArgument("user and password are longer than libavformat takes");
  }
  opening.url.insert(colon + 3, login + "@");
  return opening;
}

Status Failed(int av_error) {
  switch (av_error) {
    case AVERROR_EXIT:
      return Status(Code::kCancelled, "stopped");
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
      return PermissionDenied("login refused: check user and password");
    case AVERROR_EOF:
      return Unavailable("the source has ended");
    default:
      return Unavailable("libavformat: " + AvErrorText(av_error));
  }
}

class LiveReader final : public LiveSource {
 public:
  explicit LiveReader(std::function<bool()> stopped)
      : stopped_(std::move(stopped)), packet_(av_packet_alloc()) {}

  Status Open(const MediaAddress& address);
  const std::vector<PacketTrack>& tracks() const override { return tracks_; }
  Result<LiveUnit> Next() override;

 private:
  static int Interrupted(void* reader) {
    return static_cast<LiveReader*>(reader)->stopped_() ? 1 : 0;
  }
  Status OpenContext(const MediaAddress& address);
  Status LookAtStreams();
  StreamForm FormOf(const AVStream& stream, Codec codec) const;
  Status Read();
  void Push();

  const std::function<bool()> stopped_;
  AvPtr<AVFormatContext> context_;
  AvPtr<AVPacket> packet_;
  std::vector<PacketTrack> tracks_;
  std::vector<std::unique_ptr<UnitFramer>> framers_;  // by track
  std::vector<size_t> track_of_stream_;               // kNotKept or an index of tracks_
  size_t current_ = 0;                                // whose framer may hold units
  bool loss_before_ = false;
};

Status LiveReader::Open(const MediaAddress& address) {
  REEL_RETURN_IF_ERROR(OpenContext(address));
  REEL_RETURN_IF_ERROR(LookAtStreams());
  std::string left_out;
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    AVStream* stream = context_->streams[i];
    const std::optional<Codec> codec = KeptCodec(*stream->codecpar);
    if (!codec || tracks_.size() == kMaxTracks) {
      left_out += (left_out.empty() ? ": " : ", ") + StreamName(*stream);
      stream->discard = AVDISCARD_ALL;
      track_of_stream_.push_back(kNotKept);
      continue;
    }
    track_of_stream_.push_back(tracks_.size());
    const TrackId id{static_cast<uint8_t>(tracks_.size())};
    tracks_.push_back(TrackOfStream(*stream, *codec, id, FormOf(*stream, *codec)));
    framers_.push_back(MakeUnitFramer(tracks_.back(), kFallbackFramesPerSecond));
  }
  if (tracks_.empty()) return InvalidArgument("nothing that Reel records" + left_out);
  return OkStatus();
}

Status LiveReader::OpenContext(const MediaAddress& address) {
  REEL_ASSIGN_OR_RETURN(const Opening opening, OpeningOf(address));
  AVFormatContext* context = avformat_alloc_context();
  context->interrupt_callback = {Interrupted, this};
  // As in container_reader.cc: bytes and times as they come.
  context->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
  AVDictionary* settings = nullptr;
  av_dict_set(&settings, "protocol_whitelist", opening.protocols, 0);
  av_dict_set(&settings, "codec_whitelist", "none", 0);
  av_dict_set(&settings, "rtsp_transport", "tcp", 0);
  av_dict_set(&settings, "tls_verify", "1", 0);
  if (!address.ca_file.empty()) av_dict_set(&settings, "ca_file", address.ca_file.c_str(), 0);
  const int error = avformat_open_input(&context, opening.url.c_str(), nullptr, &settings);
  av_dict_free(&settings);
  if (error < 0) return Failed(error);  // the context has been freed
  context_.reset(context);
  return OkStatus();
}

// Some formats name their tracks in the first packets only, which libavformat keeps for later.
Status LiveReader::LookAtStreams() {
  const auto unknown = [](const AVStream* stream) {
    return stream->codecpar->codec_id == AV_CODEC_ID_NONE;
  };
  AVStream** begin = context_->streams;
  const unsigned count = context_->nb_streams;
  if (count > 0 && std::none_of(begin, begin + count, unknown)) return OkStatus();
  context_->max_analyze_duration = AV_TIME_BASE;
  const int error = avformat_find_stream_info(context_.get(), nullptr);
  return error < 0 ? Failed(error) : OkStatus();
}

StreamForm LiveReader::FormOf(const AVStream& stream, Codec codec) const {
  const std::string_view format = context_->iformat->name;
  const ByteSpan extra = ExtraData(stream);
  StreamForm form;
  form.adts = extra.empty();
  if (codec == Codec::kH264 || codec == Codec::kH265) {
    // With a configuration of a container come whole units, without one comes a byte stream.
    const Result<DecoderConfig> config = ParseDecoderConfig(codec, extra);
    form.pieces = config.ok() && config->framing == NalFraming::kAnnexB;
  }
  const bool shown =
      format == "rtsp" || format == "sdp" || format == "rtp" || format.starts_with("matroska");
  const bool raw = format == "h264" || format == "hevc";
  if (shown) form.times = PacketTimes::kPtsOnly;
  if (raw) form.times = PacketTimes::kNone;
  return form;
}

Result<LiveUnit> LiveReader::Next() {
  for (;;) {
    for (; current_ < framers_.size(); ++current_) {
      REEL_ASSIGN_OR_RETURN(std::optional<FramedUnit> unit, framers_[current_]->Pop());
      if (!unit) continue;
      return LiveUnit{.track = tracks_[current_].info.id,
                      .flags = unit->flags,
                      .pts = unit->pts,
                      .dts = unit->dts,
                      .bytes = std::move(unit->bytes),
                      .track_change = std::move(unit->track_change)};
    }
    // What is still being put together at the end may not be whole, and is left out.
    REEL_RETURN_IF_ERROR(Read());
    Push();
  }
}

Status LiveReader::Read() {
  int error = 0;
  for (int tries = 0; tries < kMaxErrorsInRow;) {
    av_packet_unref(packet_.get());
    error = av_read_frame(context_.get(), packet_.get());
    if (error >= 0) {
      const auto stream = static_cast<size_t>(packet_->stream_index);
      const bool known = stream < track_of_stream_.size() && track_of_stream_[stream] != kNotKept;
      if (known && packet_->size > 0) return OkStatus();
      continue;
    }
    if (error == AVERROR_EOF || error == AVERROR_EXIT || error == AVERROR(EIO)) break;
    loss_before_ = true;
    ++tries;
  }
  return Failed(error);
}

void LiveReader::Push() {
  const auto stream = static_cast<size_t>(packet_->stream_index);
  current_ = track_of_stream_[stream];
  Packet packet = ViewPacket(*packet_, *context_->streams[stream], current_);
  // MPEG-TS: packets are missing before it; elsewhere its end is missing. Either way not whole.
  const bool corrupt = (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0;
  packet.loss_before = std::exchange(loss_before_, false) || corrupt;
  framers_[current_]->Push(packet);
}

}  // namespace

Result<std::unique_ptr<LiveSource>> OpenLiveSource(const MediaAddress& address,
                                                   std::function<bool()> stopped) {
  QuietAv();
  auto reader = std::make_unique<LiveReader>(std::move(stopped));
  REEL_RETURN_IF_ERROR(reader->Open(address));
  return std::unique_ptr<LiveSource>(std::move(reader));
}

}  // namespace reel
