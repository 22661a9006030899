// reel: records, finds, hands out and checks footage from the command line.
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/av/picture_decoder.h"
#include "engine/base/near_name.h"
#include "tools/advice.h"
#include "tools/command.h"
#include "tools/exit_codes.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

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

// "reel streams add", as far as the command line got.
std::string CommandSoFar(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return app.get_name() + (verbs.empty() ? "" : " " + CommandSoFar(*verbs.front()));
}

// What was wrong with the command line; a word that is no verb is named with the one it is near to.
std::string MistakeOf(const CLI::App& root, const std::vector<std::string>& arguments,
                      const CLI::ParseError& error) {
  const CLI::App* app = &root;
  for (auto word = arguments.rbegin(); word != arguments.rend(); ++word) {
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const CLI::App* verb : app->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(verb->get_name());
      if (verb->get_name() == *word) next = verb;
    }
    if (names.empty() || word->starts_with('-')) break;
    if (next == nullptr) {
      const std::optional<std::string> near = NearestName(*word, names);
      return "'" + *word + "' is no verb" + (near ? "; did you mean '" + *near + "'?" : "");
    }
    app = next;
  }
  return error.what();
}

int Finish(const Status& status) {
  if (!status.ok()) PrintMessage(WithAdvice(status));
  return static_cast<int>(ExitCodeOf(status.code()));
}

int Main(int argc, char** argv) {
  Action chosen;
  const std::unique_ptr<CLI::App> app = MakeApp(&chosen);
  const std::vector<std::string> arguments = Arguments(argc, argv);
  try {
    app->parse(std::vector<std::string>(arguments));
  } catch (const CLI::Success& help) {
    return app->exit(help);
  } catch (const CLI::ParseError& error) {
    return Finish(InvalidArgument(MistakeOf(*app, arguments, error) + "; see '" +
                                  CommandSoFar(*app) + " --help'"));
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
