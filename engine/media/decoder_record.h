// The decoder configuration records of MP4 and MKV (avcC, hvcC), made from what Reel keeps: the
// parameter-set NAL units, each behind a 4-byte length (TrackInfo::config).
//
// Errors: InvalidArgument for what does not parse, FailedPrecondition where a parameter set is
// missing. Thread rule: pure function. Source: ISO/IEC 14496-15 5.3.3.1 (avcC), 8.3.3.1 (hvcC).
#pragma once

#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

// The avcC or hvcC for units behind 4-byte lengths. REQUIRES: codec is kH264 or kH265.
Result<Bytes> BuildDecoderRecord(Codec codec, ByteSpan parameter_sets);

}  // namespace reel
