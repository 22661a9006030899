// reel cameras, reel watch: what a reeld records from, once or again and again.
#include "server/client/camera_list.h"
#include "tools/camera_rows.h"
#include "tools/cameras_args.h"
#include "tools/interrupt.h"
#include "tools/terminal.h"

namespace reel {
namespace {

using server::CameraList;

constexpr Duration kWatchEvery = std::chrono::seconds(1);
constexpr size_t kAnyNumber = 1U << 30;

Result<SourceTable> Wanted(CameraList& list, const CamerasArgs& args) {
  SourceTable table;
  table.only_troubled = args.troubled;
  REEL_ASSIGN_OR_RETURN(table.sources, list.Now());
  // Who may not see the disks sees the rest.
  Result<std::vector<VolumeInfo>> volumes = list.Volumes();
  if (volumes.ok()) table.volumes = *std::move(volumes);
  return table;
}

void Print(const SourceTable& table, bool json) {
  if (json) return PrintJson(TableJson(table));
  const size_t columns = StdoutIsTerminal() ? TerminalColumns() : kAnyNumber;
  for (const std::string& line : TableLines(table, SystemClock().WallNow(), columns, kAnyNumber)) {
    PrintLine(line);
  }
}

// In place of what stood there before, without a moment of nothing.
void PrintScreen(const SourceTable& table) {
  std::string screen = kCursorHome;
  for (const std::string& line :
       TableLines(table, SystemClock().WallNow(), TerminalColumns(), TerminalRows() - 1)) {
    screen += line + kClearToEndOfLine + "\n";
  }
  PrintText(screen + kClearBelow);
}

Status RunList(const CamerasArgs& args) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<CameraList> list, OpenCameraList(args));
  REEL_ASSIGN_OR_RETURN(const SourceTable table, Wanted(*list, args));
  Print(table, args.json);
  return OkStatus();
}

// A table that keeps up is for eyes, lines of JSON for programs; a pipe gets it once.
Status RunWatch(const CamerasArgs& args) {
  const Interrupt interrupt;
  const bool screen = StdoutIsTerminal() && !args.json && !args.once;
  const bool once = args.once || (!args.json && !screen);
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<CameraList> list, OpenCameraList(args));
  if (screen) PrintText(kClearScreen);
  do {
    REEL_ASSIGN_OR_RETURN(const SourceTable table, Wanted(*list, args));
    if (screen) {
      PrintScreen(table);
    } else {
      Print(table, args.json);
    }
    REEL_RETURN_IF_ERROR(FlushOutput());
  } while (!once && !interrupt.WaitFor(kWatchEvery));
  return OkStatus();
}

void AddTableOptions(CLI::App& verb, CamerasArgs* args) {
  AddServerOptions(verb, &args->at);
  verb.add_flag("--troubled", args->troubled, "Only those with something wrong");
  AddJsonFlag(verb, &args->json);
}

}  // namespace

Result<std::unique_ptr<CameraList>> OpenCameraList(const CamerasArgs& args) {
  if (!args.at.is_remote())
    return InvalidArgument("cameras belong to a reeld: give --server, or REEL_SERVER");
  return CameraList::Open(args.at.server);
}

void AddCameras(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<CamerasArgs>();
  CLI::App& cameras =
      *app.add_subcommand("cameras", "List, add, import, probe and test the cameras of a reeld");
  SetExamples(cameras,
              {{"cameras --server unix:/run/reeld/reeld.sock", "every source, one a line"},
               {"cameras probe rtsp://192.0.2.7/main --user reel", "what it has to offer"}});
  AddTableOptions(cameras, args.get());
  cameras.require_subcommand(0, 1);
  cameras.callback([&cameras, args, chosen] {
    if (cameras.get_subcommands().empty()) *chosen = [args] { return RunList(*args); };
  });

  CLI::App& list = *cameras.add_subcommand("list", "What a reeld records from, and how it goes");
  AddTableOptions(list, args.get());
  SetExamples(list, {{"cameras list --server unix:/run/reeld/reeld.sock", "every source"},
                     {"cameras list --server unix:/run/reeld/reeld.sock --troubled",
                      "only what needs somebody"}});
  OnChosen(list, args, RunList, chosen);
  AddCameraEdits(cameras, args, chosen);
  AddCameraTries(cameras, args, chosen);
}

void AddWatch(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<CamerasArgs>();
  CLI::App& verb = *app.add_subcommand(
      "watch", "The cameras of a reeld as they are, every second, until Ctrl-C");
  AddTableOptions(verb, args.get());
  verb.add_flag("--once", args->once, "Once, as into a pipe");
  SetExamples(verb, {{"watch --server unix:/run/reeld/reeld.sock", "a table that keeps up"},
                     {"watch --server unix:/run/reeld/reeld.sock --json", "a line every second"}});
  OnChosen(verb, args, RunWatch, chosen);
}

}  // namespace reel
