// reel export: a range of one or several streams as MP4 files.
#include <cstdio>

#include "tools/command.h"
#include "tools/export_frames.h"
#include "tools/export_package.h"
#include "tools/exporter.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct ExportArgs {
  Place place;
  std::vector<std::string> streams;
  std::string from;
  std::string to;
  std::string out;
  std::string check;
  std::string by;
  std::string reason;
  bool fragmented = false;
  bool split = false;
  bool extra_gop = false;
  bool leave_out_damage = false;
  bool frames = false;
  bool force = false;
  bool json = false;
};

bool IsFile(const ExportArgs& args) {
  return args.streams.size() == 1 && !args.split && args.out.ends_with(".mp4");
}

Status Lacks(const std::string& out, const std::vector<std::string>& damage) {
  if (damage.empty()) return OkStatus();
  return DataLoss(out + " lacks " + Count(damage.size(), "stretch") +
                  " that could not be verified: " + damage.front());
}

Status ExportFile(const ExportArgs& args, VirtualMp4& file, const Interrupt& interrupt) {
  const auto copy = [&](const ByteSink& sink) { return CopyOut(file, sink, interrupt); };
  REEL_ASSIGN_OR_RETURN(const WrittenFile written, WriteOut(args.out, args.force, copy));
  if (args.frames) {
    const std::string path = args.out.substr(0, args.out.size() - 4) + ".frames.jsonl";
    const std::string name = args.out.substr(args.out.rfind('/') + 1);
    const auto list = [&](const ByteSink& sink) {
      return PutFrames(file, name, written.digest, sink, interrupt);
    };
    REEL_RETURN_IF_ERROR(WriteOut(path, args.force, list).status());
  }
  if (args.json) PrintJson(ExportJson(file, args.out));
  if (!args.json) PrintExport(file, args.out);
  return Lacks(args.out, file.info().damage);
}

Status ExportToStdout(VirtualMp4& file, const Interrupt& interrupt) {
  const ByteSink sink = [](ByteSpan bytes) {
    const bool taken = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
    return taken ? OkStatus() : FlushOutput();
  };
  REEL_RETURN_IF_ERROR(CopyOut(file, sink, interrupt));
  return Lacks("the output", file.info().damage);
}

Status ExportToFolder(const ExportArgs& args, const ExportOptions& options, Store& store,
                      const std::vector<StreamInfo>& streams, const Interrupt& interrupt) {
  const PackageRequest request{args.out, args.force,  options,
                               args.by,  args.reason, SystemClock().WallNow()};
  REEL_ASSIGN_OR_RETURN(const auto package, ExportPackage::Create(request));
  for (const StreamInfo& stream : streams) {
    REEL_RETURN_IF_ERROR(package->Add(store, stream, interrupt));
  }
  REEL_RETURN_IF_ERROR(package->Commit());
  Json files = Json::array();
  for (const ExportPackage::Entry& entry : package->entries()) {
    const std::string path = args.out + "/" + entry.name;
    if (args.json) files.push_back(ExportJson(*entry.file, path));
    if (!args.json) PrintExport(*entry.file, path);
  }
  if (args.json) PrintJson({{"folder", args.out}, {"files", files}});
  return Lacks(args.out, package->damage());
}

Status RunCheck(const ExportArgs& args) {
  REEL_ASSIGN_OR_RETURN(const PackageCheck check, CheckPackage(args.check));
  if (args.json) {
    PrintJson({{"files", check.files}, {"bytes", check.bytes}, {"problems", check.problems}});
  } else {
    for (const std::string& problem : check.problems) PrintLine("problem: " + OneLine(problem));
    const std::string verdict =
        check.problems.empty() ? "sound" : Count(check.problems.size(), "problem");
    PrintLine("checked " + Count(check.files, "file") + ", " + FormatSize(check.bytes) + ": " +
              verdict);
  }
  if (check.problems.empty()) return OkStatus();
  return DataLoss(args.check + ": " + Count(check.problems.size(), "problem") +
                  " found, the first: " + check.problems.front());
}

