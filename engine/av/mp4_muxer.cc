#include "engine/av/mp4_muxer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/av/mp4_sample_entry.h"

extern "C" {
#include <libavutil/mem.h>
}

namespace reel {
namespace {

constexpr uint32_t kAvc1 = MKTAG('a', 'v', 'c', '1');
constexpr uint32_t kHvc1 = MKTAG('h', 'v', 'c', '1');
// Nominal, for sound whose rate is not stated.
constexpr uint32_t kG711RateHz = 8000;
constexpr uint32_t kDefaultRateHz = 48'000;

bool IsG711(Codec codec) { return codec == Codec::kPcmALaw || codec == Codec::kPcmMuLaw; }

AVCodecID CodecIdOf(Codec codec) {
  switch (codec) {
    case Codec::kH264:
      return AV_CODEC_ID_H264;
    case Codec::kH265:
      return AV_CODEC_ID_HEVC;
    case Codec::kAac:
      return AV_CODEC_ID_AAC;
    case Codec::kPcmALaw:
      return AV_CODEC_ID_PCM_ALAW;
    case Codec::kPcmMuLaw:
      return AV_CODEC_ID_PCM_MULAW;
    case Codec::kOpus:
      return AV_CODEC_ID_OPUS;
    default:
      return AV_CODEC_ID_NONE;
  }
}

// Frame sizes make the muxer give each sample its own duration, so that gaps stay.
int FrameSamples(Codec codec) {
  if (codec == Codec::kAac) return 1024;
  return codec == Codec::kOpus ? 960 : 160;
}

void FillAudio(const TrackInfo& info, AVCodecParameters* parameters) {
  const uint32_t fallback = IsG711(info.codec) ? kG711RateHz : kDefaultRateHz;
  const uint32_t rate = info.sample_rate_hz != 0 ? info.sample_rate_hz : fallback;
  parameters->sample_rate = static_cast<int>(rate);
  av_channel_layout_default(&parameters->ch_layout,
                            static_cast<int>(std::max<uint32_t>(info.channels, 1)));
  parameters->frame_size = FrameSamples(info.codec);
}

Status SyncPath(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return Status::FromErrno(errno, "cannot sync " + path);
  const bool synced = fsync(fd) == 0;
  const int error = errno;
  close(fd);
  return synced ? OkStatus() : Status::FromErrno(error, "cannot sync " + path);
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, slash + 1);
}

}  // namespace

void Mp4Muxer::OutputDeleter::operator()(AVFormatContext* context) const {
  if (context->pb != nullptr) avio_closep(&context->pb);
  avformat_free_context(context);
}

Mp4Muxer::Mp4Muxer(std::string path)
    : path_(std::move(path)), partial_path_(path_ + ".partial"), packet_(av_packet_alloc()) {}

Mp4Muxer::~Mp4Muxer() {
  context_.reset();
  if (exists_) unlink(partial_path_.c_str());
}

Status Mp4Muxer::Error(int av_error) const {
  const std::string what = "cannot write " + partial_path_;
  // FFmpeg's own codes are far below any errno.
  constexpr int kLastErrno = 4095;
  if (av_error < 0 && -av_error <= kLastErrno) return Status::FromErrno(-av_error, what);
  return Unavailable(what + ": " + AvErrorText(av_error));
}

