// reel import: media files to streams, all at once.
#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include "engine/format/ledger_record.h"
#include "tools/command.h"
#include "tools/importer.h"
#include "tools/node_session.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/time_args.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

// Files at once: paced ones must all run; others are bound by the disk long before.
constexpr size_t kMaxPacedFiles = 512;
constexpr size_t kMaxBulkThreads = 16;

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

// FILE, or NAME=FILE unless a file of that whole name is there.
ImportPlan PlanOf(const std::string& text) {
  ImportPlan plan;
  std::error_code error;
  const size_t equals = text.find('=');
  const bool pair = equals != std::string::npos && equals > 0 && !fs::exists(text, error);
  plan.path = pair ? text.substr(equals + 1) : text;
  plan.stream = pair ? text.substr(0, equals) : fs::path(text).stem().string();
  return plan;
}

Status CheckNames(const std::vector<ImportPlan>& plans) {
  std::map<std::string, std::string> taken;  // stream -> path
  for (const ImportPlan& plan : plans) {
    const auto [at, fresh] = taken.emplace(plan.stream, plan.path);
    if (fresh) continue;
    return InvalidArgument(at->second + " and " + plan.path + " both go to stream '" + plan.stream +
                           "': name the streams, NAME=FILE");
  }
  return OkStatus();
}

// All but the start.
Result<std::vector<ImportPlan>> MakePlans(const ImportArgs& args) {
  if (!args.stream.empty() && args.files.size() != 1) {
    return InvalidArgument("--stream names the stream of one file, " +
                           std::to_string(args.files.size()) + " are given: use NAME=FILE");
  }
  if (args.pace < 0) return InvalidArgument("--pace must be above 0: 1 is real time");
  if (args.pace > 0 && args.files.size() > kMaxPacedFiles) {
    return InvalidArgument(std::to_string(args.files.size()) +
                           " files cannot keep pace at once: give at most " +
                           std::to_string(kMaxPacedFiles));
  }
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
    ImportPlan plan = PlanOf(file);
    if (!args.stream.empty()) plan.stream = args.stream;
    plan.pace = args.pace;
    plan.repeat = args.loop || length.has_value();
    plan.length = length;
    plan.owner = args.owner;
    plan.clock_offset = clock_offset;
    if (args.json) {
      plan.on_durable = [stream = plan.stream](UnitNumber end) {
        PrintJson({{"event", "durable"}, {"stream", stream}, {"units", end.value}});
      };
    }
    plans.push_back(std::move(plan));
  }
  REEL_RETURN_IF_ERROR(CheckNames(plans));
  return plans;
}

void PrintReport(const ImportPlan& plan, const ImportReport& report, bool json) {
  const bool any = report.units > 0;
  if (json) {
    Json line{{"event", "end"},
              {"stream", plan.stream},
              {"id", ToString(report.stream)},
              {"run", ToString(report.run)},
              {"file", plan.path},
              {"units", report.units},
              {"bytes", report.bytes},
              {"units_shed", report.units_shed},
              {"durable", report.durable.value},
              {"notes", report.notes}};
    if (any) line["range"] = RangeJson(report.range);
    line["status"] = std::string(CodeName(report.status.code()));
    PrintJson(line);
    return;
  }
  if (any) {
    std::string line = plan.stream + "  " + Count(report.units, "unit") + "  " +
                       FormatSize(report.bytes) + "  " + RangeText(report.range);
    for (const TrackInfo& track : report.tracks) line += "  " + TrackText(track);
    const bool whole = report.durable.value >= report.units + report.units_shed;
    line += whole ? "  durable" : "  durable up to unit " + std::to_string(report.durable.value);
    if (report.units_shed != 0) line += "  shed " + Count(report.units_shed, "unit");
    PrintLine(line);
  }
  for (const std::string& note : report.notes) PrintMessage("note: " + plan.path + ": " + note);
}

// What the files hold together, for the progress; 0 where they are repeated.
uint64_t BytesToRead(const std::vector<ImportPlan>& plans) {
  uint64_t bytes = 0;
  for (const ImportPlan& plan : plans) {
    std::error_code error;
    const uint64_t size = fs::file_size(plan.path, error);
    if (plan.repeat) return 0;
    if (!error) bytes += size;
  }
  return bytes;
}

std::vector<ImportReport> ImportAll(Store& store, const Interrupt& interrupt,
                                    const std::vector<ImportPlan>& plans) {
  std::vector<ImportReport> reports(plans.size());
  ImportProgress progress;
  std::atomic<size_t> next = 0;
  std::atomic<size_t> threads_done = 0;
  const auto work = [&] {
    for (size_t i = next++; i < plans.size(); i = next++) {
      reports[i] = Importer(store, interrupt, plans[i], progress).Run();
    }
    ++threads_done;
  };
  const size_t count =
      plans.front().pace > 0 ? plans.size() : std::min(plans.size(), kMaxBulkThreads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) threads.emplace_back(work);
  {
    Progress shown({"import", 0, BytesToRead(plans), true, ""});
    constexpr Duration kLookEvery = std::chrono::milliseconds{100};
    while (threads_done < count && !interrupt.WaitFor(kLookEvery)) {
      shown.Update(progress.bytes.load());
    }
  }
  for (std::thread& thread : threads) thread.join();
  return reports;
}

Status RunImport(const ImportArgs& args) {
  REEL_ASSIGN_OR_RETURN(std::vector<ImportPlan> plans, MakePlans(args));
  REEL_RETURN_IF_ERROR(ParseTime(args.start, WallTime{}).status());
  const Interrupt interrupt;
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForWriting(args.node));
  // "now" is when recording can begin: what lies before the opening is the recorder's down time.
  REEL_ASSIGN_OR_RETURN(const WallTime start, ParseTime(args.start, SystemClock().WallNow()));
  for (ImportPlan& plan : plans) plan.start = start;
  const std::vector<ImportReport> reports = ImportAll(session->store(), interrupt, plans);
  // Before anything is reported: nothing becomes durable afterwards.
  const Status closed = session->Close();
  Status first;
  for (size_t i = 0; i < plans.size(); ++i) {
    PrintReport(plans[i], reports[i], args.json);
    const Status& status = reports[i].status;
    if (status.ok()) continue;
    if (!first.ok() && status.code() != Code::kCancelled) PrintMessage(status.message());
    if (first.ok()) first = status;
  }
  if (first.code() == Code::kCancelled) {
    return {Code::kCancelled, "import stopped by a signal; what was accepted is durable"};
  }
  return first.ok() ? closed : first;
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
