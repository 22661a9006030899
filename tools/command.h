// The verbs of `reel`: each adds its own arguments and, when it is the one on the command line,
// leaves what is to be done in `chosen`. A verb prints its result on stdout; its error is the
// Status it returns, printed by main as one line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include "reel/status.h"

namespace reel {

using Action = std::function<Status()>;

void AddInit(CLI::App& app, Action* chosen);
void AddImport(CLI::App& app, Action* chosen);
void AddImports(CLI::App& app, Action* chosen);
void AddAdopt(CLI::App& app, Action* chosen);
void AddVolumes(CLI::App& app, Action* chosen);
void AddStreams(CLI::App& app, Action* chosen);
void AddScrub(CLI::App& app, Action* chosen);
void AddStats(CLI::App& app, Action* chosen);
void AddRecord(CLI::App& app, Action* chosen);
void AddPlan(CLI::App& app, Action* chosen);
void AddCompletion(CLI::App& app, Action* chosen);
void AddMan(CLI::App& app, Action* chosen);
void AddTimeline(CLI::App& app, Action* chosen);
void AddSeek(CLI::App& app, Action* chosen);
void AddThumbnail(CLI::App& app, Action* chosen);
void AddFilmstrip(CLI::App& app, Action* chosen);
void AddExport(CLI::App& app, Action* chosen);
void AddVerify(CLI::App& app, Action* chosen);
void AddReindex(CLI::App& app, Action* chosen);
void AddInspect(CLI::App& app, Action* chosen);
void AddCameras(CLI::App& app, Action* chosen);
void AddWatch(CLI::App& app, Action* chosen);
void AddAudit(CLI::App& app, Action* chosen);

// `reel` with all its verbs. The one on the command line leaves in *chosen what is to be done.
std::unique_ptr<CLI::App> MakeApp(Action* chosen);

// --node, or the environment's REEL_NODE.
void AddNodeOption(CLI::App& verb, std::string* node);
void AddJsonFlag(CLI::App& verb, bool* json);

// What the help of a verb ends with.
struct Example {
  const char* command;  // without "reel " in front
  const char* what;     // it does
};
void SetExamples(CLI::App& verb, std::initializer_list<Example> examples);

// A verb whose arguments are `Args`, done by `run(args)`.
template <class Args>
void OnChosen(CLI::App& verb, const std::shared_ptr<Args>& args, Status (*run)(const Args&),
              Action* chosen) {
  verb.callback([args, run, chosen] {
    if constexpr (requires { args->place; }) CheckPlace(&args->place);
    *chosen = [args, run] { return run(*args); };
  });
}

// What a group of verbs does when none of them is named.
template <class Args>
void OnNoneChosen(CLI::App& group, const std::shared_ptr<Args>& args, Status (*run)(const Args&),
                  Action* chosen) {
  group.require_subcommand(0, 1);
  group.callback([&group, args, run, chosen] {
    if (!group.get_subcommands().empty()) return;
    CheckPlace(&args->place);
    *chosen = [args, run] { return run(*args); };
  });
}

}  // namespace reel
