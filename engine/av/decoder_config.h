// Decoder configurations of MP4 and MKV (avcC, hvcC) as what Reel keeps: the parameter-set NAL
// units, each behind a 4-byte length (TrackInfo::config). The other way: media/decoder_record.h.
//
// Errors: InvalidArgument for what does not parse. Thread rule: pure functions. Source: ISO/IEC
// 14496-15 5.3.3.1 (avcC), 8.3.3.1 (hvcC).
#pragma once

#include "engine/media/nal.h"
#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

struct DecoderConfig {
  NalFraming framing = NalFraming::kAnnexB;  // of the track's units
  Bytes parameter_sets;
};

// `raw` may also be Annex B parameter sets or nothing, as some writers leave it; then the units are
// Annex B as well. REQUIRES: codec is kH264 or kH265.
Result<DecoderConfig> ParseDecoderConfig(Codec codec, ByteSpan raw);

}  // namespace reel
