// reel imports: where footage came from that was handed in.
#include <map>

#include "engine/base/digest.h"
#include "tools/command.h"
#include "tools/local_time.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct ImportsArgs {
  Place place;
  std::string stream;
  bool json = false;
};

Json ImportJson(const std::string& stream, const ImportRow& import) {
  Json json{{"stream", stream},
            {"id", ToString(import.stream)},
            {"run", ToString(import.run)},
            {"begin", FormatWall(import.begin, 9)}};
  if (import.end != kWallMin) json["end"] = FormatWall(import.end, 9);
  json["broken_off"] = import.end == kWallMin;
  json["imported"] = FormatWall(import.imported, 9);
  json["owner"] = import.owner;
  json["source"] = import.source;
  json["source_bytes"] = import.source_bytes;
  json["source_sha256"] = HexOf(import.source_sha256);
  json["clock_offset_ns"] = import.clock_offset.count();
  return json;
}

void PrintImport(const std::string& stream, const ImportRow& import) {
  const bool whole = import.end != kWallMin;
  PrintLine(stream + "  " + LocalText(import.begin) + " .. " +
            (whole ? LocalText(import.end) : "(broken off)"));
  PrintLine("    source   " + import.source + "  " + FormatSize(import.source_bytes));
  PrintLine("    sha256   " + HexOf(import.source_sha256));
  if (!import.owner.empty()) PrintLine("    owner    " + import.owner);
  if (import.clock_offset != Duration{0}) {
    PrintLine("    clock    " + FormatDuration(std::chrono::abs(import.clock_offset)) +
              (import.clock_offset > Duration{0} ? " ahead" : " behind") + ", corrected");
  }
  PrintLine("    imported " + LocalText(import.imported));
}

Status RunImports(const ImportsArgs& args) {
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  Store& store = session->store();
  std::map<StreamId, std::string> names;
  for (const StreamInfo& stream : store.Streams()) names[stream.id] = stream.name;
  if (!args.stream.empty()) {
    REEL_ASSIGN_OR_RETURN(const StreamInfo only, store.FindStream(args.stream));
    names = {{only.id, only.name}};
  }
  Json list = Json::array();
  for (const ImportRow& import : store.Imports()) {
    const auto name = names.find(import.stream);
    if (name == names.end()) continue;
    if (args.json) list.push_back(ImportJson(name->second, import));
    if (!args.json) PrintImport(name->second, import);
  }
  if (args.json) PrintJson(list);
  return OkStatus();
}

}  // namespace

void AddImports(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<ImportsArgs>();
  CLI::App& verb = *app.add_subcommand(
      "imports", "List where imported footage came from: file, SHA-256, owner, clock offset");
  AddPlaceOptions(verb, &args->place);
  verb.add_option("stream", args->stream, "Name or UUID; all if none is given")
      ->type_name("STREAM");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"imports --node /var/lib/reel till",
                      "where the imported footage of stream till came from"}});
  OnChosen(verb, args, RunImports, chosen);
}

}  // namespace reel
