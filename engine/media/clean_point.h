// Says of an access unit whether decoding may start there, from its NAL types, recovery-point SEI
// and slice headers. A container's or packet's key flag is not the test: it misses recovery points
// and marks what is none.
//
// Never fails: bytes that do not parse count as absent, because a unit is recorded whatever it
// holds.
// Bounds: at most the unit's own bytes are read once; nothing is allocated.
// Thread rule: pure functions.
// Sources: ITU-T H.264 7.4.1.2.4, D.2.8; ITU-T H.265 7.4.2.2, D.3.8.
#pragma once

#include <span>

#include "reel/types.h"
#include "reel/unit.h"

namespace reel {

enum class CleanKind : uint8_t { kNone, kIdr, kCra, kBla, kRecoveryPoint };

// An H.265 picture that comes before its IRAP picture in output order. RASL pictures cannot be
// decoded when decoding starts at that IRAP picture, RADL pictures can.
enum class LeadingKind : uint8_t { kNone, kRadl, kRasl };

struct PictureInfo {
  bool has_picture = false;         // holds a slice of the base layer
  bool has_parameter_sets = false;  // holds any SPS, PPS or VPS
  CleanKind clean = CleanKind::kNone;
  // Pictures shown before this one may follow it in decoding order; those that need pictures from
  // before it do not decode when starting here, unless they are known to be RADL.
  bool leading_pictures_possible = false;
  // Pictures are whole only from `recovery_count` further on.
  bool intra_refresh = false;
  // H.264 recovery_frame_cnt (0..65535) or H.265 recovery_poc_cnt (0..32768) of a recovery point.
  uint32_t recovery_count = 0;
  bool exact_match =
      false;  // of a recovery point: what is whole is exactly as if decoded from start
  LeadingKind leading = LeadingKind::kNone;

  bool operator==(const PictureInfo&) const = default;
};

// `nals` are the NAL units of one access unit, in order, none empty. The first picture counts where
// a unit holds two (the fields of an interlaced MP4 sample).
//
// A recovery point with recovery count 0 is clean in H.264 only if the picture's slices are all I
// (or SI): encoders are known that put one before every picture. In H.265 the slice type cannot be
// read without the PPS and the SEI is believed; one that points backwards is not a clean point.
// REQUIRES: codec is kH264 or kH265.
PictureInfo ClassifyPicture(Codec codec, std::span<const ByteSpan> nals);

// The UnitFlag bits that follow from `info`.
uint8_t UnitFlagsOf(const PictureInfo& info);

}  // namespace reel
