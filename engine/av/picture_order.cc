#include "engine/av/picture_order.h"

#include <limits>

#include "engine/base/check.h"
#include "engine/media/nal.h"

namespace reel {

PictureOrderReader::PictureOrderReader(Codec codec) {
  const AVCodecID id = codec == Codec::kH264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC;
  parser_.reset(av_parser_init(id));
  context_.reset(avcodec_alloc_context3(nullptr));
  REEL_CHECK(parser_ != nullptr && context_ != nullptr, "FFmpeg has no parser for this codec");
  context_->codec_id = id;
  parser_->flags |= PARSER_FLAG_COMPLETE_FRAMES;
}

PictureOrder PictureOrderReader::Observe(ByteSpan stored_unit, CleanKind clean,
                                         int64_t frame_duration) {
  constexpr int kUnread = std::numeric_limits<int>::min();
  if (clean == CleanKind::kIdr || clean == CleanKind::kBla) ++last_.period;
  Result<Bytes> annex_b = ToAnnexB(stored_unit);
  REEL_CHECK(annex_b.ok(), "a framed unit splits into its NAL units");
  const auto size = static_cast<int>(annex_b->size());
  annex_b->resize(annex_b->size() + AV_INPUT_BUFFER_PADDING_SIZE);
  parser_->output_picture_number = kUnread;
  uint8_t* out = nullptr;
  int out_size = 0;
  av_parser_parse2(parser_.get(), context_.get(), &out, &out_size,
                   reinterpret_cast<const uint8_t*>(annex_b->data()), size, AV_NOPTS_VALUE,
                   AV_NOPTS_VALUE, 0);
  if (parser_->output_picture_number != kUnread) last_.count = parser_->output_picture_number;
  const bool is_field = parser_->picture_structure == AV_PICTURE_STRUCTURE_TOP_FIELD ||
                        parser_->picture_structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD;
  last_.duration = is_field ? frame_duration / 2 : frame_duration;
  return last_;
}

}  // namespace reel
