#include "engine/av/frame_decoder.h"

#include <algorithm>
#include <optional>

#include "engine/av/av_handle.h"
#include "engine/media/nal.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>
}

namespace reel {
namespace {

struct ScalerDeleter {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};

// Keeps, of the frames a decoder gives, the one to show.
class FramePicker {
 public:
  explicit FramePicker(uint32_t wanted) : wanted_(wanted), frame_(av_frame_alloc()) {}

  Status Receive(AVCodecContext* decoder) {
    for (;;) {
      AvPtr<AVFrame> frame(av_frame_alloc());
      const int error = avcodec_receive_frame(decoder, frame.get());
      // An error costs one picture, no more.
      if (error == AVERROR(ENOMEM)) return ResourceExhausted("the picture takes too much memory");
      if (error < 0) return OkStatus();
      const auto rank = AvTime(frame->pts);
      if (!rank || *rank > wanted_ || *rank < 0) continue;
      if (rank_ && *rank < *rank_) continue;
      rank_ = static_cast<uint32_t>(*rank);
      frame_ = std::move(frame);
    }
  }

  std::optional<uint32_t> rank() const { return rank_; }
  const AVFrame& frame() const { return *frame_; }

 private:
  const uint32_t wanted_;
  std::optional<uint32_t> rank_;
  AvPtr<AVFrame> frame_;
};

Status Send(AVCodecContext* decoder, ByteSpan stored, uint32_t rank, FramePicker* picker) {
  const Result<Bytes> raw = ToAnnexB(stored);
  if (!raw.ok()) return raw.status();
  AvPtr<AVPacket> packet(av_packet_alloc());
  if (av_new_packet(packet.get(), static_cast<int>(raw->size())) < 0) {
    return ResourceExhausted("no memory for a unit");
  }
  std::copy(raw->begin(), raw->end(), reinterpret_cast<std::byte*>(packet->data));
  packet->pts = rank;
  // What cannot be decoded is passed over: the pictures around it may still be.
  if (avcodec_send_packet(decoder, packet.get()) == AVERROR(ENOMEM)) {
    return ResourceExhausted("the picture takes too much memory");
  }
  return picker->Receive(decoder);
}

uint32_t Even(double side) {
  const double bound = std::clamp(side, 2.0, double{kMaxImageSide});
  return static_cast<uint32_t>(bound) / 2 * 2;
}

// As it is to be seen: pixels that are not square are made so.
struct Size {
  uint32_t width;
  uint32_t height;
};
Size SizeFor(const AVFrame& frame, uint32_t width) {
  const AVRational aspect = frame.sample_aspect_ratio;
  constexpr int kStrangest = 8;  // beyond it no camera goes: the aspect is garbage
  const bool square = aspect.num <= 0 || aspect.den <= 0 || aspect.num > kStrangest * aspect.den ||
                      aspect.den > kStrangest * aspect.num;
  const double across = square ? frame.width : frame.width * av_q2d(aspect);
  const double wanted = std::min(width == 0 ? across : width, double{kMaxImageSide});
  return {Even(wanted), Even(frame.height * wanted / across)};
}

Result<Image> ToImage(const AVFrame& frame, uint32_t width) {
  const Size size = SizeFor(frame, width);
  Image image = GreyImage(size.width, size.height, 0);
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const std::unique_ptr<SwsContext, ScalerDeleter> scaler(sws_getContext(
      frame.width, frame.height, format, static_cast<int>(size.width),
      static_cast<int>(size.height), AV_PIX_FMT_YUVJ420P, SWS_AREA, nullptr, nullptr, nullptr));
  if (scaler == nullptr) return Unimplemented("a kind of picture that cannot be scaled");
  // Rows of its own, because the scaler may write a little past the end of a row.
  AvPtr<AVFrame> scaled(av_frame_alloc());
  scaled->width = static_cast<int>(size.width);
  scaled->height = static_cast<int>(size.height);
  scaled->format = AV_PIX_FMT_YUVJ420P;
  if (av_frame_get_buffer(scaled.get(), 0) < 0 ||
      sws_scale(scaler.get(), frame.data, frame.linesize, 0, frame.height, scaled->data,
                scaled->linesize) <= 0) {
    return ResourceExhausted("no memory to scale the picture");
  }
  const int written = av_image_copy_to_buffer(
      reinterpret_cast<uint8_t*>(image.planes.data()), static_cast<int>(image.planes.size()),
      scaled->data, scaled->linesize, AV_PIX_FMT_YUVJ420P, scaled->width, scaled->height, 1);
  if (written < 0) return Internal("a scaled picture of another size: " + AvErrorText(written));
  return image;
}

}  // namespace

Result<PictureAnswer> DecodeFrame(const PictureJob& job) {
  const AVCodec* codec =
      avcodec_find_decoder(job.codec == Codec::kH264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC);
  if (codec == nullptr) return Unimplemented("this FFmpeg cannot decode that codec");
  const AvPtr<AVCodecContext> decoder(avcodec_alloc_context3(codec));
  decoder->thread_count = 1;
  decoder->max_pixels = kMaxDecodedPixels;
  // Otherwise H.264 pictures behind a recovery point that come out only at the end are held back as
  // not yet recovered (5.1). What really is not whole is still flagged.
  decoder->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
  if (avcodec_open2(decoder.get(), codec, nullptr) < 0) {
    return Internal("the decoder cannot be opened");
  }
  const uint32_t wanted = job.units.back().rank;
  FramePicker picker(wanted);
  Bytes first(job.parameter_sets.begin(), job.parameter_sets.end());
  for (const PictureJob::Coded& unit : job.units) {
    first.insert(first.end(), unit.bytes.begin(), unit.bytes.end());
    // A unit that does not split is as lost as one that does not decode.
    const Status sent = Send(decoder.get(), first, unit.rank, &picker);
    if (sent.code() == Code::kResourceExhausted) return sent;
    first.clear();
  }
  avcodec_send_packet(decoder.get(), nullptr);
  REEL_RETURN_IF_ERROR(picker.Receive(decoder.get()));
  if (!picker.rank()) {
    return FailedPrecondition("the decoder got no picture out of " +
                              std::to_string(job.units.size()) + " units");
  }
  PictureAnswer answer;
  answer.rank = *picker.rank();
  const AVFrame& frame = picker.frame();
  answer.concealed = frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0;
  REEL_ASSIGN_OR_RETURN(answer.image, ToImage(frame, job.width));
  return answer;
}

}  // namespace reel