// What CLI11 cannot be told: all of them, unless a package is to be checked.
Status CheckArguments(const ExportArgs& args) {
  const std::pair<bool, const char*> needed[] = {{!args.place.name().empty(), "--node"},
                                                 {!args.streams.empty(), "stream"},
                                                 {!args.from.empty(), "--from"},
                                                 {!args.to.empty(), "--to"},
                                                 {!args.out.empty(), "--out"}};
  for (const auto& [given, name] : needed) {
    if (!given)
      return InvalidArgument(std::string(name) + " is required; see 'reel export --help'");
  }
  if (args.out.ends_with(".mp4") && !IsFile(args)) {
    return InvalidArgument("'" + args.out + "' is the name of one file: " +
                           (args.split ? "--split" : "several streams") +
                           " may make several; give --out a folder");
  }
  if (args.out == "-" && (args.streams.size() != 1 || args.split || args.json)) {
    return InvalidArgument("to standard output goes one stream, whole and without --json");
  }
  return OkStatus();
}

Status RunExport(const ExportArgs& args) {
  if (!args.check.empty()) return RunCheck(args);
  REEL_RETURN_IF_ERROR(CheckArguments(args));
  const Interrupt interrupt;
  ExportOptions options;
  REEL_ASSIGN_OR_RETURN(options.range, ParseRange(args.from, args.to, SystemClock().WallNow()));
  options.fragmented = args.fragmented || args.out == "-";
  options.split = args.split;
  options.extra_gop = args.extra_gop;
  if (args.leave_out_damage) options.damage = DamagePolicy::kLeaveOut;
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  Store& store = session->store();
  std::vector<StreamInfo> streams;
  for (const std::string& name : args.streams) {
    REEL_ASSIGN_OR_RETURN(StreamInfo stream, store.FindStream(name));
    streams.push_back(std::move(stream));
  }
  if (!IsFile(args) && args.out != "-") {
    return ExportToFolder(args, options, store, streams, interrupt);
  }
  REEL_ASSIGN_OR_RETURN(const auto files, store.OpenExport(streams.front().id, options));
  if (args.out == "-") return ExportToStdout(*files.front(), interrupt);
  return ExportFile(args, *files.front(), interrupt);
}

}  // namespace

void AddExport(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<ExportArgs>();
  CLI::App& verb =
      *app.add_subcommand("export", "Write footage to MP4 files, without coding it anew");
  AddPlaceOptions(verb, &args->place);
  AddPurposeOptions(verb, &args->place);
  verb.add_option("stream", args->streams, "Names or UUIDs")->type_name("STREAM...");
  verb.add_option("--from", args->from)->type_name("TIME");
  verb.add_option("--to", args->to)->type_name("TIME");
  verb.add_option("-o,--out", args->out,
                  "There whole or not at all: FILE.mp4 for one stream; DIR for a package with "
                  "frames and manifest; - for standard output, fragmented")
      ->type_name("OUT");
  verb.add_flag("--fragmented", args->fragmented,
                "Fragmented MP4: plays while it is being written");
  verb.add_flag("--split", args->split, "A file of its own behind each gap");
  verb.add_flag("--extra-gop", args->extra_gop,
                "One more GOP on either side, hidden: camera signatures may stand there");
  verb.add_flag("--leave-out-damage", args->leave_out_damage,
                "Leave out what cannot be verified, and name it, instead of refusing");
  verb.add_flag("--frames", args->frames,
                "With FILE.mp4: time and number of each frame in FILE.frames.jsonl");
  verb.add_option("--by", args->by, "Who takes it out, for the manifest")->type_name("TEXT");
  verb.add_option("--reason", args->reason, "Why, for the manifest")->type_name("TEXT");
  verb.add_flag("--force", args->force, "Replace what is there");
  verb.add_option("--check", args->check, "Instead: check a package against its manifest")
      ->type_name("DIR");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"export --node /var/lib/reel gate-east --from 14:00 --to 14:10 -o gate.mp4",
                      "ten minutes of one stream as a file"},
                     {"export --node /var/lib/reel gate-east yard --from -2h --to -1h -o case-7 "
                      "--by 'Sgt. Lan' --reason 'case 7'",
                      "a package of two streams with a manifest"},
                     {"export --check case-7", "is the package what it was?"}});
  // Not OnChosen: --check works on a package and needs no node.
  verb.callback([args, chosen] {
    CompletePlace(&args->place);
    *chosen = [args] { return RunExport(*args); };
  });
}

}  // namespace reel
