// The sample table of a track of an MP4 file without fragments: stsd, stts, ctts, stss, stsc, stsz,
// stco or co64.
//
// Thread rule: pure function. Cost: a few passes over the samples.
// Source: ISO/IEC 14496-12 8.5 to 8.7.
#pragma once

#include "engine/media/mp4_header.h"

namespace reel {

// Without `data` the tables are empty: fragments follow.
void PutMp4SampleTable(const Mp4Movie& movie, size_t track, const Mp4DataPlace* data,
                       BoxWriter* out);

}  // namespace reel
