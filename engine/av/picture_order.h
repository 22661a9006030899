// Reads the picture order count of each unit of a raw stream, which says when the picture is shown:
// the one thing about time that such a stream holds. libavcodec's header parser does it; pixels are
// never decoded.
//
// Thread rule: one thread at a time. Sources: ITU-T H.264 8.2.1; ITU-T H.265 8.3.1.
#pragma once

#include <optional>

#include "engine/av/av_handle.h"
#include "engine/av/unit_framer.h"
#include "engine/media/clean_point.h"
#include "reel/unit.h"

namespace reel {

class PictureOrderReader {
 public:
  // REQUIRES: codec is kH264 or kH265.
  explicit PictureOrderReader(Codec codec);

  // Takes the next unit in decode order. A unit whose count cannot be read comes after the one
  // before. `frame_duration` is what a whole frame lasts.
  PictureOrder Observe(ByteSpan stored_unit, CleanKind clean, int64_t frame_duration);

 private:
  AvPtr<AVCodecParserContext> parser_;
  AvPtr<AVCodecContext> context_;
  PictureOrder last_;
};

}  // namespace reel
