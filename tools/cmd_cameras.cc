// reel cameras, reel watch: what a reeld records from, once or again and again.
#include <algorithm>
#include <array>
#include <cstdio>

#include "server/client/camera_list.h"
#include "tools/command.h"
#include "tools/interrupt.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/terminal.h"
#include "tools/time_args.h"

namespace reel {
namespace {

using server::CameraList;
using server::SourceState;
using server::SourceStatus;

constexpr Duration kWatchEvery = std::chrono::seconds(1);

struct CamerasArgs {
  Place at;  // always a server
  bool troubled = false;
  bool json = false;
};

const char* StateName(SourceState state) {
  switch (state) {
    case SourceState::kOff:
      return "off";
    case SourceState::kConnecting:
      return "connecting";
    case SourceState::kRecording:
      return "recording";
    case SourceState::kWaiting:
      return "waiting";
  }
  return "unknown";
}

Json SourceJson(const SourceStatus& source) {
  Json json{{"camera", source.camera},
            {"stream", source.stream},
            {"state", StateName(source.state)},
            {"bits_per_second", source.bits_per_second},
            {"frames_per_second", source.frames_per_second},
            {"units", source.units},
            {"bytes", source.bytes},
            {"packets_lost", source.packets_lost},
            {"reconnects", source.reconnects},
            {"clock_offset_ns", source.clock_offset.count()}};
  if (!source.trouble.empty()) json["trouble"] = source.trouble;
  if (source.recording_since) json["recording_since"] = FormatWall(*source.recording_since, 9);
  if (source.last_unit) json["last_unit"] = FormatWall(*source.last_unit, 9);
  if (source.last_clean_point) json["last_clean_point"] = FormatWall(*source.last_clean_point, 9);
  return json;
}

std::string Ago(const std::optional<WallTime>& then, WallTime now) {
  return then ? FormatDuration(std::max(now - *then, Duration{0})) + " ago" : "never";
}

std::string Line(const SourceStatus& source, WallTime now) {
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), "%-24s %-10s %7.2f Mbit/s %5.1f fps  key %-12s lost %llu",
                source.stream.c_str(), StateName(source.state), source.bits_per_second / 1e6,
                source.frames_per_second, Ago(source.last_clean_point, now).c_str(),
                static_cast<unsigned long long>(source.packets_lost));
  std::string line(text.data());
  if (source.reconnects > 0) line += ", reconnected " + Count(source.reconnects, "time");
  if (source.trouble.empty()) return line;
  return line + "  " + Painted(Colour::kRed, OneLine(source.trouble));
}

Result<std::vector<SourceStatus>> Wanted(CameraList& list, const CamerasArgs& args) {
  REEL_ASSIGN_OR_RETURN(std::vector<SourceStatus> sources, list.Now());
  if (args.troubled)
    std::erase_if(sources, [](const SourceStatus& source) { return source.trouble.empty(); });
  return sources;
}

void Print(const std::vector<SourceStatus>& sources, bool json) {
  const WallTime now = SystemClock().WallNow();
  if (json) {
    Json rows = Json::array();
    for (const SourceStatus& source : sources) rows.push_back(SourceJson(source));
    PrintJson(rows);
    return;
  }
  double bits = 0;
  int64_t recording = 0;
  for (const SourceStatus& source : sources) {
    PrintLine(Line(source, now));
    bits += source.bits_per_second;
    recording += source.state == SourceState::kRecording ? 1 : 0;
  }
  std::array<char, 80> sum{};
  std::snprintf(sum.data(), sum.size(), "%lld of %zu recording, %.1f Mbit/s",
                static_cast<long long>(recording), sources.size(), bits / 1e6);
  PrintLine(Painted(Colour::kBold, sum.data()));
}

Result<std::unique_ptr<CameraList>> Open(const CamerasArgs& args) {
  if (!args.at.is_remote())
    return InvalidArgument("cameras belong to a reeld: give --server, or REEL_SERVER");
  return CameraList::Open(args.at.server);
}

Status RunCameras(const CamerasArgs& args) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<CameraList> list, Open(args));
  REEL_ASSIGN_OR_RETURN(const std::vector<SourceStatus> sources, Wanted(*list, args));
  Print(sources, args.json);
  return OkStatus();
}

Status RunWatch(const CamerasArgs& args) {
  const Interrupt interrupt;
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<CameraList> list, Open(args));
  do {
    REEL_ASSIGN_OR_RETURN(const std::vector<SourceStatus> sources, Wanted(*list, args));
    if (StdoutIsTerminal() && !args.json) PrintLine(kClearScreen);
    Print(sources, args.json);
    REEL_RETURN_IF_ERROR(FlushOutput());
  } while (!interrupt.WaitFor(kWatchEvery));
  return OkStatus();
}

void AddOptions(CLI::App& verb, CamerasArgs* args) {
  AddServerOptions(verb, &args->at);
  verb.add_flag("--troubled", args->troubled, "Only those with something wrong");
  AddJsonFlag(verb, &args->json);
}

}  // namespace

void AddCameras(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<CamerasArgs>();
  CLI::App& verb = *app.add_subcommand("cameras", "What a reeld records from, and how it goes");
  AddOptions(verb, args.get());
  SetExamples(verb, {{"cameras --server unix:/run/reeld/reeld.sock", "every source, one a line"},
                     {"cameras --server unix:/run/reeld/reeld.sock --troubled",
                      "only what needs somebody"}});
  OnChosen(verb, args, RunCameras, chosen);
}

void AddWatch(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<CamerasArgs>();
  CLI::App& verb = *app.add_subcommand("watch", "The same every second, until Ctrl-C");
  AddOptions(verb, args.get());
  SetExamples(verb, {{"watch --server unix:/run/reeld/reeld.sock", "a table that keeps up"}});
  OnChosen(verb, args, RunWatch, chosen);
}

}  // namespace reel
