#include "engine/av/thumbnail.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reel {
namespace {

struct Decoded {
  Picture picture;
  Image image;
  bool concealed = false;
};

Result<Decoded> DecodeAt(Store& store, StreamId stream, WallTime time, uint32_t width,
                         const PictureDecoderOptions& options) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<PictureStepper> stepper,
                        PictureStepper::Open(store, stream, time));
  REEL_ASSIGN_OR_RETURN(const PictureSource source, stepper->Source());
  PictureJob job;
  job.codec = source.track.codec;
  job.parameter_sets = source.track.config;
  job.width = width;
  for (const PictureSource::Coded& coded : source.units) {
    job.units.push_back({coded.rank, coded.bytes});
  }
  Result<PictureAnswer> answer = PictureDecoder(options).Decode(job);
  if (!answer.ok()) return answer.status();
  const auto shown = std::find_if(source.units.begin(), source.units.end(),
                                  [&](const auto& coded) { return coded.rank == answer->rank; });
  if (shown == source.units.end()) return Internal("the decoder answered with no picture of these");
  return Decoded{shown->picture, std::move(answer->image), answer->concealed};
}

Status CheckWidth(uint32_t width) {
  if (width == 0 || Image::IsSize(width, 2)) return OkStatus();
  return InvalidArgument("a width is an even number from 2 to " + std::to_string(kMaxImageSide) +
                         ", this is " + std::to_string(width));
}

Status CheckQuality(int quality) {
  if (quality >= 1 && quality <= 100) return OkStatus();
  return InvalidArgument("a quality is from 1 to 100, this is " + std::to_string(quality));
}

std::string NoteOf(WallTime asked, const Result<Decoded>& decoded) {
  if (!decoded.ok()) return decoded.status().message();
  const Duration behind = asked - decoded->picture.shown;
  std::string note;
  if (decoded->concealed) note = "parts of it could not be decoded";
  if (behind > std::chrono::seconds(1)) {
    note += (note.empty() ? "" : "; ") + std::string("the last picture before, of ") +
            FormatWall(decoded->picture.shown);
  }
  return note;
}

// All tiles have the size of the first picture there is; one of another size stands in a corner,
// or is left out where it is larger.
Filmstrip Compose(std::vector<Result<Decoded>> pictures, std::vector<Tile> tiles, Image* sheet) {
  Filmstrip strip;
  const auto first = std::find_if(pictures.begin(), pictures.end(),
                                  [](const Result<Decoded>& decoded) { return decoded.ok(); });
  const uint32_t width = (*first)->image.width;
  const uint32_t height = (*first)->image.height;
  const auto fit = [](uint32_t side) { return std::max<size_t>(kMaxImageSide / side, 1); };
  const auto wanted = static_cast<size_t>(std::ceil(std::sqrt(pictures.size())));
  const size_t columns = std::min(wanted, fit(width));
  const size_t rows = (pictures.size() + columns - 1) / columns;
  constexpr uint8_t kNothing = 64;
  *sheet = GreyImage(static_cast<uint32_t>(columns) * width,
                     static_cast<uint32_t>(std::min(rows, fit(height))) * height, kNothing);
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (!pictures[i].ok()) continue;
    const Image& image = pictures[i]->image;
    const uint32_t left = static_cast<uint32_t>(i % columns) * width;
    const uint32_t top = static_cast<uint32_t>(i / columns) * height;
    const bool fits =
        image.width <= width && image.height <= height && top + image.height <= sheet->height;
    if (fits) PutTile(image, left, top, sheet);
    if (!fits) tiles[i].note = "its picture does not fit the sheet";
  }
  strip.columns = static_cast<uint32_t>(columns);
  strip.tiles = std::move(tiles);
  return strip;
}

}  // namespace

Result<Thumbnail> MakeThumbnail(Store& store, StreamId stream, WallTime time,
                                const ThumbnailOptions& options) {
  REEL_RETURN_IF_ERROR(CheckWidth(options.width));
  REEL_RETURN_IF_ERROR(CheckQuality(options.quality));
  REEL_ASSIGN_OR_RETURN(const Decoded decoded,
                        DecodeAt(store, stream, time, options.width, options.decoder));
  Thumbnail thumbnail;
  REEL_ASSIGN_OR_RETURN(thumbnail.jpeg, EncodeJpeg(decoded.image, options.quality));
  thumbnail.picture = decoded.picture;
  thumbnail.width = decoded.image.width;
  thumbnail.height = decoded.image.height;
  thumbnail.concealed = decoded.concealed;
  return thumbnail;
}

Result<Filmstrip> MakeFilmstrip(Store& store, StreamId stream, WallRange range,
                                const FilmstripOptions& options) {
  if (options.count < 1 || options.count > kMaxTiles) {
    return InvalidArgument("a filmstrip has 1 to " + std::to_string(kMaxTiles) + " pictures, not " +
                           std::to_string(options.count));
  }
  if (range.empty()) return InvalidArgument("a filmstrip of an empty range");
  if (options.width == 0) return InvalidArgument("the pictures of a filmstrip need a width");
  REEL_RETURN_IF_ERROR(CheckWidth(options.width));
  REEL_RETURN_IF_ERROR(CheckQuality(options.quality));
  const auto count = static_cast<int64_t>(options.count);
  const Duration step = (range.end - range.begin) / count;
  std::vector<Result<Decoded>> pictures;
  std::vector<Tile> tiles;
  for (int64_t i = 0; i < count; ++i) {
    Tile tile;
    tile.asked = range.begin + step * i;
    pictures.push_back(DecodeAt(store, stream, tile.asked, options.width, options.decoder));
    if (pictures.back().ok()) tile.picture = pictures.back()->picture;
    tile.note = NoteOf(tile.asked, pictures.back());
    tiles.push_back(std::move(tile));
  }
  const bool any = std::any_of(tiles.begin(), tiles.end(),
                               [](const Tile& tile) { return tile.picture.has_value(); });
  if (!any) return pictures.front().status();
  Image sheet;
  Filmstrip strip = Compose(std::move(pictures), std::move(tiles), &sheet);
  REEL_ASSIGN_OR_RETURN(strip.jpeg, EncodeJpeg(sheet, options.quality));
  strip.width = sheet.width;
  strip.height = sheet.height;
  return strip;
}

}  // namespace reel
