// What a video track's parameter sets say about it, in the words players and MP4 boxes use.
//
// Thread rule: pure function.
// Sources: RFC 6381 section 3.3 (avc1); ISO/IEC 14496-15 annex E (hvc1).
#pragma once

#include <optional>
#include <string>

#include "engine/media/parameter_sets.h"
#include "reel/unit.h"

namespace reel {

struct VideoFormat {
  uint32_t width = 0;  // after cropping
  uint32_t height = 0;
  uint32_t chroma_format_idc = 1;  // 0: grey, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4
  uint32_t bit_depth = 8;          // luma
  std::string codec_string;        // "avc1.64001F", "hvc1.1.6.L93.B0"
  // Nominal frame duration where stated; real cameras vary, so never a basis for finding gaps.
  std::optional<VideoTiming> frame_duration;
  std::optional<uint32_t> max_reorder_pictures;  // absent: not stated

  bool operator==(const VideoFormat&) const = default;
};

// `config` as TrackInfo holds it: parameter-set NAL units behind 4-byte lengths. The first SPS
// counts. InvalidArgument if it is malformed, FailedPrecondition if there is none.
// REQUIRES: codec is kH264 or kH265.
Result<VideoFormat> DescribeVideo(Codec codec, ByteSpan config);

std::string CodecString(const H264Sps& sps);
std::string CodecString(const H265Sps& sps);

}  // namespace reel
