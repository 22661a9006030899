// Renames a video track's sample entry in a finished MP4 file (avc1 -> avc3, hvc1 -> hev1). Which
// of the two is right is known only after the last unit, while the muxer wants it before the first.
//
// Thread rule: none; nobody else may have the file. Errors: InvalidArgument if the file has no such
// entry. Source: ISO/IEC 14496-12 4.2, 8.5.2; ISO/IEC 14496-15 5.4.2.1, 8.4.1.1.
#pragma once

#include <string>
#include <string_view>

#include "reel/status.h"

namespace reel {

// `track` counts the moov's tracks from 0. `from` and `to` have four characters.
Status RenameMp4SampleEntry(const std::string& path, size_t track, std::string_view from,
                            std::string_view to);

}  // namespace reel
