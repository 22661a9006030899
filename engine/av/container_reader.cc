#include "engine/av/container_reader.h"

#include <limits>
#include <utility>

#include "engine/av/av_handle.h"
#include "engine/av/stream_track.h"

namespace reel {
namespace {

using Container = FileKind::Container;

constexpr size_t kNotKept = std::numeric_limits<size_t>::max();
// A demuxer that finds nothing but damage must not spin through it for ever.
constexpr int kMaxErrorsInRow = 64;
constexpr int kPipeBufferBytes = 64 << 10;

const char* FormatName(Container container) {
  switch (container) {
    case Container::kMp4:
      return "mov";
    case Container::kMatroska:
      return "matroska";
    default:
      return "mpegts";
  }
}

class ContainerReader final : public PacketReader {
 public:
  // With `pipe` that is read, and `path` is only what it is called.
  ContainerReader(std::string path, Container container, PipeInput* pipe)
      : path_(std::move(path)), container_(container), pipe_(pipe), packet_(av_packet_alloc()) {}

  Status Open(const SourceOptions& options);

  const std::vector<PacketTrack>& tracks() const override { return tracks_; }
  const std::vector<std::string>& notes() const override { return notes_; }
  Result<std::optional<Packet>> Read() override;

 private:
  Status AddStream(AVStream* stream, const SourceOptions& options);
  StreamForm Form() const;
  Status OpenError(int av_error) const;
  int ReadFrame();
  bool IsCutPacket() const;
  void End(int av_error);
  Status EndOfPipe() const;

