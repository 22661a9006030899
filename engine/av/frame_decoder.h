// Decodes one picture with libavcodec, in this process: only for one that is confined (sandbox.h),
// because the bytes come from a camera.
//
// Thread rule: pure function; no thread is started.
#pragma once

#include "engine/av/picture_job.h"

namespace reel {

// The wanted picture, or the nearest one before it that could be decoded. FailedPrecondition: none
// could be decoded. Bounds: libavcodec's own, pictures of at most kMaxDecodedPixels.
Result<PictureAnswer> DecodeFrame(const PictureJob& job);

inline constexpr int64_t kMaxDecodedPixels = 36'000'000;  // level 6.2: 8192 x 4352

}  // namespace reel
