// reel record: media as a camera would deliver it, live, to many streams at once.
#include "tools/command.h"
#include "tools/import_files.h"
#include "tools/place.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct RecordArgs {
  std::string node;
  std::vector<std::string> sources;
  bool fast = false;
  bool loop = false;
  std::string length;
  bool json = false;
};

Result<std::vector<ImportPlan>> MakePlans(const RecordArgs& args) {
  std::optional<Duration> length;
  if (!args.length.empty()) {
    REEL_ASSIGN_OR_RETURN(length, ParseDuration(args.length));
  }
  std::vector<ImportPlan> plans;
  for (const std::string& source : args.sources) {
    ImportPlan plan = PlanOfFile(source);
    plan.keep_origin = false;
    plan.pace = args.fast ? 0 : 1;
    plan.repeat = args.loop || length.has_value();
    plan.length = length;
    plans.push_back(std::move(plan));
  }
  REEL_RETURN_IF_ERROR(CheckPlans(plans));
  return plans;
}

Status RunRecord(const RecordArgs& args) {
  REEL_ASSIGN_OR_RETURN(std::vector<ImportPlan> plans, MakePlans(args));
  const Interrupt interrupt;
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForWriting(args.node));
  const WallTime now = SystemClock().WallNow();
  for (ImportPlan& plan : plans) plan.start = now;
  return ImportAndReport(*session, interrupt, std::move(plans), {"record", args.json});
}

}  // namespace

void AddRecord(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<RecordArgs>();
  CLI::App& verb = *app.add_subcommand(
      "record", "Record live at real time, as cameras would: many sources at once, until Ctrl-C");
  AddNodeOption(verb, &args->node);
  verb.add_option("sources", args->sources,
                  "Each to the stream named like it or NAME; NAME=- takes standard input")
      ->required()
      ->type_name("[NAME=]FILE");
  verb.add_flag("--fast", args->fast, "As fast as possible, waiting for room instead of shedding");
  verb.add_flag("--loop", args->loop, "Repeat each file, time going on, until stopped");
  verb.add_option("--for", args->length, "Repeat each file until there is this much footage")
      ->type_name("DURATION");
  RefuseServer(
      verb, "reeld records by itself: make it a camera, as in 'reel cameras add gate ffmpeg:FILE'");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"record --node /var/lib/reel --loop gate-east=a.mp4 yard=b.mp4",
                      "two cameras that never end, to try a node out"},
                     {"record --node /var/lib/reel --fast --for 1d gate-east=a.mp4",
                      "a day of footage in as much time as the disk needs"},
                     {"record --node /var/lib/reel --fast gate-east=- < camera.ts",
                      "what another program delivers, as it comes"}});
  OnChosen(verb, args, RunRecord, chosen);
}

}  // namespace reel