  std::string path_;
  Container container_;
  PipeInput* pipe_;
  AvPtr<AVIOContext> io_;  // of the pipe; outlives context_
  AvPtr<AVFormatContext> context_;
  AvPtr<AVPacket> packet_;
  std::vector<PacketTrack> tracks_;
  std::vector<size_t> track_of_stream_;  // kNotKept or an index of tracks_
  std::vector<std::string> notes_;
  bool loss_before_ = false;
  bool any_packet_ = false;
};

int ReadPipe(void* pipe, uint8_t* room, int size) {
  const Result<size_t> got = static_cast<PipeInput*>(pipe)->Read(
      std::as_writable_bytes(std::span(room, static_cast<size_t>(size))));
  if (!got.ok()) return AVERROR(EIO);
  return *got == 0 ? AVERROR_EOF : static_cast<int>(*got);
}

Status ContainerReader::Open(const SourceOptions& options) {
  AVFormatContext* context = avformat_alloc_context();
  if (pipe_ != nullptr) {
    auto* buffer = static_cast<uint8_t*>(av_malloc(kPipeBufferBytes));
    io_.reset(avio_alloc_context(buffer, kPipeBufferBytes, /*write_flag=*/0, pipe_, ReadPipe,
                                 nullptr, nullptr));
    io_->seekable = 0;
    context->pb = io_.get();
    context->flags |= AVFMT_FLAG_CUSTOM_IO;
  }
  // Bytes and times as they stand in the file: what is missing is derived in one place,
  // unit_times.h.
  context->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
  AVDictionary* settings = nullptr;
  // An edit list then shifts times, but hides no packet.
  av_dict_set(&settings, "advanced_editlist", "0", 0);
  const int error = avformat_open_input(&context, pipe_ != nullptr ? "" : AvFileUrl(path_).c_str(),
                                        av_find_input_format(FormatName(container_)), &settings);
  av_dict_free(&settings);
  if (error < 0) return OpenError(error);  // the context has been freed
  context_.reset(context);
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    REEL_RETURN_IF_ERROR(AddStream(context_->streams[i], options));
  }
  if (!tracks_.empty()) return OkStatus();
  std::string found;
  for (const std::string& note : notes_) found += (found.empty() ? ": " : "; ") + note;
  return InvalidArgument(path_ + ": no video or audio that Reel keeps in it" + found +
                         "; convert it first (ffmpeg -i IN -c:v libx264 -c:a aac OUT.mp4)");
}

Status ContainerReader::OpenError(int av_error) const {
  if (pipe_ != nullptr) {
    REEL_RETURN_IF_ERROR(pipe_->error());
    return InvalidArgument(path_ + ": cannot be read as what its first bytes say it is (" +
                           AvErrorText(av_error) + "); check it with ffprobe");
  }
  const std::optional<std::string> cut = FindCut(path_, container_);
  if (container_ == Container::kMp4 && cut) {
    return InvalidArgument(path_ + ": cut short (" + *cut +
                           "), and its index (moov) went with it; nothing can be read without "
                           "repairing it from another file of the same recorder");
  }
  return InvalidArgument(path_ + ": cannot be read as what its first bytes say it is (" +
                         AvErrorText(av_error) + "); check the file with ffprobe");
}

Status ContainerReader::AddStream(AVStream* stream, const SourceOptions& options) {
  const std::optional<Codec> codec = KeptCodec(*stream->codecpar);
  if (!codec && options.refuse_other_codecs) {
    return Unimplemented(path_ + ": " + StreamName(*stream) +
                         " is in a codec Reel does not keep; leave it out or convert it first");
  }
  if (!codec || tracks_.size() == kMaxTracks) {
    notes_.push_back(StreamName(*stream) + " left out: " +
                     (codec ? "more than " + std::to_string(kMaxTracks) + " tracks"
                            : std::string("Reel does not keep this codec")));
    stream->discard = AVDISCARD_ALL;
    track_of_stream_.push_back(kNotKept);
    return OkStatus();
  }
  track_of_stream_.push_back(tracks_.size());
  const TrackId id{static_cast<uint8_t>(tracks_.size())};
  tracks_.push_back(TrackOfStream(*stream, *codec, id, Form()));
  return OkStatus();
}

StreamForm ContainerReader::Form() const {
  StreamForm form;
  form.pieces = form.adts = container_ == Container::kMpegTs;
  if (container_ == Container::kMatroska) form.times = PacketTimes::kPtsOnly;
  return form;
}

int ContainerReader::ReadFrame() {
  int error = 0;
  for (int tries = 0; tries < kMaxErrorsInRow; ++tries) {
    av_packet_unref(packet_.get());
    error = av_read_frame(context_.get(), packet_.get());
    if (error >= 0 || error == AVERROR_EOF || error == AVERROR(EIO)) return error;
    loss_before_ = true;
  }
  return error;
}

// An MP4 that has its index at the end gives nothing: what it points at has gone by.
Status ContainerReader::EndOfPipe() const {
  REEL_RETURN_IF_ERROR(pipe_->error());
  if (any_packet_ || container_ != Container::kMp4) return OkStatus();
  return InvalidArgument(path_ +
                         ": an MP4 whose index (moov) stands at its end cannot come through a "
                         "pipe; save it to a file first");
}

Result<std::optional<Packet>> ContainerReader::Read() {
  for (;;) {
    const int error = ReadFrame();
    if (error < 0 && pipe_ != nullptr) REEL_RETURN_IF_ERROR(EndOfPipe());
    if (error < 0) {
      End(error);
      return std::optional<Packet>();
    }
    any_packet_ = true;
    const auto stream = static_cast<size_t>(packet_->stream_index);
    if (stream >= track_of_stream_.size()) {
      notes_.push_back(StreamName(*context_->streams[stream]) +
                       " left out: it begins only in the middle of the file");
      track_of_stream_.resize(stream + 1, kNotKept);
    }
    const size_t track = track_of_stream_[stream];
    if (track == kNotKept || packet_->size == 0) continue;
    if (IsCutPacket()) {
      loss_before_ = true;
      continue;
    }
    Packet packet = ViewPacket(*packet_, *context_->streams[stream], track);
    const bool corrupt = (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0;
    packet.loss_before = std::exchange(loss_before_, false) || corrupt;
    return std::optional(packet);
  }
}

// In MPEG-TS "corrupt" says that packets before were lost; elsewhere that the end of this one was.
bool ContainerReader::IsCutPacket() const {
  return container_ != Container::kMpegTs && (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0;
}

void ContainerReader::End(int av_error) {
  const auto cut = pipe_ == nullptr ? FindCut(path_, container_) : std::nullopt;
  if (cut) {
    notes_.push_back("the file is cut short (" + *cut + "); everything up to there was read");
  } else if (av_error != AVERROR_EOF) {
    notes_.push_back("reading stopped before the end of the file: " + AvErrorText(av_error));
  }
}

}  // namespace

Result<std::unique_ptr<PacketReader>> OpenContainer(const std::string& path, Container container,
                                                    const SourceOptions& options) {
  auto reader = std::make_unique<ContainerReader>(path, container, nullptr);
  REEL_RETURN_IF_ERROR(reader->Open(options));
  return std::unique_ptr<PacketReader>(std::move(reader));
}

Result<std::unique_ptr<PacketReader>> ContainerOf(PipeInput& pipe, const std::string& name,
                                                  Container container,
                                                  const SourceOptions& options) {
  auto reader = std::make_unique<ContainerReader>(name, container, &pipe);
  REEL_RETURN_IF_ERROR(reader->Open(options));
  return std::unique_ptr<PacketReader>(std::move(reader));
}

}  // namespace reel
