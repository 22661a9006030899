// reel export: a range of a stream as an MP4 file.
#include "tools/command.h"
#include "tools/exporter.h"
#include "tools/node_session.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct ExportArgs {
  std::string node;
  std::string stream;
  std::string from;
  std::string to;
  std::string out;
  bool force = false;
  bool json = false;
};

Json ReportJson(const ExportArgs& args, const StreamInfo& stream, const ExportReport& report) {
  Json json{{"file", args.out},
            {"stream", stream.name},
            {"id", ToString(stream.id)},
            {"units", report.units},
            {"bytes", report.bytes},
            {"runs", report.runs},
            {"range", RangeJson(report.range)},
            {"gaps", Json::array()},
            {"damage", report.damage},
            {"notes", report.notes}};
  for (const GapRow& gap : report.gaps) {
    Json item = RangeJson({gap.begin, gap.end});
    item["cause"] = std::string(GapCauseName(gap.cause));
    json["gaps"].push_back(std::move(item));
  }
  return json;
}

void PrintReport(const ExportArgs& args, const StreamInfo& stream, WallRange asked,
                 const ExportReport& report) {
  PrintLine(args.out + "  " + stream.name + "  " + RangeText(report.range) + "  " +
            Count(report.units, "unit") + "  " + FormatSize(report.bytes));
  if (report.range.begin < asked.begin) {
    PrintLine("    begins " + FormatDuration(asked.begin - report.range.begin) +
              " early: at the clean point before");
  }
  for (const GapRow& gap : report.gaps) {
    PrintLine("    gap " + RangeText({gap.begin, gap.end}) + "  " +
              FormatDuration(gap.end - gap.begin) + "  " + std::string(GapCauseName(gap.cause)));
  }
  for (const std::string& note : report.notes) PrintLine("    note: " + OneLine(note));
  for (const std::string& damage : report.damage) PrintLine("    damaged: " + OneLine(damage));
}

Status RunExport(const ExportArgs& args) {
  const Interrupt interrupt;
  REEL_ASSIGN_OR_RETURN(const WallRange range,
                        ParseRange(args.from, args.to, SystemClock().WallNow()));
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.node));
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, session->store().FindStream(args.stream));
  const ExportRequest request{stream.id, range, args.out, args.force};
  REEL_ASSIGN_OR_RETURN(const ExportReport report, Export(session->store(), request, interrupt));
  if (args.json) PrintJson(ReportJson(args, stream, report));
  if (!args.json) PrintReport(args, stream, range, report);
  if (report.damage.empty()) return OkStatus();
  return DataLoss(args.out + " lacks " + Count(report.damage.size(), "stretch") +
                  " that could not be verified: " + report.damage.front());
}

}  // namespace

void AddExport(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<ExportArgs>();
  CLI::App& verb =
      *app.add_subcommand("export", "Write footage to an MP4 file, without coding it anew");
  AddNodeOption(verb, &args->node);
  verb.add_option("stream", args->stream, "Name or UUID")->required()->type_name("STREAM");
  verb.add_option("--from", args->from)->required()->type_name("TIME");
  verb.add_option("--to", args->to)->required()->type_name("TIME");
  verb.add_option("-o,--out", args->out, "There whole or not at all")
      ->required()
      ->type_name("FILE.mp4");
  verb.add_flag("--force", args->force, "Replace FILE if it exists");
  AddJsonFlag(verb, &args->json);
  OnChosen(verb, args, RunExport, chosen);
}

}  // namespace reel
