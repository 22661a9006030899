#include "tools/command.h"

#include "tools/exit_codes.h"

namespace reel {
namespace {

constexpr char kTimesHelp[] =
    "Times: 2026-11-22T21:16:00Z, '2026-11-22 14:00', 14:00, 'today 09:30', 'yesterday 14:00', "
    "now,\n"
    "-2h, now-90s. Those without an offset are of your time zone (TZ), as is what is printed; "
    "JSON\n"
    "is in UTC. Sizes: 4096, 512M, 10G (powers of 1024).\n";

}  // namespace

std::unique_ptr<CLI::App> MakeApp(Action* chosen) {
  auto app = std::make_unique<CLI::App>(
      "Records, finds, hands out and checks surveillance footage.", "reel");
  app->require_subcommand(1);
  app->set_version_flag("--version", std::string("reel ") + REEL_VERSION);
  app->footer(std::string(kTimesHelp) + kExitCodeHelp);
  AddInit(*app, chosen);
  AddAdopt(*app, chosen);
  AddVolumes(*app, chosen);
  AddStreams(*app, chosen);
  AddRecord(*app, chosen);
  AddImport(*app, chosen);
  AddImports(*app, chosen);
  AddTimeline(*app, chosen);
  AddSeek(*app, chosen);
  AddThumbnail(*app, chosen);
  AddFilmstrip(*app, chosen);
  AddExport(*app, chosen);
  AddVerify(*app, chosen);
  AddScrub(*app, chosen);
  AddReindex(*app, chosen);
  AddInspect(*app, chosen);
  AddCameras(*app, chosen);
  AddWatch(*app, chosen);
  AddAudit(*app, chosen);
  AddStats(*app, chosen);
  AddPlan(*app, chosen);
  AddCompletion(*app, chosen);
  AddMan(*app, chosen);
  return app;
}

void AddNodeOption(CLI::App& verb, std::string* node) {
  verb.add_option("--node", *node, "State directory of the node (or REEL_NODE)")
      ->envname("REEL_NODE")
      ->required()
      ->type_name("DIR");
}

void AddJsonFlag(CLI::App& verb, bool* json) {
  verb.add_flag("--json", *json, "Print JSON, for programs");
}

void SetExamples(CLI::App& verb, std::initializer_list<Example> examples) {
  std::string text = "Examples:";
  for (const Example& example : examples) {
    text += std::string("\n  reel ") + example.command + "\n      " + example.what;
  }
  verb.footer(text);
}

}  // namespace reel
