// Image: a picture without a codec: planes of 8-bit YUV 4:2:0 in full range (as JPEG has them), and
// JPEG made of it.
//
// Thread rule: plain values and pure functions. The bytes are this program's own, never a camera's:
// they have been decoded elsewhere (picture_decoder.h), and their sizes checked.
#pragma once

#include "reel/status.h"
#include "reel/types.h"

namespace reel {

inline constexpr uint32_t kMaxImageSide = 8192;

struct Image {
  uint32_t width = 0;  // even, 2..kMaxImageSide
  uint32_t height = 0;
  Bytes planes;  // Y, then U and V of half the width and height, rows without padding

  static size_t SizeBytes(uint32_t width, uint32_t height) {
    return size_t{width} * height * 3 / 2;
  }
  static bool IsSize(uint32_t width, uint32_t height) {
    const auto fits = [](uint32_t side) {
      return side >= 2 && side <= kMaxImageSide && side % 2 == 0;
    };
    return fits(width) && fits(height);
  }
};

// All of one luma (0 black, 255 white). REQUIRES: Image::IsSize(width, height).
Image GreyImage(uint32_t width, uint32_t height, uint8_t luma);

// Puts `tile` into `sheet` with its left upper corner there. REQUIRES: it fits, at even positions.
void PutTile(const Image& tile, uint32_t left, uint32_t top, Image* sheet);

// A whole JPEG file. `quality` 1 (coarse) to 100 (fine). REQUIRES: a size that IsSize.
Result<Bytes> EncodeJpeg(const Image& image, int quality);

}  // namespace reel
