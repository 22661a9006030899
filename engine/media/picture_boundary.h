// Finds where one access unit ends and the next begins, NAL unit by NAL unit, in a stream that does
// not say so itself (Annex B files; RTP with lost or wrong marker bits).
//
// A unit ends before the first parameter set, SEI or delimiter that follows a picture, or before a
// slice of another picture. So each unit holds one picture, and whatever came before the first
// picture goes with it. The two fields of interlaced H.264 are pictures, hence units, of their own.
// Arbitrary slice order (H.264 baseline profile; no camera is known to use it) is not followed: a
// slice that begins at macroblock 0 begins a picture, unless it is a redundant one.
//
// Bounds: parameter sets seen are kept by id, a fixed table.
// Thread rule: one thread at a time.
// Sources: ITU-T H.264 7.4.1.2.3, 7.4.1.2.4; ITU-T H.265 7.4.2.4.4.
#pragma once

#include <array>
#include <optional>

#include "engine/media/parameter_sets.h"
#include "engine/media/slice_header.h"
#include "reel/unit.h"

namespace reel {

enum class Boundary : uint8_t {
  kContinues,  // belongs to the unit begun
  kBegins,     // first of a new unit
  kWithNext,   // belongs to whichever unit the next NAL unit belongs to
};

class PictureBoundary {
 public:
  // REQUIRES: codec is kH264 or kH265.
  explicit PictureBoundary(Codec codec);

  // Takes the next NAL unit of the stream. The first of all continues: there is no unit to end. A
  // NAL unit of which only the beginning is at hand may be given as that.
  // REQUIRES: `nal` is not empty.
  Boundary Observe(ByteSpan nal);

 private:
  Boundary ObserveH264(ByteSpan nal);
  Boundary ObserveH264Slice(ByteSpan nal);
  Boundary ObserveH265(ByteSpan nal);
  Boundary BeginIfPicture();

  Codec codec_;
  bool has_picture_ = false;  // the unit begun has a slice
  // H.264 only.
  std::optional<H264PictureKey> last_picture_;  // nullopt: its header could not be read in full
  std::array<std::optional<H264Sps>, kH264SpsIds> sps_;
  std::array<std::optional<H264Pps>, kH264PpsIds> pps_;
};

}  // namespace reel
