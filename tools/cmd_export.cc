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
  bool fragmented = false;
  bool extra_gop = false;
  bool leave_out_damage = false;
  bool force = false;
  bool json = false;
};

Status RunExport(const ExportArgs& args) {
  const Interrupt interrupt;
  ExportOptions options;
  REEL_ASSIGN_OR_RETURN(options.range, ParseRange(args.from, args.to, SystemClock().WallNow()));
  options.fragmented = args.fragmented;
  options.extra_gop = args.extra_gop;
  if (args.leave_out_damage) options.damage = DamagePolicy::kLeaveOut;
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.node));
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, session->store().FindStream(args.stream));
  REEL_ASSIGN_OR_RETURN(const auto files, session->store().OpenExport(stream.id, options));
  VirtualMp4& file = *files.front();
  REEL_RETURN_IF_ERROR(WriteOut(file, args.out, args.force, interrupt).status());
  if (args.json) PrintJson(ExportJson(file, args.out));
  if (!args.json) PrintExport(file, args.out);
  const std::vector<std::string>& damage = file.info().damage;
  if (damage.empty()) return OkStatus();
  return DataLoss(args.out + " lacks " + Count(damage.size(), "stretch") +
                  " that could not be verified: " + damage.front());
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
  verb.add_flag("--fragmented", args->fragmented,
                "Fragmented MP4: plays while it is being written");
  verb.add_flag("--extra-gop", args->extra_gop,
                "One more GOP on either side, hidden: camera signatures may stand there");
  verb.add_flag("--leave-out-damage", args->leave_out_damage,
                "Leave out what cannot be verified, and name it, instead of refusing");
  verb.add_flag("--force", args->force, "Replace FILE if it exists");
  AddJsonFlag(verb, &args->json);
  OnChosen(verb, args, RunExport, chosen);
}

}  // namespace reel
