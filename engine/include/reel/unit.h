// Tracks and access units: what a producer hands in and a reader gets back, byte for byte.
//
// A stream delivers tracks (video, audio, data) together. An access unit (AU) of a video track is
// one coded picture with all its NAL units, each behind a 4-byte big-endian length, in the order
// and with the bytes received, SEI and parameter sets included. An AU of another track is one frame
// or packet.
#pragma once

#include <string>
#include <vector>

#include "reel/time.h"
#include "reel/types.h"

namespace reel {

enum class TrackKind : uint8_t { kVideo = 1, kAudio = 2, kData = 3 };

enum class Codec : uint16_t {
  kH264 = 1,
  kH265 = 2,
  kAac = 16,
  kPcmALaw = 17,
  kPcmMuLaw = 18,
  kOpus = 19,
  kOnvifMetadata = 32,
  kOpaque = 33,
};

struct TrackInfo {
  TrackId id;  // unique within its run
  TrackKind kind = TrackKind::kVideo;
  Codec codec = Codec::kH264;
  uint32_t timescale = 90'000;  // units of pts and dts per second, never 0
  uint32_t width = 0;           // video: pixels after cropping, 0 if unknown
  uint32_t height = 0;
  uint32_t sample_rate_hz = 0;  // audio
  uint32_t channels = 0;
  // Video: the parameter-set NAL units in force, each behind a 4-byte big-endian length (may be
  // empty). AAC: the AudioSpecificConfig (ISO/IEC 14496-3). Opus: the ID header. Others: empty.
  Bytes config;

  bool operator==(const TrackInfo&) const = default;
};

enum UnitFlag : uint8_t {
  kUnitClean = 1,         // decoding may start here: IDR, CRA, BLA or recovery point
  kUnitOpenGop = 2,       // clean, but leading pictures after it need earlier ones
  kUnitIntraRefresh = 4,  // clean only after recovery_frame_cnt > 0 pictures have been decoded
  kUnitNoPicture = 8,     // carries no coded picture (SEI or end of stream alone)
  kUnitLossBefore = 16,   // the source lost something just before this unit
};

inline constexpr uint32_t kMaxUnitBytes = 8U << 20;
inline constexpr size_t kMaxTracks = 16;
inline constexpr size_t kMaxTrackConfigBytes = 16U << 10;

// A view of one unit; `bytes` belongs to whoever made the view.
struct UnitView {
  TrackId track;
  uint8_t flags = 0;  // UnitFlag
  int64_t pts = 0;    // in the track's timescale
  int64_t dts = 0;
  WallTime wall;   // when it was captured, as well as the producer knows
  ByteSpan bytes;  // 1..kMaxUnitBytes
};

struct Unit {
  UnitNumber number;  // in its run, all tracks counted together
  TrackId track;
  uint8_t flags = 0;
  int64_t pts = 0;
  int64_t dts = 0;
  WallTime wall;
  Bytes bytes;
};

}  // namespace reel
