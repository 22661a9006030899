// reel import: media files to streams, all at once.
#include "engine/format/ledger_record.h"
#include "tools/command.h"
#include "tools/import_files.h"
#include "tools/place.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct ImportArgs {
  std::string node;
  std::vector<std::string> files;
  std::string stream;
  std::string start = "now";
  double pace = 0;
  bool loop = false;
  std::string length;
  std::string owner;
  std::string clock_offset;
  bool json = false;
};

// All but the start.
Result<std::vector<ImportPlan>> MakePlans(const ImportArgs& args) {
  if (!args.stream.empty() && args.files.size() != 1) {
    return InvalidArgument("--stream names the stream of one file, " +
                           std::to_string(args.files.size()) + " are given: use NAME=FILE");
  }
  if (args.pace < 0) return InvalidArgument("--pace must be above 0: 1 is real time");
  std::optional<Duration> length;
  if (!args.length.empty()) {
    REEL_ASSIGN_OR_RETURN(length, ParseDuration(args.length));
  }
  Duration clock_offset{0};
  if (!args.clock_offset.empty()) {
    REEL_ASSIGN_OR_RETURN(clock_offset, ParseOffset(args.clock_offset));
  }
  REEL_RETURN_IF_ERROR(format::CheckNote("--owner", args.owner));
  std::vector<ImportPlan> plans;
  for (const std::string& file : args.files) {
    ImportPlan plan = PlanOfFile(file);
    if (!args.stream.empty()) plan.stream = args.stream;
    plan.pace = args.pace;
    plan.repeat = args.loop || length.has_value();
    plan.length = length;
    plan.owner = args.owner;
    plan.clock_offset = clock_offset;
    plans.push_back(std::move(plan));
  }
  REEL_RETURN_IF_ERROR(CheckPlans(plans));
  return plans;
}

Status RunImport(const ImportArgs& args) {
  REEL_ASSIGN_OR_RETURN(std::vector<ImportPlan> plans, MakePlans(args));
  REEL_RETURN_IF_ERROR(ParseTime(args.start, WallTime{}).status());
  const Interrupt interrupt;
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForWriting(args.node));
  // "now" is when recording can begin: what lies before the opening is the recorder's down time.
  REEL_ASSIGN_OR_RETURN(const WallTime start, ParseTime(args.start, SystemClock().WallNow()));
  for (ImportPlan& plan : plans) plan.start = start;
  return ImportAndReport(*session, interrupt, plans, {"import", args.json});
}

}  // namespace

void AddImport(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<ImportArgs>();
  CLI::App& verb =
      *app.add_subcommand("import", "Record media files (MP4, MKV, MPEG-TS, raw H.264/H.265)");
  AddNodeOption(verb, &args->node);
  verb.add_option("files", args->files, "Files, each to the stream named like it or NAME")
      ->required()
      ->type_name("[NAME=]FILE");
  verb.add_option("--stream", args->stream, "Name of the stream, for one file")->type_name("NAME");
  verb.add_option("--start", args->start, "Time of the first picture (default: now)")
      ->type_name("TIME");
  verb.add_flag("--pace{1}", args->pace, "Record live at X times real time (bare: 1), not in bulk");
  verb.add_flag("--loop", args->loop, "Repeat each file, time going on, until stopped");
  verb.add_option("--for", args->length, "Repeat each file until there is this much footage")
      ->type_name("DURATION");
  verb.add_option("--owner", args->owner, "Who handed the files in; kept with their SHA-256")
      ->type_name("TEXT");
  verb.add_option(
          "--clock-offset", args->clock_offset,
          "How far the source's clock was ahead (2.5s; behind: --clock-offset=-2.5s); times "
          "are corrected by it")
      ->type_name("DURATION");
  RefuseServer(
      verb,
      "files are taken in by the node itself: copy them there and give --node, with reeld stopped");
  AddJsonFlag(verb, &args->json);
  SetExamples(
      verb,
      {{"import --node /var/lib/reel gate-east=video.mp4",
        "as fast as possible, the first picture taken to be of now"},
       {"import --node /var/lib/reel --start '2026-11-22 14:00' --owner 'shop, 5 Main St' till.mkv",
        "to stream till, with who handed it in"}});
  OnChosen(verb, args, RunImport, chosen);
}

}  // namespace reel
