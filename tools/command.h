// The verbs of `reel`: each adds its own arguments and, when it is the one on the command line,
// leaves what is to be done in `chosen`. A verb prints its result on stdout; its error is the
// Status it returns, printed by main as one line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "reel/status.h"

namespace reel {

using Action = std::function<Status()>;

void AddInit(CLI::App& app, Action* chosen);
void AddImport(CLI::App& app, Action* chosen);
void AddImports(CLI::App& app, Action* chosen);
void AddTimeline(CLI::App& app, Action* chosen);
void AddSeek(CLI::App& app, Action* chosen);
void AddThumbnail(CLI::App& app, Action* chosen);
void AddFilmstrip(CLI::App& app, Action* chosen);
void AddExport(CLI::App& app, Action* chosen);
void AddVerify(CLI::App& app, Action* chosen);
void AddReindex(CLI::App& app, Action* chosen);
void AddInspect(CLI::App& app, Action* chosen);

// --node, or the environment's REEL_NODE.
void AddNodeOption(CLI::App& verb, std::string* node);
void AddJsonFlag(CLI::App& verb, bool* json);

// A verb whose arguments are `Args`, done by `run(args)`.
template <class Args>
void OnChosen(CLI::App& verb, const std::shared_ptr<Args>& args, Status (*run)(const Args&),
              Action* chosen) {
  verb.callback([args, run, chosen] { *chosen = [args, run] { return run(*args); }; });
}

}  // namespace reel
