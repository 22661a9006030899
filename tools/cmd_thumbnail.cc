// reel thumbnail, reel filmstrip: pictures as JPEG.
#include "engine/av/thumbnail.h"
#include "tools/command.h"
#include "tools/local_time.h"
#include "tools/node_session.h"
#include "tools/output_file.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct ThumbnailArgs {
  Place place;
  std::string stream;
  std::string at;
  std::string out;
  uint32_t width = 0;
  bool force = false;
  bool json = false;
};

struct FilmstripArgs {
  Place place;
  std::string stream;
  std::string from;
  std::string to;
  std::string out;
  uint32_t width = 320;
  size_t count = 12;
  bool force = false;
  bool json = false;
};

constexpr const char* kConcealed = "parts of the picture could not be decoded and are made up";

Status WriteFile(const std::string& path, bool force, ByteSpan bytes) {
  REEL_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(path, force));
  REEL_RETURN_IF_ERROR(file.Write(bytes));
  return file.Commit();
}

std::string SizeText(uint32_t width, uint32_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

Status RunThumbnail(const ThumbnailArgs& args) {
  REEL_ASSIGN_OR_RETURN(const WallTime asked, ParseTime(args.at, SystemClock().WallNow()));
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, session->store().FindStream(args.stream));
  ThumbnailOptions options;
  options.width = args.width;
  Result<Thumbnail> made = MakeThumbnail(session->store(), stream.id, asked, options);
  if (!made.ok()) return made.status().WithContext(stream.name);
  REEL_RETURN_IF_ERROR(WriteFile(args.out, args.force, made->jpeg));
  if (args.json) {
    PrintJson({{"stream", stream.name},
               {"asked", FormatWall(asked, 9)},
               {"shown", FormatWall(made->picture.shown, 9)},
               {"run", ToString(made->picture.run)},
               {"unit", made->picture.unit.value},
               {"width", made->width},
               {"height", made->height},
               {"bytes", made->jpeg.size()},
               {"concealed", made->concealed},
               {"file", args.out}});
    return OkStatus();
  }
  PrintLine(args.out + "  " + SizeText(made->width, made->height) + "  " +
            FormatSize(made->jpeg.size()) + "  shows " + stream.name + " of " +
            LocalText(made->picture.shown));
  if (made->concealed) PrintMessage(std::string("note: ") + kConcealed);
  return OkStatus();
}

Json TileJson(const Tile& tile) {
  Json json{{"asked", FormatWall(tile.asked, 9)}};
  if (tile.picture) json["shown"] = FormatWall(tile.picture->shown, 9);
  if (!tile.note.empty()) json["note"] = tile.note;
  return json;
}

Status RunFilmstrip(const FilmstripArgs& args) {
  REEL_ASSIGN_OR_RETURN(const WallRange range,
                        ParseRange(args.from, args.to, SystemClock().WallNow()));
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, session->store().FindStream(args.stream));
  FilmstripOptions options;
  options.count = args.count;
  options.width = args.width;
  Result<Filmstrip> made = MakeFilmstrip(session->store(), stream.id, range, options);
  if (!made.ok()) return made.status().WithContext(stream.name);
  REEL_RETURN_IF_ERROR(WriteFile(args.out, args.force, made->jpeg));
  if (args.json) {
    Json json{{"stream", stream.name},  {"range", RangeJson(range)}, {"width", made->width},
              {"height", made->height}, {"columns", made->columns},  {"bytes", made->jpeg.size()},
              {"tiles", Json::array()}, {"file", args.out}};
    for (const Tile& tile : made->tiles) json["tiles"].push_back(TileJson(tile));
    PrintJson(json);
    return OkStatus();
  }
  PrintLine(args.out + "  " + SizeText(made->width, made->height) + "  " +
            FormatSize(made->jpeg.size()) + "  " + Count(made->tiles.size(), "picture") + " of " +
            stream.name + ", " + std::to_string(made->columns) + " in a row");
  for (const Tile& tile : made->tiles) {
    std::string line = "    " + LocalText(tile.asked);
    if (!tile.note.empty()) line += "  " + OneLine(tile.note);
    PrintLine(line);
  }
  return OkStatus();
}

}  // namespace

void AddThumbnail(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<ThumbnailArgs>();
  CLI::App& verb = *app.add_subcommand("thumbnail", "Write the picture at a time as JPEG");
  AddPlaceOptions(verb, &args->place);
  AddPurposeOptions(verb, &args->place);
  verb.add_option("stream", args->stream, "Name or UUID")->required()->type_name("STREAM");
  verb.add_option("--at", args->at, "The picture seen then")->required()->type_name("TIME");
  verb.add_option("-o,--out", args->out, "Where to write it")->required()->type_name("FILE");
  verb.add_option("--width", args->width, "In pixels, even (default: as recorded)");
  verb.add_flag("--force", args->force, "Replace FILE if it exists");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"thumbnail --node /var/lib/reel gate-east --at 'today 09:30' -o gate.jpg",
                      "the picture of that moment"}});
  OnChosen(verb, args, RunThumbnail, chosen);
}

void AddFilmstrip(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<FilmstripArgs>();
  CLI::App& verb =
      *app.add_subcommand("filmstrip", "Write pictures spread over a range as one JPEG");
  AddPlaceOptions(verb, &args->place);
  AddPurposeOptions(verb, &args->place);
  verb.add_option("stream", args->stream, "Name or UUID")->required()->type_name("STREAM");
  verb.add_option("--from", args->from, "Begin of the range")->required()->type_name("TIME");
  verb.add_option("--to", args->to, "End of the range")->required()->type_name("TIME");
  verb.add_option("--count", args->count, "How many pictures (default: 12)");
  verb.add_option("-o,--out", args->out, "Where to write it")->required()->type_name("FILE");
  verb.add_option("--width", args->width, "Of one picture, in pixels, even (default: 320)");
  verb.add_flag("--force", args->force, "Replace FILE if it exists");
  AddJsonFlag(verb, &args->json);
  SetExamples(
      verb, {{"filmstrip --node /var/lib/reel gate-east --from -2h --to now --count 24 -o gate.jpg",
              "24 pictures of the last two hours"}});
  OnChosen(verb, args, RunFilmstrip, chosen);
}

}  // namespace reel