Status Mp4Muxer::Open() {
  const int fd = open(partial_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Status::FromErrno(errno, "cannot create " + partial_path_);
  close(fd);
  exists_ = true;
  return OkStatus();
}

Status Mp4Muxer::Begin(const std::vector<Mp4Stream>& streams, WallTime start, bool edit_lists) {
  const bool g711 = std::any_of(streams.begin(), streams.end(),
                                [](const Mp4Stream& s) { return IsG711(s.info.codec); });
  AVFormatContext* context = nullptr;
  const std::string url = AvFileUrl(partial_path_);
  int error = avformat_alloc_output_context2(&context, nullptr, g711 ? "mov" : "mp4", url.c_str());
  if (error < 0) return Error(error);
  context_.reset(context);
  context_->flags |= AVFMT_FLAG_BITEXACT;  // the same units give the same file
  context_->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;  // Opus
  context_->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
  if (start.ns > 0) {
    av_dict_set(&context_->metadata, "creation_time", FormatWall(start, 6).c_str(), 0);
  }
  for (const Mp4Stream& stream : streams) REEL_RETURN_IF_ERROR(AddStream(stream));
  error = avio_open(&context_->pb, url.c_str(), AVIO_FLAG_WRITE);
  if (error < 0) return Error(error);
  AVDictionary* settings = nullptr;
  av_dict_set(&settings, "use_editlist", edit_lists ? "1" : "0", 0);
  error = avformat_write_header(context_.get(), &settings);
  av_dict_free(&settings);
  return error < 0 ? Error(error) : OkStatus();
}

Status Mp4Muxer::AddStream(const Mp4Stream& stream) {
  AVStream* out = avformat_new_stream(context_.get(), nullptr);
  if (out == nullptr) return Error(AVERROR(ENOMEM));
  const TrackInfo& info = stream.info;
  AVCodecParameters* parameters = out->codecpar;
  parameters->codec_id = CodecIdOf(info.codec);
  out->time_base = {1, static_cast<int>(info.timescale)};
  if (info.kind == TrackKind::kVideo) {
    parameters->codec_type = AVMEDIA_TYPE_VIDEO;
    parameters->codec_tag = info.codec == Codec::kH264 ? kAvc1 : kHvc1;
    parameters->width = static_cast<int>(info.width);
    parameters->height = static_cast<int>(info.height);
  } else {
    parameters->codec_type = AVMEDIA_TYPE_AUDIO;
    FillAudio(info, parameters);
  }
  const Bytes& config = stream.decoder_config;
  if (!config.empty()) {
    parameters->extradata =
        static_cast<uint8_t*>(av_mallocz(config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (parameters->extradata == nullptr) return Error(AVERROR(ENOMEM));
    std::memcpy(parameters->extradata, config.data(), config.size());
    parameters->extradata_size = static_cast<int>(config.size());
  }
  streams_.push_back(info);
  has_samples_.push_back(false);
  return OkStatus();
}

Status Mp4Muxer::Write(const Mp4Sample& sample) {
  const AVRational from{1, static_cast<int>(streams_[sample.stream].timescale)};
  const AVRational to = context_->streams[sample.stream]->time_base;
  AVPacket& packet = *packet_;
  av_packet_unref(&packet);
  // Not reference-counted: the muxer has written or copied the bytes when it returns.
  packet.data = reinterpret_cast<uint8_t*>(const_cast<std::byte*>(sample.bytes.data()));
  packet.size = static_cast<int>(sample.bytes.size());
  packet.stream_index = static_cast<int>(sample.stream);
  packet.pts = av_rescale_q(sample.pts, from, to);
  packet.dts = av_rescale_q(sample.dts, from, to);
  packet.duration = av_rescale_q(sample.duration, from, to);
  packet.flags = sample.is_key ? AV_PKT_FLAG_KEY : 0;
  has_samples_[sample.stream] = true;
  const int error = av_write_frame(context_.get(), &packet);
  packet.data = nullptr;
  packet.size = 0;
  return error < 0 ? Error(error) : OkStatus();
}

Status Mp4Muxer::NameSampleEntries(const std::vector<bool>& in_band) const {
  size_t track = 0;
  for (size_t i = 0; i < streams_.size(); ++i) {
    if (!has_samples_[i]) continue;  // the muxer leaves out a track without samples
    if (in_band[i]) {
      const bool h264 = streams_[i].codec == Codec::kH264;
      REEL_RETURN_IF_ERROR(RenameMp4SampleEntry(partial_path_, track, h264 ? "avc1" : "hvc1",
                                                h264 ? "avc3" : "hev1"));
    }
    ++track;
  }
  return OkStatus();
}

Status Mp4Muxer::Finish(const std::vector<bool>& in_band) {
  int error = av_write_trailer(context_.get());
  const int close_error = avio_closep(&context_->pb);
  if (error >= 0) error = close_error;
  if (error < 0) return Error(error);
  REEL_RETURN_IF_ERROR(NameSampleEntries(in_band));
  return Publish();
}

Status Mp4Muxer::Publish() {
  REEL_RETURN_IF_ERROR(SyncPath(partial_path_, O_RDONLY));
  if (rename(partial_path_.c_str(), path_.c_str()) != 0) {
    return Status::FromErrno(errno, "cannot rename " + partial_path_ + " to " + path_);
  }
  exists_ = false;
  return SyncPath(FolderOf(path_), O_RDONLY | O_DIRECTORY);
}

}  // namespace reel
