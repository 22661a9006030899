// reel: records, finds, hands out and checks footage from the command line.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "engine/av/picture_decoder.h"
#include "tools/command.h"
#include "tools/exit_codes.h"
#include "tools/node_session.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

void AddVerbs(CLI::App& app, Action* chosen) {
  AddInit(app, chosen);
  AddImport(app, chosen);
  AddImports(app, chosen);
  AddTimeline(app, chosen);
  AddSeek(app, chosen);
  AddThumbnail(app, chosen);
  AddFilmstrip(app, chosen);
  AddExport(app, chosen);
  AddVerify(app, chosen);
  AddReindex(app, chosen);
  AddInspect(app, chosen);
}

// As CLI11 takes them: the last one first. A relative time begins like an option and would be taken
// for one, so "-2h" is spelt out.
std::vector<std::string> Arguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {
    const std::string text = argv[i];
    arguments.push_back(IsRelativeTime(text) ? "now" + text : text);
  }
  return arguments;
}

int Finish(const Status& status) {
  if (!status.ok()) PrintMessage(status.message());
  return static_cast<int>(ExitCodeOf(status.code()));
}

int Main(int argc, char** argv) {
  CLI::App app("Records, finds, hands out and checks surveillance footage.", "reel");
  app.require_subcommand(1);
  app.footer(
      std::string("Times: 2026-11-22T21:16:00Z, now, -2h, now-90s. Sizes: 4096, 512M, 10G.\n") +
      kExitCodeHelp);
  Action chosen;
  AddVerbs(app, &chosen);
  try {
    app.parse(Arguments(argc, argv));
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const auto verbs = app.get_subcommands();
    const std::string verb = verbs.empty() ? "" : " " + verbs.front()->get_name();
    return Finish(InvalidArgument(std::string(error.what()) + "; see 'reel" + verb + " --help'"));
  }
  Status status = chosen();
  const Status flushed = FlushOutput();
  return Finish(status.ok() ? flushed : status);
}

}  // namespace
}  // namespace reel

int main(int argc, char** argv) {
  // Not a verb: this program started anew by itself, to decode a picture (picture_decoder.h).
  const bool decodes = argc == 2 && std::string_view(argv[1]) == reel::kDecodeChildVerb;
  if (decodes) std::_Exit(reel::RunDecodeChild());
  return reel::Main(argc, argv);
}
