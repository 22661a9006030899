#include "engine/av/image.h"

#include <algorithm>
#include <cstring>

#include "engine/av/av_handle.h"
#include "engine/base/check.h"

namespace reel {
namespace {

struct Plane {
  size_t offset_bytes;
  uint32_t width;
  uint32_t height;
};

std::array<Plane, 3> PlanesOf(const Image& image) {
  const size_t luma_bytes = size_t{image.width} * image.height;
  const uint32_t half_width = image.width / 2;
  const uint32_t half_height = image.height / 2;
  return {{{0, image.width, image.height},
           {luma_bytes, half_width, half_height},
           {luma_bytes + luma_bytes / 4, half_width, half_height}}};
}

// The quantiser scale of FFmpeg's encoder, 2 (finest) to 31.
int ScaleOf(int quality) { return std::clamp(2 + (100 - quality) * 29 / 99, 2, 31); }

Status CannotEncode(int av_error) {
  return Internal("the picture could not be made a JPEG: " + AvErrorText(av_error));
}

Result<AvPtr<AVCodecContext>> OpenEncoder(const Image& image, int quality) {
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  if (codec == nullptr) return Unimplemented("this FFmpeg cannot make JPEG");
  AvPtr<AVCodecContext> encoder(avcodec_alloc_context3(codec));
  encoder->width = static_cast<int>(image.width);
  encoder->height = static_cast<int>(image.height);
  encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
  encoder->color_range = AVCOL_RANGE_JPEG;
  encoder->time_base = {1, 25};
  encoder->thread_count = 1;
  encoder->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
  encoder->global_quality = ScaleOf(quality) * FF_QP2LAMBDA;
  const int error = avcodec_open2(encoder.get(), codec, nullptr);
  if (error < 0) return CannotEncode(error);
  return encoder;
}

}  // namespace

Image GreyImage(uint32_t width, uint32_t height, uint8_t luma) {
  REEL_CHECK(Image::IsSize(width, height), "an image has even sides within bounds");
  Image image{width, height, Bytes(Image::SizeBytes(width, height), std::byte{128})};
  std::fill_n(image.planes.begin(), size_t{width} * height, std::byte{luma});
  return image;
}

void PutTile(const Image& tile, uint32_t left, uint32_t top, Image* sheet) {
  REEL_CHECK(left % 2 == 0 && top % 2 == 0, "chroma stands at even positions");
  REEL_CHECK(left + tile.width <= sheet->width && top + tile.height <= sheet->height,
             "the tile fits");
  const std::array<Plane, 3> from = PlanesOf(tile);
  const std::array<Plane, 3> to = PlanesOf(*sheet);
  for (size_t i = 0; i < from.size(); ++i) {
    const uint32_t scale = i == 0 ? 1 : 2;
    for (uint32_t row = 0; row < from[i].height; ++row) {
      std::memcpy(sheet->planes.data() + to[i].offset_bytes +
                      size_t{top / scale + row} * to[i].width + left / scale,
                  tile.planes.data() + from[i].offset_bytes + size_t{row} * from[i].width,
                  from[i].width);
    }
  }
}

Result<Bytes> EncodeJpeg(const Image& image, int quality) {
  REEL_CHECK(Image::IsSize(image.width, image.height) &&
                 image.planes.size() == Image::SizeBytes(image.width, image.height),
             "an image is whole");
  REEL_ASSIGN_OR_RETURN(const AvPtr<AVCodecContext> encoder, OpenEncoder(image, quality));
  const AvPtr<AVFrame> frame(av_frame_alloc());
  frame->width = encoder->width;
  frame->height = encoder->height;
  frame->format = encoder->pix_fmt;
  frame->color_range = AVCOL_RANGE_JPEG;
  frame->quality = encoder->global_quality;
  int error = av_frame_get_buffer(frame.get(), 0);
  if (error < 0) return CannotEncode(error);
  const std::array<Plane, 3> planes = PlanesOf(image);
  for (size_t i = 0; i < planes.size(); ++i) {
    for (uint32_t row = 0; row < planes[i].height; ++row) {
      std::memcpy(frame->data[i] + ptrdiff_t{row} * frame->linesize[i],
                  image.planes.data() + planes[i].offset_bytes + size_t{row} * planes[i].width,
                  planes[i].width);
    }
  }
  const AvPtr<AVPacket> packet(av_packet_alloc());
  error = avcodec_send_frame(encoder.get(), frame.get());
  if (error >= 0) error = avcodec_receive_packet(encoder.get(), packet.get());
  if (error < 0) return CannotEncode(error);
  const ByteSpan bytes = AvBytes(packet->data, static_cast<size_t>(packet->size));
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace reel
