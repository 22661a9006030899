// FFmpeg's objects with owners, and its errors as text.
//
// Thread rule: plain values; QuietAv() from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "reel/types.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace reel {

struct AvDeleter {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  // Its own buffer alone: what it reads through stays whoever's it is.
  void operator()(AVIOContext* io) const {
    av_freep(static_cast<void*>(&io->buffer));
    avio_context_free(&io);
  }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVCodecParserContext* parser) const { av_parser_close(parser); }
};
template <class T>
using AvPtr = std::unique_ptr<T, AvDeleter>;

inline ByteSpan AvBytes(const uint8_t* data, size_t size) {
  return data == nullptr ? ByteSpan{} : std::as_bytes(std::span(data, size));
}

inline std::optional<int64_t> AvTime(int64_t time) {
  if (time == AV_NOPTS_VALUE) return std::nullopt;
  return time;
}

std::string AvErrorText(int av_error);

// What FFmpeg opens as this file and nothing else: without the prefix a name like "concat:a" would
// be a protocol.
inline std::string AvFileUrl(const std::string& path) { return "file:" + path; }

// FFmpeg logs to stderr by default; a library never prints.
void QuietAv();

}  // namespace reel
