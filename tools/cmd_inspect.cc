// reel inspect: what a file of Reel's says about itself.
#include "tools/command.h"
#include "tools/inspect.h"
#include "tools/place.h"

namespace reel {
namespace {

struct InspectArgs {
  std::string path;
  bool chunks = false;
  bool json = false;
};

Status RunInspect(const InspectArgs& args) {
  InspectOptions options;
  options.chunks = args.chunks;
  REEL_ASSIGN_OR_RETURN(const Json document, Inspect(args.path, options));
  if (args.json) PrintJson(document);
  if (!args.json) PrintLine(Readable(document));
  if (!document.value("damaged", false)) return OkStatus();
  return DataLoss(args.path + ": acknowledged chunks are lost or cannot be verified");
}

}  // namespace

void AddInspect(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<InspectArgs>();
  CLI::App& verb =
      *app.add_subcommand("inspect", "Show what a volume, state directory or file of theirs says");
  verb.add_option("path", args->path, "Directory, node file, superblock or segment")
      ->required()
      ->type_name("PATH");
  verb.add_flag("--chunks", args->chunks, "List the chunks of a segment");
  RefuseServer(verb, "it shows files of this machine: run it on the node, beside reeld");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"inspect /mnt/disk1", "a volume and its segments"},
                     {"inspect --chunks /mnt/disk1/segment-00000000", "every chunk of a segment"}});
  OnChosen(verb, args, RunInspect, chosen);
}

}  // namespace reel
