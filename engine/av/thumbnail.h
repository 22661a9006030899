// Thumbnails: JPEG of the picture at a moment, and a sheet of pictures spread over a range.
//
// The picture is the last one shown at or before the moment, as it was recorded, decoded by a child
// process (picture_decoder.h). What cannot be shown says why and is never another picture instead.
// Thread rule: from any thread. Ownership: the store outlives the call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/av/picture_decoder.h"
#include "reel/pictures.h"
#include "reel/store.h"

namespace reel {

struct ThumbnailOptions {
  uint32_t width = 0;  // even; 0: the picture's own
  int quality = 85;    // 1..100
  PictureDecoderOptions decoder;
};

struct Thumbnail {
  Bytes jpeg;
  Picture picture;  // what it shows
  uint32_t width = 0;
  uint32_t height = 0;
  bool concealed = false;  // parts of it could not be decoded and are made up
};

// NotFound says why there is nothing; the errors of PictureStepper::Open and PictureDecoder.
Result<Thumbnail> MakeThumbnail(Store& store, StreamId stream, WallTime time,
                                const ThumbnailOptions& options = {});

struct FilmstripOptions {
  size_t count = 12;     // 1..kMaxTiles
  uint32_t width = 320;  // of one picture
  int quality = 85;
  PictureDecoderOptions decoder;
};

inline constexpr size_t kMaxTiles = 144;

struct Tile {
  WallTime asked;
  std::optional<Picture> picture;
  std::string note;  // why there is none, or what is wrong with it; empty: nothing
};

struct Filmstrip {
  Bytes jpeg;  // tiles from left to right, then down; grey where there is no picture
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t columns = 0;
  std::vector<Tile> tiles;
};

// `count` moments evenly spread over the range, from its begin on. Fails where none of them has a
// picture (with the first one's error) and where the options are out of bounds (InvalidArgument).
Result<Filmstrip> MakeFilmstrip(Store& store, StreamId stream, WallRange range,
                                const FilmstripOptions& options = {});

}  // namespace reel
